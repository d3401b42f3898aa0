"""Public keys for key agreement in a SubjectPublicKeyInfo (Doc 9303 part 11 §9.5, §9.6): PKCS #3, X9.42, elliptic
keys with named or explicit curves, and groups named by their number.
"""

from __future__ import annotations

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.key_groups import (
    PKCS3_KEY,
    STANDARD_PARAMETERS,
    X942_KEY,
    EllipticGroup,
    KeyGroup,
    PrimeGroup,
    prime_group,
    standard_group,
)
from inspection_station.documents.emrtd.signatures import EC_KEY, Algorithm, AlgorithmUnknown, EcKey, parse_public_key


def parse_agreement_key(element: tlv.Element) -> tuple[KeyGroup, bytes]:
    """Group and public element. AlgorithmUnknown for a curve or kind of key that is not spoken here."""
    body = asn1.sequence(element)
    algorithm = Algorithm.parse(body.take(asn1.SEQUENCE))
    if algorithm.oid == EC_KEY:
        key = parse_public_key(element)
        assert isinstance(key, EcKey)  # what this identifier stands for
        group: KeyGroup = EllipticGroup(key.curve)
        return group, key.curve.encode(key.point)
    material = asn1.bits(body.take(asn1.BIT_STRING))
    if algorithm.oid not in (PKCS3_KEY, X942_KEY, STANDARD_PARAMETERS):
        raise AlgorithmUnknown(f"key algorithm {algorithm.oid}")
    if algorithm.parameters is None:
        raise MalformedChipData("a key for agreement without its group")
    if algorithm.oid == STANDARD_PARAMETERS:
        group = standard_group(asn1.small_integer(algorithm.parameters, 255))
        return group, group.decode(_unsigned(material) if isinstance(group, PrimeGroup) else material)
    numbers = asn1.sequence(algorithm.parameters)
    p, g = asn1.integer(numbers.any()), asn1.integer(numbers.any())
    q = asn1.integer(numbers.any()) if algorithm.oid == X942_KEY and not numbers.at_end else None
    group = prime_group(p, g, q)
    return group, group.decode(_unsigned(material))


def _unsigned(material: bytes) -> bytes:
    """The value bytes of an INTEGER that holds a public value."""
    value = asn1.integer(tlv.only(material, asn1.INTEGER))
    if value <= 0:
        raise MalformedChipData("a public value that is not positive")
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
