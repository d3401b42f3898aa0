"""Security infos: what a chip says it can do (Doc 9303 part 11 §9.2). EF.CardAccess says it to anyone and unsigned,
DG14 and EF.CardSecurity under the state's signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.agreement_keys import parse_agreement_key
from inspection_station.documents.emrtd.ciphers import CIPHER_NAMES, KEY_BYTES
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.key_groups import STANDARD_GROUPS, EllipticGroup, KeyGroup
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown

PACE = "0.4.0.127.0.7.2.2.4"
PUBLIC_KEY, TERMINAL_AUTHENTICATION, CHIP_AUTHENTICATION = (f"0.4.0.127.0.7.2.2.{arc}" for arc in (1, 2, 3))
ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
_LAST_CHIP_AUTHENTICATION = 3
"""Versions 2 and 3 belong to other applications of the chip (TR-03110-2) and are passed over."""


class Mapping(StrEnum):
    """How PACE makes its one-time generator, and over what (§4.4.3, object identifiers in §9.2.3)."""

    DH_GM = "DH-GM"
    ECDH_GM = "ECDH-GM"
    DH_IM = "DH-IM"
    ECDH_IM = "ECDH-IM"
    ECDH_CAM = "ECDH-CAM"

    @property
    def elliptic(self) -> bool:
        """Over a curve rather than a prime field."""
        return self.value.startswith("ECDH")

    @property
    def integrated(self) -> bool:
        """Whether the reader sends a nonce of its own instead of a public key."""
        return self.value.endswith("IM")


_MAPPINGS = {1: Mapping.DH_GM, 2: Mapping.ECDH_GM, 3: Mapping.DH_IM, 4: Mapping.ECDH_IM, 6: Mapping.ECDH_CAM}


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """One offer of PACE. ``cipher`` is the last arc of its identifier: 1 3DES, 2 to 4 AES-128 to AES-256."""

    oid: str
    mapping: Mapping
    cipher: int
    parameter_id: int | None

    @property
    def description(self) -> str:
        """«PACE-ECDH-GM with AES-128 on brainpoolP256r1»."""
        where = self.group.name if self.group is not None else f"parameters {self.parameter_id}"
        return f"PACE-{self.mapping} with {CIPHER_NAMES[self.cipher]} on {where}"

    @property
    def group(self) -> KeyGroup | None:
        """The standardised group (§9.5.1) where it is of the mapping's kind; None also for proprietary parameters,
        which §9.2.2 forbids to use.
        """
        found = STANDARD_GROUPS.get(self.parameter_id) if self.parameter_id is not None else None
        return found if found is not None and isinstance(found, EllipticGroup) is self.mapping.elliptic else None

    @property
    def key_bytes(self) -> int:
        """Of a session key."""
        return KEY_BYTES[self.cipher]

    @property
    def triple_des(self) -> bool:
        """Whether the cipher is 3DES rather than AES."""
        return self.cipher == 1


MAX_KEYS = 8
"""Public keys in one file; each costs up to half a second to look at, and nobody has signed them yet."""


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """One offer of chip authentication (§9.2.5)."""

    oid: str
    elliptic: bool
    cipher: int
    key_id: int | None


@dataclass(frozen=True, slots=True)
class ChipAuthenticationKey:
    """The chip's static public key (§9.2.6): ``public`` is an element of ``group``."""

    group: KeyGroup
    public: bytes
    key_id: int | None

    @property
    def elliptic(self) -> bool:
        """On a curve."""
        return isinstance(self.group, EllipticGroup)


@dataclass(frozen=True, slots=True)
class TrustPointsFile:
    """Where EF.CVCA lies: its identifier, and its short one where the chip gives it (TR-03110-3 A.1.1.3)."""

    fid: int
    sfi: int | None


@dataclass(frozen=True, slots=True)
class SecurityInfos:
    """All infos of one file that are known here. ``keys_not_spoken`` says why a public key was passed over;
    ``pace_encodings`` are the offers of PACE as they stand, to compare files by.
    """

    pace: tuple[PaceInfo, ...]
    chip_authentication: tuple[ChipAuthenticationInfo, ...]
    keys: tuple[ChipAuthenticationKey, ...]
    keys_not_spoken: tuple[str, ...]
    active_authentication: str | None
    terminal_authentication: bool
    trust_points_file: TrustPointsFile | None
    pace_encodings: frozenset[bytes]


def parse_security_infos(content: bytes) -> SecurityInfos:
    """From a SET of security infos: EF.CardAccess, the content of EF.CardSecurity, or what DG14 wraps.

    Unknown infos are passed over (§9.2). MalformedChipData where it is no such set.
    """
    pace: list[PaceInfo] = []
    agreements: list[ChipAuthenticationInfo] = []
    keys: list[ChipAuthenticationKey] = []
    not_spoken: list[str] = []
    active, terminal, file = None, False, None
    encodings: set[bytes] = set()
    for element in tlv.only(tlv.to_definite(content), asn1.SET).children():
        body = asn1.sequence(element)
        oid = asn1.oid(body.any())
        if oid == f"{PUBLIC_KEY}.1" or oid == f"{PUBLIC_KEY}.2":
            if len(keys) + len(not_spoken) == MAX_KEYS:
                raise MalformedChipData(f"more than {MAX_KEYS} keys of the chip")
            try:
                group, public = parse_agreement_key(body.take(asn1.SEQUENCE))
            except AlgorithmUnknown as fault:
                not_spoken.append(fault.detail)
                continue
            keys.append(ChipAuthenticationKey(group, public, _optional_number(body)))
        elif oid == TERMINAL_AUTHENTICATION:
            asn1.small_integer(body.take(asn1.INTEGER), 16)
            terminal = True
            file = _trust_points_file(body) if not body.at_end else file
        elif oid == ACTIVE_AUTHENTICATION:
            asn1.small_integer(body.take(asn1.INTEGER), 16)
            active = asn1.oid(body.take(asn1.OID))
        elif (arcs := _arcs(oid, PACE)) is not None and arcs[0] in _MAPPINGS:
            asn1.small_integer(body.take(asn1.INTEGER), 16)
            pace.append(PaceInfo(oid, _MAPPINGS[arcs[0]], arcs[1], _optional_number(body)))
            encodings.add(element.raw)
        elif (arcs := _arcs(oid, CHIP_AUTHENTICATION)) is not None and arcs[0] in (1, 2):
            version = asn1.small_integer(body.take(asn1.INTEGER), _LAST_CHIP_AUTHENTICATION)
            if version == 1:
                agreements.append(ChipAuthenticationInfo(oid, arcs[0] == 2, arcs[1], _optional_number(body)))
    return SecurityInfos(
        tuple(pace), tuple(agreements), tuple(keys), tuple(not_spoken), active, terminal, file, frozenset(encodings)
    )


def parse_data_group_14(content: bytes) -> SecurityInfos:
    """DG14 (Doc 9303 part 10 §4.7.14)."""
    return parse_security_infos(tlv.only(tlv.to_definite(content), 0x6E).value)


def pace_infos(card_access: bytes) -> tuple[PaceInfo, ...]:
    """Every known offer of PACE in the order of the file; MalformedChipData where it is no set of security infos."""
    return parse_security_infos(card_access).pace


def _optional_number(body: asn1.Cursor) -> int | None:
    """A parameter or key identifier. Some chips number their keys in four bytes."""
    number = body.optional(asn1.INTEGER)
    return asn1.small_integer(number, (1 << 64) - 1) if number is not None else None


def _trust_points_file(body: asn1.Cursor) -> TrustPointsFile:
    inside = asn1.sequence(body.take(asn1.SEQUENCE))
    fid = asn1.octets(inside.any())
    sfi = asn1.octets(inside.any()) if not inside.at_end else None
    if len(fid) != 2 or (sfi is not None and len(sfi) != 1):
        raise MalformedChipData("a reference to EF.CVCA that is none")
    return TrustPointsFile(int.from_bytes(fid, "big"), sfi[0] if sfi is not None else None)


def _arcs(oid: str, prefix: str) -> tuple[int, int] | None:
    """The two last arcs of an identifier below ``prefix`` whose last is a cipher."""
    before, _, rest = oid.partition(prefix + ".")
    arcs = rest.split(".")
    if before or len(arcs) != 2 or int(arcs[1]) not in CIPHER_NAMES:
        return None
    return int(arcs[0]), int(arcs[1])


def encode_pace_info(oid: str, parameter_id: int) -> bytes:
    """One offer of PACE, version 2 (§9.2.1)."""
    return tlv.encode(asn1.SEQUENCE, asn1.encode_oid(oid), asn1.encode_integer(2), asn1.encode_integer(parameter_id))


def encode_card_access(oid: str, parameter_id: int) -> bytes:
    """EF.CardAccess with one offer of PACE."""
    return tlv.encode(asn1.SET, encode_pace_info(oid, parameter_id))
