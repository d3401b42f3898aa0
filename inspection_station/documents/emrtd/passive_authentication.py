"""Passive authentication (Doc 9303 part 11 §5.1): whether what the chip holds is what its state signed.

Each step is a check with its TR-03135-1 section. What cannot be decided for want of a certificate or a list is
undetermined: never failed, and never successful.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from inspection_station.documents.emrtd.certificates import Certificate
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.cms import SignedData, SignerInfo, verify_signer
from inspection_station.documents.emrtd.defect_effects import settled
from inspection_station.documents.emrtd.defects import Defect, DefectKind, DocumentFacts
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.issuing_states import signs_for
from inspection_station.documents.emrtd.security_object import SecurityObject
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.signer_form import check_signer_form, made_for_another_role
from inspection_station.documents.emrtd.trust_store import Trust, TrustPath, TrustStore
from inspection_station.documents.mrz_dates import expiry_date
from inspection_station.inspection.chip import ChipCheck


@dataclass(frozen=True, slots=True)
class SignerVerdict:
    """Checks on a signature and its signer. ``certificate`` is the signer's where one could be had, ``chain`` those it
    leads over, the anchor last.
    """

    checks: tuple[ChipCheck, ...]
    certificate: Certificate | None
    chain: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Signer:
    """Whose certificate to go by, and where it leads."""

    certificate: Certificate
    path: TrustPath


def noon(day: date) -> datetime:
    """The moment a day stands for in validity checks: its noon in UTC."""
    return datetime.combine(day, time(12), UTC)


def check_signer(signed: SignedData, trust: TrustStore, at: date) -> SignerVerdict:
    """Signature over a security object (EF.SOD, EF.CardSecurity), then the signer's trust, validity, revocation and
    form, with what is known of its defects taken into account.
    """
    if not signed.signers:
        return SignerVerdict((Check.SECURITY_OBJECT_SIGNATURE.failed(Why.NOBODY_SIGNED()),), None)
    info = signed.signers[0]
    named = next((c for c in signed.certificates if info.names(c)), None) or trust.signer_named(info)
    encodings = (*(c.raw for c in signed.certificates), *signed.unreadable)
    defects = trust.defects_of(DocumentFacts(info.identifier, named, encodings))
    signer = _signer(signed, named, trust, defects)
    if signer is None:
        return SignerVerdict(settled(_without_certificate(signed), defects, signed.content_type), None)
    certificate, path = signer.certificate, signer.path
    checks = (
        _signature(signed, info, certificate),
        *_trust(path, certificate, trust),
        _validity(info, certificate, path, at, defects),
        _revocation(certificate, path, trust, at),
        check_signer_form(certificate, path.chain[0] if path.chain else None),
    )
    return SignerVerdict(settled(checks, defects, signed.content_type), certificate, path.chain)


def _signer(
    signed: SignedData, named: Certificate | None, trust: TrustStore, defects: Sequence[Defect]
) -> _Signer | None:
    """The certificate that the signature names; where a defect says that it is broken or the wrong one is named, the
    one given in its place (TR-03135-1 §5.8.2.1.2, §5.8.2.2.4).
    """
    for defect in defects:
        if defect.replacement is not None and defect.vouched:
            return _Signer(defect.replacement, TrustPath(Trust.ANCHORED, (), f"given by {defect.source}"))
        if named is None and defect.corrected is not None:
            corrected = defect.corrected
            named = next((c for c in signed.certificates if corrected.names(c)), None) or trust.signer_named(corrected)
    return None if named is None else _Signer(named, trust.path_for(named))


def _without_certificate(signed: SignedData) -> tuple[ChipCheck, ...]:
    steps = (Check.SIGNER_TRUST, Check.SIGNER_VALIDITY, Check.SIGNER_REVOCATION)
    if signed.unreadable:
        missing = Why.SIGNER_MALFORMED()
        return (Check.SECURITY_OBJECT_SIGNATURE.failed(missing), *(step.undetermined(missing) for step in steps))
    missing = Why.SIGNER_NOT_CARRIED()
    return tuple(step.undetermined(missing) for step in (Check.SECURITY_OBJECT_SIGNATURE, *steps))


def _signature(signed: SignedData, signer: SignerInfo, certificate: Certificate) -> ChipCheck:
    check = Check.SECURITY_OBJECT_SIGNATURE
    try:
        verdict = verify_signer(signed, signer, certificate)
    except AlgorithmUnknown as fault:
        return check.undetermined(Why.NOT_SPOKEN(fault.detail))
    except MalformedChipData as fault:
        return check.failed(Why.MALFORMED(fault.detail))
    if verdict.holds:
        return check.successful(verdict.evidence)
    return check.failed(Why.SIGNATURE_WRONG(verdict.evidence))


def _trust(path: TrustPath, certificate: Certificate, trust: TrustStore) -> tuple[ChipCheck, ...]:
    """The signer's own signature (§5.6.4.3.3) and what it is worth (§5.6.4.3.6)."""
    version = f"; trust store {trust.version}"
    match path.trust:
        case Trust.ANCHORED:
            issuer, own = path.chain[0].subject.country if path.chain else None, certificate.issuer.country
            if issuer is not None and own is not None and issuer != own:
                why = Why.SIGNER_NAMES_OTHER_COUNTRY(path.evidence, country=own, version=version)
                return (Check.SIGNER_SIGNATURE.successful(path.evidence), Check.SIGNER_TRUST.undetermined(why))
            signature = Check.SIGNER_SIGNATURE.successful(path.evidence)
            if made_for_another_role(certificate):
                return (signature, Check.SIGNER_TRUST.failed(Why.SIGNER_FOR_ELSE(path.evidence, version=version)))
            return (signature, Check.SIGNER_TRUST.successful(path.evidence + version))
        case Trust.FORGED:
            return (Check.SIGNER_SIGNATURE.failed(Why.SIGNER_FORGED(path.evidence + version)),)
        case Trust.UNKNOWN_ALGORITHM:
            return (Check.SIGNER_TRUST.undetermined(Why.ISSUER_KEY_NOT_SPOKEN(path.evidence + version)),)
        case _:
            country = certificate.issuer.country
            if country is None:
                return (Check.SIGNER_TRUST.undetermined(Why.NO_ANCHOR(path.evidence, version=version)),)
            known = Why.ISSUER_UNKNOWN if trust.knows_country(country) else Why.NO_ANCHOR_OF_STATE
            return (Check.SIGNER_TRUST.undetermined(known(path.evidence, country=country, version=version)),)


_ROOT_WRONG, _SIGNER_WRONG, _BOTH_WRONG = range(3)
_OUT_OF_TIME = {
    "signer": (Why.SIGNER_EXPIRED, Why.SIGNER_NOT_YET),
    "issuer": (Why.ISSUER_EXPIRED, Why.ISSUER_NOT_YET),
}
_CLOCKS_DIFFER = timedelta(days=1)
"""A signing time is the signing computer's own; some write local time as UTC."""


def _validity(
    info: SignerInfo, certificate: Certificate, path: TrustPath, at: date, defects: Sequence[Defect]
) -> ChipCheck:
    """Signer and issuers valid on the day of the inspection (TR-03135-1 §5.6.4.3.4), the signer also when it signed,
    where the object says when. What a defect says is wrong is not held against the document (§5.8.2.1.6).
    """
    moment, check = noon(at), Check.SIGNER_VALIDITY
    wrong = [defect for defect in defects if defect.kind is DefectKind.VALIDITY_WRONG]
    passed_over = {
        "signer": any(defect.code in (_SIGNER_WRONG, _BOTH_WRONG) for defect in wrong),
        "issuer": any(defect.code in (_ROOT_WRONG, _BOTH_WRONG) for defect in wrong),
    }
    for who, one in (("signer", certificate), *(("issuer", issuer) for issuer in path.chain)):
        if passed_over[who]:
            continue
        ended, not_yet = _OUT_OF_TIME[who]
        if moment > one.not_after:
            return check.failed(ended(day=f"{one.not_after:%Y-%m-%d}"))
        if moment < one.not_before:
            return check.failed(not_yet(day=f"{one.not_before:%Y-%m-%d}"))
    if wrong:
        return check.undetermined(wrong[0].why)
    try:
        signed_at = info.signing_time
    except MalformedChipData:
        return check.undetermined(Why.SIGNING_TIME_MALFORMED())
    told = f"valid until {certificate.not_after:%Y-%m-%d}"
    if signed_at is None:
        return check.successful(told)
    # Differences only: «without end» is written as the last second of the year 9999, and there is no day after it.
    if max(certificate.not_before - signed_at, signed_at - certificate.not_after) > _CLOCKS_DIFFER:
        return check.failed(Why.SIGNED_OUTSIDE(day=f"{signed_at:%Y-%m-%d}"))
    if signed_at - moment > _CLOCKS_DIFFER:  # a wrong clock here, or one there: nobody can tell which
        return check.undetermined(Why.SIGNED_LATER(day=f"{signed_at:%Y-%m-%d}"))
    return check.successful(f"{told}, signed on {signed_at:%Y-%m-%d}")


def _revocation(certificate: Certificate, path: TrustPath, trust: TrustStore, at: date) -> ChipCheck:
    check = Check.SIGNER_REVOCATION
    if path.trust is not Trust.ANCHORED:
        return check.undetermined(Why.REVOCATION_WITHOUT_ANCHOR())
    found = trust.revocation_list_of(path.chain[0]) if path.chain else None
    if found is None:
        return check.undetermined(Why.NO_REVOCATION_LIST())
    if certificate.serial in found.revoked:
        return check.failed(Why.REVOKED(day=f"{found.this_update:%Y-%m-%d}"))
    if found.next_update is not None and noon(at) > found.next_update:
        return check.undetermined(Why.REVOCATION_LIST_ENDED(day=f"{found.next_update:%Y-%m-%d}"))
    return check.successful(f"not in the list of {found.this_update:%Y-%m-%d}")


def check_document_type(code: str, signer: Certificate | None) -> ChipCheck:
    """Document code in DG1 against those that the signer's certificate allows (Doc 9303 part 12 §7.1.1.6). A single
    letter stands for every code that begins with it.
    """
    check = Check.SIGNER_DOCUMENT_TYPE
    if signer is None:
        return check.undetermined(Why.SIGNER_ABSENT())
    try:
        allowed = signer.document_types
    except MalformedChipData:
        return check.undetermined(Why.TYPES_MALFORMED())
    if allowed is None:
        return check.not_supported("the signer's certificate names no document types")
    found, named = code.strip("<"), ", ".join(allowed)
    if any(found == one or (len(one) == 1 and found.startswith(one)) for one in allowed):
        return check.successful(f"{found} is among {named}")
    if not found:
        return check.failed(Why.NO_DOCUMENT_CODE(named))
    return check.failed(Why.TYPE_NOT_ALLOWED(code=found, allowed=named))


def check_expiry(expiry: str, at: date, signer: Certificate | None) -> ChipCheck:
    """Date of expiry as it stands in DG1 against the day (TR-03135-1 §5.7.1): a two-digit year lies at most 15 years
    ahead, else in the past, unless the signer was not valid before that and is valid until the later one.
    """
    check = Check.DOCUMENT_EXPIRY
    found, well_formed = expiry_date(expiry, at)
    last = found.latest() if well_formed else None
    if last is None or found.year is None:
        return check.undetermined(Why.EXPIRY_UNKNOWN())
    if last < at and signer is not None and last < signer.not_before.date():
        later = replace(found, year=found.year + 100).latest()
        if later is not None and later <= signer.not_after.date():
            return check.successful("not expired, going by the validity of its signer")
    return check.failed(Why.EXPIRED()) if last < at else check.successful("not expired")


def check_hashes(sod: SecurityObject, groups: Mapping[int, bytes]) -> tuple[ChipCheck, ...]:
    """Each data group that was read against its signed hash (TR-03135-1 §5.6.4.4.2)."""
    found: list[ChipCheck] = []
    for number, content in sorted(groups.items()):
        match sod.agrees_with(number, content):
            case True:
                found.append(Check.DATA_GROUP_HASH.successful(f"DG{number}: {sod.digest.upper()} as signed"))
            case False:
                why = Why.HASH_DIFFERS(sod.digest.upper(), group=f"DG{number}")
                found.append(Check.DATA_GROUP_HASH.failed(why))
            case _:
                found.append(Check.DATA_GROUP_HASH.failed(Why.GROUP_UNSIGNED(group=f"DG{number}")))
    return tuple(found)


def check_issuing_state(issuing_state: str, signer: Certificate | None) -> ChipCheck:
    """State in DG1 against the country in the signer's certificate (TR-03135-1 §5.6.4.5)."""
    check = Check.ISSUING_STATE
    if signer is None:
        return check.undetermined(Why.SIGNER_ABSENT())
    country = signer.issuer.country or signer.subject.country
    if country is None:
        return check.undetermined(Why.SIGNER_NAMES_NO_COUNTRY())
    state = issuing_state.strip("<")
    match signs_for(country, state):
        case True:
            return check.successful(f"{state} signed by {country}")
        case False:
            return check.failed(Why.STATE_DIFFERS(state=state, country=country))
        case _:
            if not state:
                return check.undetermined(Why.STATE_MISSING(country))
            return check.undetermined(Why.STATE_UNKNOWN(state=state, country=country))
