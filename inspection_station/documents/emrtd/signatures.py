"""Public keys and signatures of the document PKI, verified over the original bytes (Doc 9303 part 12 §4.1, part 10
§4.6.2).

RSA PKCS#1 v1.5 and PSS, DSA, ECDSA in DER and plain form, SHA-1 to SHA-512. A signature is true or false; an algorithm
or curve that is not spoken is ``AlgorithmUnknown``, so that nobody mistakes it for either. One that was never allowed
in a passport (MD5 and older) is ``AlgorithmForbidden``: anybody can make such a signature, so it proves nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from inspection_station.documents.emrtd import asn1, curve_table, tlv
from inspection_station.documents.emrtd.curves import Curve, Point
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData

DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
DIGEST_OIDS = {name: oid for oid, name in DIGESTS.items()}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
RSA_KEY, EC_KEY, DSA_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1", "1.2.840.10040.4.1"
RSA_PSS, MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
_SIGNATURES: dict[str, tuple[str, str | None]] = {
    RSA_KEY: ("rsa", None),
    "1.2.840.113549.1.1.5": ("rsa", "sha1"),
    "1.2.840.113549.1.1.14": ("rsa", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa", "sha512"),
    EC_KEY: ("ecdsa", None),
    "1.2.840.10045.4.1": ("ecdsa", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "sha512"),
    "0.4.0.127.0.7.1.1.4.1.1": ("ecdsa-plain", "sha1"),
    "0.4.0.127.0.7.1.1.4.1.2": ("ecdsa-plain", "sha224"),
    "0.4.0.127.0.7.1.1.4.1.3": ("ecdsa-plain", "sha256"),
    "0.4.0.127.0.7.1.1.4.1.4": ("ecdsa-plain", "sha384"),
    "0.4.0.127.0.7.1.1.4.1.5": ("ecdsa-plain", "sha512"),
    "1.2.840.10040.4.3": ("dsa", "sha1"),
    "2.16.840.1.101.3.4.3.1": ("dsa", "sha224"),
    "2.16.840.1.101.3.4.3.2": ("dsa", "sha256"),
}
FORBIDDEN = {
    "1.2.840.113549.2.2": "MD2",
    "1.2.840.113549.2.4": "MD4",
    "1.2.840.113549.2.5": "MD5",
    "1.2.840.113549.1.1.2": "RSA with MD2",
    "1.2.840.113549.1.1.3": "RSA with MD4",
    "1.2.840.113549.1.1.4": "RSA with MD5",
}
"""Identifiers of digests and signatures that no edition of Doc 9303 allowed."""
PLAIN_ECDSA_DIGESTS = {oid: name for oid, (family, name) in _SIGNATURES.items() if family == "ecdsa-plain" and name}
"""Digests of the plain signatures of TR-03111 by object identifier."""
ECDSA_DIGESTS = {oid: name for oid, (family, name) in _SIGNATURES.items() if family.startswith("ecdsa") and name}
"""The same with those of ANSI X9.62, which some chips announce although they answer in plain form."""
_LIBRARY_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


class AlgorithmUnknown(ChipFault):
    """An algorithm, curve or parameter that is not spoken here: what it protects stays undetermined."""

    code = "CHP-05"


class AlgorithmForbidden(MalformedChipData):
    """An algorithm that no passport may carry."""

    code = "CHP-05"


def refuse_forbidden(oid: str) -> None:
    """AlgorithmForbidden for an identifier that stands for one."""
    if oid in FORBIDDEN:
        raise AlgorithmForbidden(f"{FORBIDDEN[oid]}, which Doc 9303 never allowed")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """AlgorithmIdentifier: object identifier and the parameters as they stand."""

    oid: str
    parameters: tlv.Element | None

    @staticmethod
    def parse(element: tlv.Element) -> Algorithm:
        """From its SEQUENCE."""
        body = asn1.sequence(element)
        oid = asn1.oid(body.take(asn1.OID))
        return Algorithm(oid, None if body.at_end else body.any())

    @property
    def digest(self) -> str:
        """Name of the digest this identifier stands for."""
        refuse_forbidden(self.oid)
        try:
            return DIGESTS[self.oid]
        except KeyError:
            raise AlgorithmUnknown(f"digest algorithm {self.oid}") from None


@dataclass(frozen=True, slots=True)
class RsaKey:
    """Modulus and public exponent."""

    n: int
    e: int

    @property
    def description(self) -> str:
        """For evidence."""
        return f"RSA {self.n.bit_length()}"


@dataclass(frozen=True, slots=True)
class EcKey:
    """A point on a known curve; ``explicit``: the certificate spelled the curve out."""

    curve: Curve
    point: Point
    explicit: bool

    @property
    def description(self) -> str:
        """For evidence."""
        return self.curve.name + (" with explicit parameters" if self.explicit else "")


@dataclass(frozen=True, slots=True)
class DsaKey:
    """Group and public value (FIPS 186-4 §4)."""

    p: int
    q: int
    g: int
    y: int

    @property
    def description(self) -> str:
        """For evidence."""
        return f"DSA {self.p.bit_length()}"


PublicKey = RsaKey | EcKey | DsaKey


def parse_public_key(element: tlv.Element) -> PublicKey:
    """SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) with named or explicit curve parameters (RFC 3279 §2.3.5)."""
    body = asn1.sequence(element)
    algorithm = Algorithm.parse(body.take(asn1.SEQUENCE))
    material = asn1.bits(body.take(asn1.BIT_STRING))
    if algorithm.oid in (RSA_KEY, RSA_PSS):
        numbers = asn1.sequence(tlv.only(material, asn1.SEQUENCE))
        n, e = asn1.integer(numbers.any()), asn1.integer(numbers.any())
        if not (512 <= n.bit_length() <= 8192 and n & 1 and 3 <= e < 1 << 64):
            raise MalformedChipData("an RSA key out of bounds")
        return RsaKey(n, e)
    if algorithm.oid == DSA_KEY:
        return _dsa_key(algorithm.parameters, material)
    refuse_forbidden(algorithm.oid)
    if algorithm.oid != EC_KEY:
        raise AlgorithmUnknown(f"key algorithm {algorithm.oid}")
    if algorithm.parameters is None:
        raise MalformedChipData("an elliptic key without its curve")
    curve, explicit = _curve(algorithm.parameters)
    return EcKey(curve, curve.decode(material), explicit)


def _dsa_key(parameters: tlv.Element | None, material: bytes) -> DsaKey:
    """RFC 3279 §2.3.2. Parameters that the issuer's key would have to lend are not spoken."""
    if parameters is None or parameters.tag != asn1.SEQUENCE:
        raise AlgorithmUnknown("a DSA key without its group")
    group = asn1.sequence(parameters)
    p, q, g = asn1.integer(group.any()), asn1.integer(group.any()), asn1.integer(group.any())
    y = asn1.integer(tlv.only(material, asn1.INTEGER))
    sizes = 1024 <= p.bit_length() <= 4096 and 160 <= q.bit_length() <= 512
    if not (sizes and p & 1 and 1 < g < p and 1 < y < p and pow(y, q, p) == 1):
        raise MalformedChipData("a DSA key out of bounds")
    return DsaKey(p, q, g, y)


def _curve(parameters: tlv.Element) -> tuple[Curve, bool]:
    if parameters.tag == asn1.OID:
        oid = asn1.oid(parameters)
        if oid not in curve_table.BY_OID:
            raise AlgorithmUnknown(f"curve {oid}")
        return curve_table.BY_OID[oid], False
    body = asn1.sequence(parameters)
    body.take(asn1.INTEGER)
    field = asn1.sequence(body.take(asn1.SEQUENCE))
    if asn1.oid(field.any()) != "1.2.840.10045.1.1":
        raise AlgorithmUnknown("a curve that is not over a prime field")
    p = asn1.integer(field.any())
    coefficients = asn1.sequence(body.take(asn1.SEQUENCE))
    a = int.from_bytes(asn1.octets(coefficients.any()), "big")
    b = int.from_bytes(asn1.octets(coefficients.any()), "big")
    generator = asn1.octets(body.take(asn1.OCTET_STRING))
    curve = curve_table.matching(p, a, b, generator, asn1.integer(body.take(asn1.INTEGER)))
    if curve is None:
        raise AlgorithmUnknown("explicit parameters of no known curve")
    return curve, True


def verify(algorithm: Algorithm, key: PublicKey, signature: bytes, message: bytes, digest: str | None = None) -> bool:
    """Whether ``signature`` over ``message`` is the key's. ``digest`` serves identifiers that name none (plain RSA)."""
    if algorithm.oid == RSA_PSS:
        return _verify_pss(algorithm.parameters, key, signature, message)
    refuse_forbidden(algorithm.oid)
    if algorithm.oid not in _SIGNATURES:
        raise AlgorithmUnknown(f"signature algorithm {algorithm.oid}")
    family, own_digest = _SIGNATURES[algorithm.oid]
    name = own_digest or digest
    if name is None:
        raise AlgorithmUnknown("a signature that names no digest")
    hashed = hashlib.new(name, message).digest()
    if family == "rsa":
        return isinstance(key, RsaKey) and _verify_pkcs1(key, signature, name, hashed)
    if family == "dsa":
        return isinstance(key, DsaKey) and _verify_dsa(key, signature, name, hashed)
    if not isinstance(key, EcKey):
        return False
    numbers = _plain_pair(signature) if family == "ecdsa-plain" else _der_pair(signature)
    return numbers is not None and verify_ecdsa(key, numbers, name, hashed)


def _der_pair(signature: bytes) -> tuple[int, int] | None:
    try:
        body = asn1.sequence(tlv.only(signature, asn1.SEQUENCE))
        return asn1.integer(body.any()), asn1.integer(body.any())
    except MalformedChipData:
        return None  # a signature that is no pair of numbers is simply wrong


def _plain_pair(signature: bytes) -> tuple[int, int] | None:
    half, odd = divmod(len(signature), 2)
    if odd or not half:
        return None
    return int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")


def verify_ecdsa(key: EcKey, numbers: tuple[int, int], digest: str, hashed: bytes) -> bool:
    """ECDSA over a finished digest; curves that the library lacks are computed here."""
    r, s = numbers
    known = _LIBRARY_CURVES.get(key.curve.name)
    if known is None:
        return key.curve.verify(key.point, hashed, r, s)
    if not (0 < r < key.curve.n and 0 < s < key.curve.n):
        return False
    try:
        public = ec.EllipticCurvePublicNumbers(*key.point, known()).public_key()
        public.verify(encode_dss_signature(r, s), hashed, ec.ECDSA(Prehashed(_HASHES[digest])))
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm:  # the system's OpenSSL was built without this curve
        return key.curve.verify(key.point, hashed, r, s)
    return True


def _verify_pkcs1(key: RsaKey, signature: bytes, digest: str, hashed: bytes) -> bool:
    """RFC 8017 §8.2.2 by comparing whole encodings; real lists carry DigestInfo with and without its NULL."""
    size = (key.n.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) > size or number >= key.n:
        return False
    found = pow(number, key.e, key.n).to_bytes(size, "big")
    oid = asn1.encode_oid(DIGEST_OIDS[digest])
    for parameters in (b"\x05\x00", b""):
        info = tlv.encode(0x30, tlv.encode(0x30, oid, parameters), tlv.encode(0x04, hashed))
        if len(info) + 11 <= size and found == b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info:
            return True
    return False


def _verify_dsa(key: DsaKey, signature: bytes, digest: str, hashed: bytes) -> bool:
    """FIPS 186-4 §4.7."""
    try:
        group = dsa.DSAParameterNumbers(key.p, key.q, key.g)
        public = dsa.DSAPublicNumbers(key.y, group).public_key()
        public.verify(signature, hashed, Prehashed(_HASHES[digest]))
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        raise AlgorithmUnknown(f"{key.description} with a group of {key.q.bit_length()} bits") from None
    return True


def _verify_pss(parameters: tlv.Element | None, key: PublicKey, signature: bytes, message: bytes) -> bool:
    """RFC 8017 §8.1.2 with the digest, mask digest and salt length of RFC 4055 §3.1."""
    digest, mask, salt = _pss_parameters(parameters)
    if not isinstance(key, RsaKey):
        return False
    try:
        public = rsa.RSAPublicNumbers(key.e, key.n).public_key()
        public.verify(signature, message, padding.PSS(padding.MGF1(_HASHES[mask]), salt), _HASHES[digest])
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        raise AlgorithmUnknown(f"{key.description} with PSS {digest}, salt {salt}") from None
    return True


def _pss_parameters(parameters: tlv.Element | None) -> tuple[str, str, int]:
    """Digest, mask digest and salt length (RFC 4055 §3.1)."""
    digest, mask, salt = "sha1", "sha1", 20
    fields = asn1.sequence(parameters) if parameters is not None and parameters.tag == asn1.SEQUENCE else None
    while fields is not None and not fields.at_end:
        field = fields.any()
        if field.tag == 0xA0:
            digest = Algorithm.parse(tlv.only(field.value, asn1.SEQUENCE)).digest
        elif field.tag == 0xA1:
            generator = Algorithm.parse(tlv.only(field.value, asn1.SEQUENCE))
            if generator.oid != MGF1 or generator.parameters is None:
                raise AlgorithmUnknown(f"mask generator {generator.oid}")
            mask = Algorithm.parse(generator.parameters).digest
        elif field.tag == 0xA2:
            salt = asn1.small_integer(tlv.only(field.value, asn1.INTEGER), 1024)
    return digest, mask, salt


def digest_of(algorithm: Algorithm) -> str | None:
    """The digest under signatures of this kind; None where the identifier names none, or is not spoken here."""
    if algorithm.oid == RSA_PSS:
        return _pss_parameters(algorithm.parameters)[0]
    return _SIGNATURES.get(algorithm.oid, ("", None))[1]
