"""Security infos: what a chip says it can do (Doc 9303 part 11 §9.2), from EF.CardAccess."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.documents.emrtd import asn1, curve_table, tlv
from inspection_station.documents.emrtd.curves import Curve

PACE = "0.4.0.127.0.7.2.2.4"
_CURVES = {
    8: "secp192r1",
    9: "brainpoolP192r1",
    10: "secp224r1",
    11: "brainpoolP224r1",
    12: "secp256r1",
    13: "brainpoolP256r1",
    14: "brainpoolP320r1",
    15: "secp384r1",
    16: "brainpoolP384r1",
    17: "brainpoolP512r1",
    18: "secp521r1",
}
_KEY_BYTES = {1: 16, 2: 16, 3: 24, 4: 32}
_CIPHERS = {1: "3DES", 2: "AES-128", 3: "AES-192", 4: "AES-256"}


class Mapping(StrEnum):
    """How PACE makes its one-time generator, and over what (§4.4.3, object identifiers in §9.2.1)."""

    DH_GM = "DH-GM"
    ECDH_GM = "ECDH-GM"
    DH_IM = "DH-IM"
    ECDH_IM = "ECDH-IM"
    ECDH_CAM = "ECDH-CAM"


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
        where = self.curve.name if self.curve is not None else f"parameters {self.parameter_id}"
        return f"PACE-{self.mapping} with {_CIPHERS[self.cipher]} on {where}"

    @property
    def curve(self) -> Curve | None:
        """The standardised curve (§9.5.1), None for groups of integers and proprietary parameters."""
        name = _CURVES.get(self.parameter_id) if self.parameter_id is not None else None
        return curve_table.BY_NAME[name] if name is not None else None

    @property
    def key_bytes(self) -> int:
        """Of a session key."""
        return _KEY_BYTES[self.cipher]

    @property
    def triple_des(self) -> bool:
        """Whether the cipher is 3DES rather than AES."""
        return self.cipher == 1


def pace_infos(card_access: bytes) -> tuple[PaceInfo, ...]:
    """Every known offer of PACE in the order of the file; MalformedChipData where it is no set of security infos."""
    found: list[PaceInfo] = []
    for element in tlv.only(tlv.to_definite(card_access), asn1.SET).children():
        body = asn1.sequence(element)
        oid = asn1.oid(body.any())
        mapping, cipher = _parts(oid)
        if mapping is None:
            continue
        asn1.small_integer(body.take(asn1.INTEGER), 16)
        parameter = body.optional(asn1.INTEGER)
        number = asn1.small_integer(parameter, 255) if parameter is not None else None
        found.append(PaceInfo(oid, mapping, cipher, number))
    return tuple(found)


def _parts(oid: str) -> tuple[Mapping | None, int]:
    prefix, _, rest = oid.partition(PACE + ".")
    arcs = rest.split(".")
    if prefix or len(arcs) != 2:
        return None, 0
    mapping, cipher = _MAPPINGS.get(int(arcs[0])), int(arcs[1])
    return (mapping, cipher) if cipher in _CIPHERS else (None, 0)


def encode_card_access(oid: str, parameter_id: int) -> bytes:
    """EF.CardAccess with one offer of PACE, version 2."""
    info = tlv.encode(asn1.SEQUENCE, asn1.encode_oid(oid), asn1.encode_integer(2), asn1.encode_integer(parameter_id))
    return tlv.encode(asn1.SET, info)
