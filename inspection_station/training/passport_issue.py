"""Issuing a training passport: its data groups, its security object, and on request one thing that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from inspection_station.documents import mrz
from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.access_keys import CanKey, MrzKey
from inspection_station.documents.emrtd.cv_certificates import CvCertificate
from inspection_station.documents.emrtd.portrait_format import portrait_format
from inspection_station.documents.emrtd.security_infos import PACE, TERMINAL_AUTHENTICATION, encode_pace_info
from inspection_station.documents.mrz_checks import check_digit
from inspection_station.documents.mrz_layouts import layout_of
from inspection_station.inspection.document import MrzField
from inspection_station.training.chip_keys import NO_KEYS, ChipKeys, EcdsaSigner, agreement_key
from inspection_station.training.issuing_authority import IssuingAuthority


class PassportFault(StrEnum):
    """What can be wrong with a training passport; the value is the name on the command line."""

    WRONG_HASH = "wrong_hash"  # DG2 altered after signing
    WRONG_SIGNER = "wrong_signer"  # signed with a key that is not the certificate's
    UNKNOWN_CSCA = "unknown_csca"  # another root under the state's name
    EXPIRED_SIGNER = "expired_signer"
    REVOKED_SIGNER = "revoked_signer"
    WRONG_DG1 = "wrong_dg1"  # properly signed, but another document's zone
    NO_SECURITY_OBJECT = "no_security_object"
    WRONG_KEY = "wrong_key"  # the chip was personalised with another zone's keys
    OVERSIZED_LENGTH = "oversized_length"  # DG2 claims 16 MB
    GARBAGE = "garbage"  # answers to READ BINARY are noise
    TORN_READ = "torn_read"  # the document is lifted in the middle of the reading
    CLONE = "clone"  # a copy of every file on a chip with other keys
    KEYS_MISSING = "keys_missing"  # a copy of every file on a chip without keys
    DOWNGRADE = "downgrade"  # the state signed an offer of PACE that the chip withholds
    UNSIGNED_GROUP = "unsigned_group"  # DG11 on the chip that the security object does not name


class AccessOffer(StrEnum):
    """What opens the chip; the value is the name on the command line."""

    BAC = "bac"
    PACE = "pace"
    BOTH = "both"


ECDH_GM_AES_128 = "0.4.0.127.0.7.2.2.4.2.2"
BRAINPOOL_P256R1 = 13
_CHIP_MAPPING = f"{PACE}.6."
_CLONES = (PassportFault.CLONE, PassportFault.KEYS_MISSING)


@dataclass(frozen=True, slots=True)
class VirtualPassport:
    """A passport ready to be put on a card: files by name, the printed zone, and what its chip opens with.

    It offers PACE when it has an «EF.CardAccess»; ``can`` is its card access number, if one is printed on it; ``keys``
    are the private keys on its chip. ``terminal_roots``: whom it trusts to name terminals that may read fingers (none:
    nobody is kept from them); ``issued`` is the day its chip starts from; ``static_binding``: it takes terminals in the
    way that TR-03110-1 §3.5 forbids in new documents.
    """

    mrz_lines: tuple[str, ...]
    files: Mapping[str, bytes]
    access_key: MrzKey
    fault: PassportFault | None
    can: CanKey | None = None
    offer: AccessOffer = AccessOffer.BAC
    keys: ChipKeys = NO_KEYS
    terminal_roots: tuple[CvCertificate, ...] = ()
    issued: date = date.min
    static_binding: bool = False


def issue_passport(
    mrz_lines: Sequence[str],
    portrait: bytes,
    *,
    authority: IssuingAuthority,
    at: date,
    fault: str | None = None,
    access: str = AccessOffer.BAC,
    can: str | None = None,
    pace: tuple[str, int] = (ECDH_GM_AES_128, BRAINPOOL_P256R1),
    keys: ChipKeys | None = None,
    fingers: bytes | None = None,
    terminal_roots: Sequence[CvCertificate] = (),
    static_binding: bool = False,
) -> VirtualPassport:
    """A passport of ``authority`` with this zone and this encoded portrait (JPEG 2000 or JPEG).

    ``access`` is a value of ``AccessOffer``; ``pace`` the object identifier and parameter id it offers PACE with;
    ``keys`` are what its chip proves itself with; ``fingers`` is the content of DG3, which the holders of certificates
    below ``terminal_roots`` may read. A clone or a chip that lost its keys gets them signed in any case.
    ``fault`` is a value of ``PassportFault``; ValueError for another name, MalformedMrz or MalformedChipData for
    a zone or picture that no passport could hold.
    """
    wrong = PassportFault(fault) if fault is not None else None
    offer = AccessOffer(access)
    zone = mrz.parse(tuple(mrz_lines), today=at)
    authority = authority.for_state(zone.issuing_state)
    key = MrzKey.of(zone)
    chip_lines = other_number(zone.lines) if wrong is PassportFault.WRONG_DG1 else zone.lines
    own = keys or NO_KEYS
    if wrong in _CLONES and own == NO_KEYS:
        own = ChipKeys(agreement=agreement_key(authority.seed, BRAINPOOL_P256R1, (2,)))
    offers = (encode_pace_info(*pace),) if offer is not AccessOffer.BAC or wrong is PassportFault.DOWNGRADE else ()
    if offers and pace[0].startswith(_CHIP_MAPPING) and own.mapping is None:
        own = replace(own, mapping=agreement_key(authority.seed, pace[1], (), key_id=pace[1]))
    terminals = bool(terminal_roots)
    groups = {1: data_group_1(chip_lines), 2: data_group_2(portrait), **key_groups(own, offers, terminals=terminals)}
    if fingers is not None:
        groups[3] = fingers
    signed = dict(groups)
    if wrong is PassportFault.UNSIGNED_GROUP:
        groups[11] = tlv.encode(0x6B, tlv.encode(0x5C, b"\x5f\x11"), tlv.encode(0x5F11, b"UTOPIA"))
    files: dict[str, bytes] = {"EF.COM": common_data(groups), "EF.SOD": _security_object(signed, authority, wrong)}
    if wrong is PassportFault.NO_SECURITY_OBJECT:
        del files["EF.SOD"]
    if wrong is PassportFault.WRONG_HASH:
        before = groups[2].index(portrait) - 1  # quality in the face's header: the picture itself still opens
        groups[2] = groups[2][:before] + bytes([groups[2][before] ^ 0x01]) + groups[2][before + 1 :]
    if wrong is PassportFault.OVERSIZED_LENGTH:
        groups[2] = b"\x75\x83\xff\xff\xff" + groups[2][4:]
    files.update({f"DG{number}": content for number, content in groups.items()})
    if wrong is PassportFault.WRONG_KEY:
        key = MrzKey(key.document_number, key.date_of_expiry, key.date_of_birth)
    if offer is not AccessOffer.BAC:
        files["EF.CardAccess"] = tlv.encode(asn1.SET, *offers)
        if own.mapping is not None:
            infos = tlv.encode(asn1.SET, *offers, *own.mapping.infos())
            files["EF.CardSecurity"] = authority.card_security(infos, signer=authority.signer())
    if wrong is PassportFault.DOWNGRADE:
        files.pop("EF.CardAccess", None)
        offer = AccessOffer.BAC
    if wrong is PassportFault.CLONE:
        own = own.of_a_clone(authority.seed)
    if wrong is PassportFault.KEYS_MISSING:
        own = NO_KEYS
    return VirtualPassport(
        zone.lines,
        files,
        key,
        wrong,
        CanKey(can) if can is not None else None,
        offer,
        own,
        tuple(terminal_roots),
        at,
        static_binding,
    )


def key_groups(keys: ChipKeys, pace_offers: Sequence[bytes], *, terminals: bool = False) -> dict[int, bytes]:
    """DG14 and DG15 for the keys and the offers of PACE (Doc 9303 part 11 §9.2.11); a group with nothing to say is
    not there.
    """
    groups: dict[int, bytes] = {}
    infos = [*pace_offers, *(keys.agreement.infos() if keys.agreement is not None else ())]
    if isinstance(keys.signer, EcdsaSigner):
        infos.append(keys.signer.announcement())
    if terminals:
        infos.append(tlv.encode(0x30, asn1.encode_oid(TERMINAL_AUTHENTICATION), asn1.encode_integer(1)))
    if infos:
        groups[14] = tlv.encode(0x6E, asn1.encode_set(*infos))
    if keys.signer is not None:
        groups[15] = tlv.encode(0x6F, keys.signer.info())
    return groups


def _security_object(groups: dict[int, bytes], authority: IssuingAuthority, wrong: PassportFault | None) -> bytes:
    match wrong:
        case PassportFault.UNKNOWN_CSCA:
            stranger = IssuingAuthority(
                authority.seed, at=authority.at, label="csca-unknown", country=authority.country
            )
            return stranger.security_object(groups, signer=stranger.signer())
        case PassportFault.WRONG_SIGNER:
            forger = authority.signer("forger").key
            return authority.security_object(groups, signer=authority.signer(), key=forger)
        case PassportFault.EXPIRED_SIGNER:
            return authority.security_object(groups, signer=authority.signer("expired"))
        case PassportFault.REVOKED_SIGNER:
            return authority.security_object(groups, signer=authority.signer("revoked"))
        case _:
            return authority.security_object(groups, signer=authority.signer())


def data_group_1(lines: Sequence[str]) -> bytes:
    """DG1 (Doc 9303 part 10 §4.7.1)."""
    return tlv.encode(0x61, tlv.encode(0x5F1F, "".join(lines).encode("ascii")))


def data_group_2(portrait: bytes) -> bytes:
    """DG2 with one face (Doc 9303 part 10 §4.7.2; ISO/IEC 19794-5:2005 §5.4–5.8)."""
    picture = portrait_format(portrait)
    image_information = bytes((1, 0 if picture.media_type == "image/jpeg" else 1))  # full frontal
    image_information += picture.width.to_bytes(2, "big") + picture.height.to_bytes(2, "big")
    image_information += bytes((1, 2)) + bytes(4)  # sRGB, static picture from a digital camera
    face = (20 + 12 + len(portrait)).to_bytes(4, "big") + bytes(16) + image_information + portrait
    record = b"FAC\x00010\x00" + (14 + len(face)).to_bytes(4, "big") + (1).to_bytes(2, "big") + face
    header = tlv.encode(
        0xA1,
        tlv.encode(0x81, b"\x02"),  # biometric type: face
        tlv.encode(0x82, b"\x00"),
        tlv.encode(0x87, b"\x01\x01"),  # owner and type of the format: ISO/IEC JTC 1/SC 37, 19794-5
        tlv.encode(0x88, b"\x00\x08"),
    )
    template = tlv.encode(0x7F60, header, tlv.encode(0x5F2E, record))
    return tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01"), template))


def common_data(groups: Mapping[int, bytes]) -> bytes:
    """EF.COM (Doc 9303 part 10 §4.6.1): versions and the tags of the groups."""
    tags = bytes(groups[number][0] for number in sorted(groups))
    return tlv.encode(0x60, tlv.encode(0x5F01, b"0107"), tlv.encode(0x5F36, b"040000"), tlv.encode(0x5C, tags))


def other_number(lines: Sequence[str]) -> tuple[str, ...]:
    """The zone with its first document-number character exchanged and every check digit right again."""
    layout = layout_of(tuple(lines))
    if layout is None:
        raise ValueError("no zone of a known layout")
    sheet = [list(line) for line in lines]
    number = layout.fields[MrzField.DOCUMENT_NUMBER]
    first = sheet[number.line][number.start]
    sheet[number.line][number.start] = "X" if first != "X" else "Y"
    for check in layout.checks:
        covered = "".join("".join(sheet[s.line][s.start : s.stop]) for s in check.covers)
        cell = sheet[check.digit.line]
        if cell[check.digit.start] != "<":
            cell[check.digit.start] = check_digit(covered)
    return tuple("".join(line) for line in sheet)
