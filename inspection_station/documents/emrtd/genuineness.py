"""Whether the chip is the one the state issued, and not a copy of its files (TR-03135-1 §5.6.4.1): chip
authentication, active authentication, PACE with chip-authentication mapping; and whether the offers that opened it
are those the state signed.

A chip that cannot prove a key which the state signed for it is suspected to be a clone: the check failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date

from inspection_station.documents.emrtd import active_authentication, pace
from inspection_station.documents.emrtd import chip_authentication as agreement
from inspection_station.documents.emrtd.access import ChipAccess
from inspection_station.documents.emrtd.apdu import Channel, Status
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.documents.emrtd.errors import ChipRefused, MalformedChipData, SecureMessagingBroken
from inspection_station.documents.emrtd.pace import Random
from inspection_station.documents.emrtd.passive_authentication import check_signer
from inspection_station.documents.emrtd.security_infos import Mapping, SecurityInfos, parse_security_infos
from inspection_station.documents.emrtd.security_object import SecurityObject, parse_card_security
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck

_UNFIT = (Status.WRONG_LENGTH, Status.SECURITY_NOT_SATISFIED)
"""What chips and readers without extended lengths answer where the signature needs one. To a short command they are a
refusal like any other: a copy without the key could answer so.
"""


def check_chip_authentication(
    channel: Channel, access: ChipAccess, infos: SecurityInfos, random: Random, prove: Callable[[], object]
) -> ChipCheck | None:
    """Chip authentication with the strongest agreement of DG14; None where DG14 holds no key.

    ``prove`` reads something: the chip shows its key by answering under the new session. Where it cannot, the chip is
    opened again as before, and the reading goes on.
    """
    check = Check.CHIP_AUTHENTICATION
    offers = agreement.agreements(infos)
    if not offers:
        if infos.keys_not_spoken:
            return check.undetermined(Why.NOT_SPOKEN(", ".join(infos.keys_not_spoken)))
        if infos.keys or infos.chip_authentication:
            return check.failed(Why.KEY_WITHOUT_PROTOCOL())
        return None
    offer = offers[0]
    try:
        agreed = agreement.authenticate(channel, offer, random)
    except ChipRefused as refusal:
        _restore(channel, access)
        return check.failed(Why.PROOF_REFUSED(offer.description, status=f"{refusal.status:04X}"))
    channel.secure = agreed.messaging
    try:
        with suppress(ChipRefused):  # a refusal proves the key as well, when it comes under the new session
            prove()
    except SecureMessagingBroken:
        channel.secure = None  # an answer under other keys: whoever gave it does not have the signed one
    if channel.secure is agreed.messaging:
        access.agreed = agreed
        return check.successful(offer.description)
    access.reopen()
    return check.failed(Why.KEY_NOT_HELD_OF(offer.description))


def _restore(channel: Channel, access: ChipAccess) -> None:
    if channel.secure is None:
        access.reopen()


def check_active_authentication(
    channel: Channel, access: ChipAccess, dg15: bytes, infos: SecurityInfos | None, random: Random
) -> ChipCheck:
    """Active authentication with the key in DG15, whose hash has been checked."""
    check = Check.ACTIVE_AUTHENTICATION
    try:
        key = active_authentication.public_key(dg15)
    except AlgorithmUnknown as fault:
        return check.undetermined(Why.NOT_SPOKEN(fault.detail))
    except MalformedChipData as fault:
        return check.undetermined(Why.GROUP_IS_MALFORMED_THUS(fault.detail, group="DG15"))
    challenge = random(active_authentication.CHALLENGE_BYTES)
    try:
        signature = active_authentication.sign_challenge(channel, key, challenge)
    except ChipRefused as refusal:
        _restore(channel, access)
        unfit = refusal.status in _UNFIT or refusal.status >> 8 == 0x6C
        if unfit and active_authentication.needs_extended_length(key):
            return check.undetermined(Why.PROOF_NOT_HAD(key.description, status=f"{refusal.status:04X}"))
        return check.failed(Why.PROOF_REFUSED(key.description, status=f"{refusal.status:04X}"))
    announced = infos.active_authentication if infos is not None else None
    verdict = active_authentication.verify(key, challenge, signature, announced)
    return check.successful(verdict.evidence) if verdict.holds else check.failed(Why.PROOF_WRONG(verdict.evidence))


def check_chip_mapping(
    access: ChipAccess, trust: TrustStore, at: date
) -> tuple[ChipCheck | None, SecurityInfos | None]:
    """Chip-authentication mapping: the mapping key is the static key of EF.CardSecurity times what the chip sent, and
    the state signed that file. Also what the file says; both None where the chip was opened otherwise.
    """
    info, session, check = access.pace_info, access.pace_session, Check.PACE_CAM
    if info is None or session is None or info.mapping is not Mapping.ECDH_CAM:
        return None, None
    if access.card_security is None:
        return check.failed(Why.NO_CARD_SECURITY()), None
    try:
        signed = parse_card_security(access.card_security)
        infos = parse_security_infos(signed.content)
    except MalformedChipData as fault:
        return check.failed(Why.GROUP_IS_MALFORMED_THUS(fault.detail, group="EF.CardSecurity")), None
    for found in check_signer(signed, trust, at).checks:
        why = Why.CARD_SECURITY_NOT_TRUSTED(f"EF.CardSecurity, {found.name}: {found.evidence}")
        if found.result is CheckResult.FAILED:
            return check.failed(why), infos
        if found.result is CheckResult.UNDETERMINED and found.name != "signer-revocation":
            return check.undetermined(why), infos
    group = pace.group_of(info)
    keys = [key for key in infos.keys if key.group == group and key.key_id in (None, info.parameter_id)]
    if not keys:
        return check.failed(Why.NO_MAPPING_KEY()), infos
    if not session.chip_authentication_data:
        return check.failed(Why.NO_PROOF()), infos
    for key in keys:
        if pace.chip_data_proves(group, session.chip_authentication_data, key.public, session.chip_mapping_public):
            return check.successful(info.description), infos
    return check.failed(Why.KEY_NOT_HELD()), infos


def check_card_access(access: ChipAccess, signed: SecurityInfos | None, where: str) -> ChipCheck | None:
    """The offers of EF.CardAccess, which anyone can forge, against those the state signed (§9.2.11). None where
    neither speaks of PACE.
    """
    offered = access.card_access.pace_encodings if access.card_access is not None else frozenset()
    if not offered and (signed is None or not signed.pace_encodings):
        return None
    if signed is None:
        return Check.CARD_ACCESS.undetermined(Why.OFFERS_UNSIGNED())
    return compare_offers(offered, signed.pace_encodings, where)


def compare_offers(offered: frozenset[bytes], signed: frozenset[bytes], where: str) -> ChipCheck:
    """Offers of PACE as they stand in EF.CardAccess and in the signed file ``where``."""
    check = Check.CARD_ACCESS
    if offered == signed:
        return check.successful(f"the offers of PACE are those of {where}")
    if not offered:
        return check.failed(Why.OFFERS_WITHHELD(where))
    kind = "fewer" if offered < signed else "other"
    return check.failed(Why.OFFERS_DIFFER(f"{kind} offers than {where} signs"))


def _check_card_security(access: ChipAccess, signed: SecurityInfos) -> ChipCheck | None:
    """EF.CardSecurity may sign more than EF.CardAccess offers, but every offer must be among it (part 10 §3.11.4)."""
    offered = access.card_access.pace_encodings if access.card_access is not None else frozenset()
    if offered <= signed.pace_encodings:
        return None
    return Check.CARD_ACCESS.failed(Why.OFFERS_DIFFER("offers that EF.CardSecurity does not sign"))


def check_opening(
    access: ChipAccess,
    trust: TrustStore,
    at: date,
    sod: SecurityObject | None,
    infos: SecurityInfos | None,
    made: Sequence[ChipCheck],
) -> list[ChipCheck]:
    """Chip-authentication mapping, the offers that opened the chip, and a word where nothing among the checks ``made``
    proves it genuine. ``infos`` are those of DG14.
    """
    mapped, card_security = check_chip_mapping(access, trust, at)
    signed, where = (infos, "DG14") if infos is not None else (card_security, "EF.CardSecurity")
    offers = [check_card_access(access, signed, where)]
    if infos is not None and card_security is not None:
        offers.append(_check_card_security(access, card_security))
    found = [check for check in (mapped, *offers) if check is not None]
    proofs = {proof.value[0] for proof in (Check.CHIP_AUTHENTICATION, Check.ACTIVE_AUTHENTICATION, Check.PACE_CAM)}
    if sod is not None and not any(check.section in proofs for check in (*made, *found)):
        found.append(Check.GENUINENESS.not_supported("the state signed no key that only this chip has"))
    return found
