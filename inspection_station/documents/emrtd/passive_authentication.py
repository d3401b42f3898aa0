"""Passive authentication (Doc 9303 part 11 §5.1): whether what the chip holds is what its state signed.

Each step is a check with its TR-03135-1 section. What cannot be decided for want of a certificate or a list is
undetermined: never failed, and never successful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.cms import SignedData, SignerInfo, verify_signer
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.issuing_states import signs_for
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.trust_store import Trust, TrustPath, TrustStore
from inspection_station.inspection.chip import ChipCheck


@dataclass(frozen=True, slots=True)
class SignerVerdict:
    """Checks on a signature and its signer. ``certificate`` is the signer's where one could be had."""

    checks: tuple[ChipCheck, ...]
    certificate: Certificate | None


def noon(day: date) -> datetime:
    """The moment a day stands for in validity checks: its noon in UTC."""
    return datetime.combine(day, time(12), UTC)


def check_signer(signed: SignedData, trust: TrustStore, at: date) -> SignerVerdict:
    """Signature over a security object (EF.SOD, EF.CardSecurity), then the signer's trust, validity and revocation."""
    if not signed.signers:
        return SignerVerdict((Check.SECURITY_OBJECT_SIGNATURE.failed("nobody signed it"),), None)
    signer = signed.signers[0]
    certificate = next((c for c in signed.certificates if signer.names(c)), None) or trust.signer_named(signer)
    if certificate is None:
        missing = "the signer's certificate is not in the security object"
        steps = (Check.SECURITY_OBJECT_SIGNATURE, Check.SIGNER_TRUST, Check.SIGNER_VALIDITY, Check.SIGNER_REVOCATION)
        return SignerVerdict(tuple(step.undetermined(missing) for step in steps), None)
    path = trust.path_for(certificate)
    return SignerVerdict(
        (
            _signature(signed, signer, certificate),
            _trust(path, certificate, trust),
            _validity(certificate, path, at),
            _revocation(certificate, path, trust, at),
        ),
        certificate,
    )


def _signature(signed: SignedData, signer: SignerInfo, certificate: Certificate) -> ChipCheck:
    check = Check.SECURITY_OBJECT_SIGNATURE
    try:
        verdict = verify_signer(signed, signer, certificate)
    except AlgorithmUnknown as fault:
        return check.undetermined(f"not spoken here: {fault.detail}")
    except MalformedChipData as fault:
        return check.failed(f"malformed: {fault.detail}")
    return check.successful(verdict.evidence) if verdict.holds else check.failed(verdict.evidence)


def _trust(path: TrustPath, certificate: Certificate, trust: TrustStore) -> ChipCheck:
    match path.trust:
        case Trust.ANCHORED:
            return Check.SIGNER_TRUST.successful(path.evidence)
        case Trust.FORGED:
            return Check.SIGNER_SIGNATURE.failed(path.evidence)
        case Trust.UNKNOWN_ALGORITHM:
            return Check.SIGNER_TRUST.undetermined(path.evidence)
        case Trust.NO_ANCHOR:
            country = certificate.issuer.country
            known = "anchors of this state are at hand" if trust.knows_country(country) else "no anchor of this state"
            return Check.SIGNER_TRUST.undetermined(f"{path.evidence}; {known} ({country or 'no country named'})")


def _validity(certificate: Certificate, path: TrustPath, at: date) -> ChipCheck:
    """Signer and issuers valid on the day of the inspection (TR-03135-1 §5.6.4.3.4)."""
    moment = noon(at)
    for who, one in (("signer", certificate), *(("issuer", issuer) for issuer in path.chain)):
        if moment > one.not_after:
            return Check.SIGNER_VALIDITY.failed(f"the {who}'s certificate expired on {one.not_after:%Y-%m-%d}")
        if moment < one.not_before:
            return Check.SIGNER_VALIDITY.failed(f"the {who}'s certificate is valid from {one.not_before:%Y-%m-%d} only")
    return Check.SIGNER_VALIDITY.successful(f"valid until {certificate.not_after:%Y-%m-%d}")


def _revocation(certificate: Certificate, path: TrustPath, trust: TrustStore, at: date) -> ChipCheck:
    check = Check.SIGNER_REVOCATION
    if path.trust is not Trust.ANCHORED:
        return check.undetermined("the signer leads to no anchor whose revocation list could be trusted")
    found = trust.revocation_list_of(path.chain[0])
    if found is None:
        return check.undetermined("no revocation list of the issuer at hand")
    if certificate.serial in found.revoked:
        return check.failed(f"revoked in the list of {found.this_update:%Y-%m-%d}")
    if found.next_update is not None and noon(at) > found.next_update:
        return check.undetermined(f"the revocation list ended on {found.next_update:%Y-%m-%d}")
    return check.successful(f"not in the list of {found.this_update:%Y-%m-%d}")


def check_hashes(sod: SecurityObject, groups: Mapping[int, bytes]) -> tuple[ChipCheck, ...]:
    """Each data group that was read against its signed hash (TR-03135-1 §5.6.4.4.2)."""
    found: list[ChipCheck] = []
    for number, content in sorted(groups.items()):
        match sod.agrees_with(number, content):
            case True:
                found.append(Check.DATA_GROUP_HASH.successful(f"DG{number}: {sod.digest.upper()} as signed"))
            case False:
                found.append(
                    Check.DATA_GROUP_HASH.failed(f"DG{number}: {sod.digest.upper()} differs from the signed one")
                )
            case None:
                found.append(Check.DATA_GROUP_HASH.failed(f"DG{number}: on the chip but not in the security object"))
    return tuple(found)


def check_issuing_state(issuing_state: str, signer: Certificate | None) -> ChipCheck:
    """State in DG1 against the country in the signer's certificate (TR-03135-1 §5.6.4.5)."""
    check = Check.ISSUING_STATE
    if signer is None:
        return check.undetermined("the signer's certificate is not at hand")
    country = signer.issuer.country or signer.subject.country
    if country is None:
        return check.undetermined("the signer's certificate names no country")
    state = issuing_state.strip("<")
    match signs_for(country, state):
        case True:
            return check.successful(f"{state} signed by {country}")
        case False:
            return check.failed(f"{state} signed by {country}")
        case None:
            return check.undetermined(f"the code {state or 'of the state'} is in no table, signed by {country}")
