"""Signatures of every kind that real certificates carry."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from inspection_station.documents.emrtd import asn1, signatures, tlv
from inspection_station.documents.emrtd.curve_table import BY_NAME, CURVES
from inspection_station.documents.emrtd.curves import Curve
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.key_groups import PrimeGroup, standard_group
from inspection_station.documents.emrtd.signatures import Algorithm, AlgorithmForbidden, AlgorithmUnknown, DsaKey, EcKey

MESSAGE = b"signed attributes"
DSA_OIDS = {"1.2.840.10040.4.3": "sha1", "2.16.840.1.101.3.4.3.1": "sha224", "2.16.840.1.101.3.4.3.2": "sha256"}


def dsa_key() -> dsa.DSAPrivateKey:
    """In a known group: making a new one takes minutes."""
    group = standard_group(2)
    assert isinstance(group, PrimeGroup)
    assert group.q is not None
    return dsa.DSAParameterNumbers(group.p, group.q, group.g).parameters().generate_private_key()


DSA_KEY = dsa_key()


def encoded(key) -> bytes:
    """SubjectPublicKeyInfo."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
RSA_OIDS = {
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
ECDSA_OIDS = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}


def rsa_key() -> signatures.PublicKey:
    der = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return signatures.parse_public_key(tlv.read(der)[0])


def ecdsa(curve: Curve, secret: int, hashed: bytes, once: int) -> tuple[int, int]:
    """SEC 1 §4.1.3, for curves that no library at hand signs with."""
    point = curve.multiply(once, curve.generator)
    assert point is not None
    e = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - curve.n.bit_length())
    r = point[0] % curve.n
    return r, pow(once, -1, curve.n) * (e + r * secret) % curve.n


def der_pair(r: int, s: int) -> bytes:
    return tlv.encode(0x30, asn1.encode_integer(r), asn1.encode_integer(s))


def key_of(curve: Curve, secret: int) -> EcKey:
    point = curve.multiply(secret, curve.generator)
    assert point is not None
    return EcKey(curve, point, explicit=False)


@pytest.mark.parametrize("digest", HASHES)
def test_rsa_with_and_without_null_is_accepted(digest: str) -> None:
    signature = RSA.sign(MESSAGE, padding.PKCS1v15(), HASHES[digest])
    algorithm = Algorithm(RSA_OIDS[digest], None)
    assert signatures.verify(algorithm, rsa_key(), signature, MESSAGE)
    assert not signatures.verify(algorithm, rsa_key(), signature, MESSAGE + b"!")
    numbers = RSA.private_numbers()
    bare = tlv.encode(
        0x30,
        tlv.encode(0x30, asn1.encode_oid(signatures.DIGEST_OIDS[digest])),
        tlv.encode(0x04, hashlib.new(digest, MESSAGE).digest()),
    )
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(bare)) + b"\0" + bare
    forged = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
    assert signatures.verify(algorithm, rsa_key(), forged, MESSAGE)


def test_rsa_padding_shortened_for_a_forgery_is_refused() -> None:
    """Bleichenbacher's: rubbish behind the digest."""
    numbers = RSA.private_numbers()
    info = tlv.encode(
        0x30,
        tlv.encode(0x30, asn1.encode_oid(signatures.DIGEST_OIDS["sha256"]), b"\5\0"),
        tlv.encode(0x04, hashlib.sha256(MESSAGE).digest()),
    )
    padded = b"\0\1" + b"\xff" * 8 + b"\0" + info
    padded += bytes(256 - len(padded))
    forged = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
    assert not signatures.verify(Algorithm(RSA_OIDS["sha256"], None), rsa_key(), forged, MESSAGE)


def pss_parameters(digest: str, mask: str, salt: int) -> tlv.Element:
    def identifier(name: str) -> bytes:
        return tlv.encode(0x30, asn1.encode_oid(signatures.DIGEST_OIDS[name]))

    generator = tlv.encode(0x30, asn1.encode_oid(signatures.MGF1), identifier(mask))
    body = (
        tlv.encode(0xA0, identifier(digest)),
        tlv.encode(0xA1, generator),
        tlv.encode(0xA2, asn1.encode_integer(salt)),
    )
    return tlv.read(tlv.encode(0x30, *body))[0]


@pytest.mark.parametrize(
    ("digest", "mask", "salt"), [("sha256", "sha256", 32), ("sha512", "sha1", 20), ("sha1", "sha1", 0)]
)
def test_pss_with_any_salt_and_mixed_mask_is_accepted(digest: str, mask: str, salt: int) -> None:
    signature = RSA.sign(MESSAGE, padding.PSS(padding.MGF1(HASHES[mask]), salt), HASHES[digest])
    algorithm = Algorithm(signatures.RSA_PSS, pss_parameters(digest, mask, salt))
    assert signatures.verify(algorithm, rsa_key(), signature, MESSAGE)
    assert not signatures.verify(algorithm, rsa_key(), signature, MESSAGE + b"!")
    other_salt = Algorithm(signatures.RSA_PSS, pss_parameters(digest, mask, salt + 1))
    assert not signatures.verify(other_salt, rsa_key(), signature, MESSAGE)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_ecdsa_on_every_curve_of_the_table(curve: Curve, digest: str) -> None:
    key = key_of(curve, 0x1234567890ABCDEF)
    r, s = ecdsa(curve, 0x1234567890ABCDEF, hashlib.new(digest, MESSAGE).digest(), 0xFEDCBA0987654321)
    algorithm = Algorithm(ECDSA_OIDS[digest], None)
    assert signatures.verify(algorithm, key, der_pair(r, s), MESSAGE)
    assert not signatures.verify(algorithm, key, der_pair(r, s ^ 1), MESSAGE)
    assert not signatures.verify(algorithm, key, der_pair(0, s), MESSAGE)
    size = curve.field_bytes
    plain = Algorithm("0.4.0.127.0.7.1.1.4.1." + {"sha1": "1", "sha256": "3", "sha512": "5"}[digest], None)
    assert signatures.verify(plain, key, r.to_bytes(size, "big") + s.to_bytes(size, "big"), MESSAGE)


def test_the_own_arithmetic_agrees_with_the_library() -> None:
    secret = ec.derive_private_key(0xABCDEF0123456789, ec.BrainpoolP384R1())
    r, s = decode_dss_signature(secret.sign(MESSAGE, ec.ECDSA(hashes.SHA384())))
    public = secret.public_key().public_numbers()
    curve = BY_NAME["brainpoolP384r1"]
    assert curve.multiply(0xABCDEF0123456789, curve.generator) == (public.x, public.y)
    assert curve.verify((public.x, public.y), hashlib.sha384(MESSAGE).digest(), r, s)
    assert not curve.verify((public.x, public.y), hashlib.sha384(b"").digest(), r, s)


def explicit_parameters(curve: Curve, *, b: int | None = None) -> bytes:
    size = curve.field_bytes
    return tlv.encode(
        0x30,
        asn1.encode_integer(1),
        tlv.encode(0x30, asn1.encode_oid("1.2.840.10045.1.1"), asn1.encode_integer(curve.p)),
        tlv.encode(
            0x30,
            tlv.encode(0x04, curve.a.to_bytes(size, "big")),
            tlv.encode(0x04, (curve.b if b is None else b).to_bytes(size, "big")),
        ),
        tlv.encode(0x04, curve.encode(curve.generator)),
        asn1.encode_integer(curve.n),
    )


def key_info(parameters: bytes, point: bytes) -> tlv.Element:
    body = tlv.encode(0x30, asn1.encode_oid(signatures.EC_KEY), parameters)
    return tlv.read(tlv.encode(0x30, body, tlv.encode(0x03, b"\0", point)))[0]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_a_curve_spelled_out_is_the_curve_named(curve: Curve) -> None:
    point = curve.encode(curve.generator)
    spelled = signatures.parse_public_key(key_info(explicit_parameters(curve), point))
    named = signatures.parse_public_key(key_info(asn1.encode_oid(curve.oid), point))
    assert isinstance(spelled, EcKey)
    assert isinstance(named, EcKey)
    assert (spelled.curve, spelled.point) == (named.curve, named.point)


def test_a_curve_of_someone_s_own_making_is_not_spoken() -> None:
    curve = BY_NAME["secp256r1"]
    with pytest.raises(AlgorithmUnknown):
        signatures.parse_public_key(key_info(explicit_parameters(curve, b=7), curve.encode(curve.generator)))


def test_a_point_off_the_curve_is_malformed() -> None:
    curve = BY_NAME["brainpoolP256r1"]
    off = curve.encode((curve.gx, curve.gy ^ 1))
    with pytest.raises(MalformedChipData):
        signatures.parse_public_key(key_info(asn1.encode_oid(curve.oid), off))


def test_compressed_points_unfold() -> None:
    curve = BY_NAME["brainpoolP256r1"]
    compressed = bytes([2 + (curve.gy & 1)]) + curve.gx.to_bytes(32, "big")
    assert curve.decode(compressed) == curve.generator


def test_a_point_and_its_negative_add_to_infinity() -> None:
    curve = BY_NAME["secp256r1"]
    negative = (curve.gx, curve.p - curve.gy)
    assert curve.add(curve.generator, negative) is None
    assert curve.multiply(curve.n, curve.generator) is None
    assert curve.add(None, curve.generator) == curve.generator
    assert curve.add(curve.generator, curve.generator) == curve.multiply(2, curve.generator)


def test_an_unknown_algorithm_is_neither_true_nor_false() -> None:
    with pytest.raises(AlgorithmUnknown):
        signatures.verify(Algorithm("1.2.3.4", None), rsa_key(), b"", MESSAGE)


@pytest.mark.parametrize("oid", sorted(signatures.FORBIDDEN))
def test_a_forbidden_algorithm_is_refused_as_such(oid: str) -> None:
    with pytest.raises(AlgorithmForbidden, match="never allowed"):
        signatures.verify(Algorithm(oid, None), rsa_key(), b"", MESSAGE)
    with pytest.raises(AlgorithmForbidden):
        _ = Algorithm(oid, None).digest


@pytest.mark.parametrize(("oid", "digest"), sorted(DSA_OIDS.items()))
def test_dsa_signatures_of_every_digest_are_verified(oid: str, digest: str) -> None:
    key, signature = DSA_KEY, DSA_KEY.sign(MESSAGE, HASHES[digest])
    public = signatures.parse_public_key(tlv.read(encoded(key.public_key()))[0])
    assert isinstance(public, DsaKey)
    assert public.description == "DSA 2048"
    assert signatures.verify(Algorithm(oid, None), public, signature, MESSAGE)
    assert not signatures.verify(Algorithm(oid, None), public, signature, b"something else")
    assert not signatures.verify(Algorithm(oid, None), public, b"no pair", MESSAGE)
    assert not signatures.verify(Algorithm(oid, None), rsa_key(), signature, MESSAGE)


def test_a_dsa_key_without_its_group_is_not_spoken_and_one_outside_it_is_malformed() -> None:
    def key(parameters: bytes, value: int) -> tlv.Element:
        algorithm = tlv.encode(0x30, asn1.encode_oid(signatures.DSA_KEY), parameters)
        return tlv.read(tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0", asn1.encode_integer(value))))[0]

    with pytest.raises(AlgorithmUnknown, match="without its group"):
        signatures.parse_public_key(key(b"\x05\x00", 5))
    group = DSA_KEY.parameters().parameter_numbers()
    numbers = tlv.encode(0x30, *(asn1.encode_integer(n) for n in (group.p, group.q, group.g)))
    with pytest.raises(MalformedChipData, match="out of bounds"):
        signatures.parse_public_key(key(numbers, group.p - 1))


def test_a_signature_of_the_wrong_kind_of_key_is_false() -> None:
    assert not signatures.verify(Algorithm(ECDSA_OIDS["sha256"], None), rsa_key(), der_pair(1, 1), MESSAGE)
    key = key_of(BY_NAME["secp256r1"], 5)
    assert not signatures.verify(Algorithm(RSA_OIDS["sha256"], None), key, bytes(256), MESSAGE)
    assert not signatures.verify(Algorithm(ECDSA_OIDS["sha256"], None), key, b"no pair", MESSAGE)
