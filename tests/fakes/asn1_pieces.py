"""What a test of a chip's forms takes apart and puts together wrongly: one sound passport, and pieces of ASN.1."""

from __future__ import annotations

from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.curve_table import BY_NAME
from inspection_station.documents.emrtd.key_groups import PrimeGroup, standard_group
from inspection_station.documents.emrtd.security_object import parse_security_object
from inspection_station.training.passport_issue import issue_passport

FILES = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY).files
SOD = parse_security_object(FILES["EF.SOD"])
(DS,) = SOD.signed.certificates
CURVE = BY_NAME["secp256r1"]
PRIME = standard_group(2)
assert isinstance(PRIME, PrimeGroup)


def oid(dotted: str) -> bytes:
    return asn1.encode_oid(dotted)


def numbers(*values: int) -> bytes:
    return tlv.encode(0x30, *(asn1.encode_integer(value) for value in values))


def key_info(kind: str, material: bytes, parameters: bytes = b"") -> tlv.Element:
    """SubjectPublicKeyInfo."""
    algorithm = tlv.encode(0x30, oid(kind), parameters)
    return tlv.read(tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0", material)))[0]
