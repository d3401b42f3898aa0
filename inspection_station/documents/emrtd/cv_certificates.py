"""Card-verifiable certificates of the terminals' PKI (Doc 9303 part 12 §3 names it; BSI TR-03110-3 C.1, C.2, D.2, D.3).

A chip trusts its state's CVCA, which certifies document verifiers, which certify terminals. Certificates are small TLV
with no names but references; elliptic ones below the CVCA leave out their curve and inherit it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum, IntFlag

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from inspection_station.documents.emrtd import asn1, curve_table, signatures, tlv
from inspection_station.documents.emrtd.curves import Curve
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.signatures import Algorithm, AlgorithmUnknown, EcKey, RsaKey

CERTIFICATE, BODY, SIGNATURE, PUBLIC_KEY, TEMPLATE = 0x7F21, 0x7F4E, 0x5F37, 0x7F49, 0x7F4C
PROFILE, AUTHORITY, HOLDER, EFFECTIVE, EXPIRES = 0x5F29, 0x42, 0x5F20, 0x5F25, 0x5F24
INSPECTION_SYSTEM = "0.4.0.127.0.7.3.1.2.1"
"""id-IS: the template of inspection systems (TR-03110-3 C.4)."""
TERMINAL_PROTOCOL = "0.4.0.127.0.7.2.2.2"
"""id-TA (TR-03110-3 A.7.3)."""
MAX_CERTIFICATES = 64
_PKCS1 = {
    "sha1": "1.2.840.113549.1.1.5",
    "sha256": "1.2.840.113549.1.1.11",
    "sha512": "1.2.840.113549.1.1.13",
}


class Padding(IntEnum):
    """How a scheme signs."""

    PKCS1 = 1
    PSS = 2
    ECDSA = 3


@dataclass(frozen=True, slots=True)
class Scheme:
    """A signature algorithm of terminal authentication. ``arc`` is its identifier below id-TA."""

    arc: str
    padding: Padding
    digest: str

    @property
    def oid(self) -> str:
        """Object identifier."""
        return f"{TERMINAL_PROTOCOL}.{self.arc}"

    @property
    def hash(self) -> hashes.HashAlgorithm:
        """Of the digest."""
        return _HASHES[self.digest]

    @property
    def description(self) -> str:
        """«RSA-PSS with SHA256»."""
        names = {Padding.PKCS1: "RSA v1.5", Padding.PSS: "RSA-PSS", Padding.ECDSA: "ECDSA"}
        return f"{names[self.padding]} with {self.digest.upper()}"


_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
SCHEMES = {
    scheme.oid: scheme
    for scheme in (
        Scheme("1.1", Padding.PKCS1, "sha1"),
        Scheme("1.2", Padding.PKCS1, "sha256"),
        Scheme("1.3", Padding.PSS, "sha1"),
        Scheme("1.4", Padding.PSS, "sha256"),
        Scheme("1.5", Padding.PKCS1, "sha512"),
        Scheme("1.6", Padding.PSS, "sha512"),
        *(Scheme(f"2.{n}", Padding.ECDSA, name) for n, name in enumerate(_HASHES, 1)),
    )
}
"""Every scheme by object identifier (TR-03110-3 A.7.3)."""


class Role(IntEnum):
    """Who a certificate makes its holder (TR-03110-3 C.4.1, table of the role bits)."""

    TERMINAL = 0b00
    DV_FOREIGN = 0b01
    DV_DOMESTIC = 0b10
    CVCA = 0b11

    @property
    def issues(self) -> frozenset[Role]:
        """Whom the holder may certify; a CVCA also its own successor, by a link certificate."""
        if self is Role.CVCA:
            return frozenset({Role.CVCA, Role.DV_DOMESTIC, Role.DV_FOREIGN})
        return frozenset() if self is Role.TERMINAL else frozenset({Role.TERMINAL})


class Right(IntFlag):
    """What may be read besides what everybody may (TR-03110-3 C.4.1)."""

    FINGERS = 0x01
    IRISES = 0x02


@dataclass(frozen=True, slots=True)
class CvKey:
    """A public key with its scheme. ``key`` is None while the curve is still the issuer's; then ``point`` waits."""

    scheme: Scheme
    key: RsaKey | EcKey | None
    point: bytes = b""

    @property
    def curve(self) -> Curve | None:
        """Of an elliptic key that has one."""
        return self.key.curve if isinstance(self.key, EcKey) else None

    def on(self, curve: Curve | None) -> CvKey:
        """The same key with the curve inherited where it has none of its own (TR-03110-3 D.3.3). MalformedChipData
        where the point does not lie there.
        """
        if self.key is not None or curve is None:
            return self
        return replace(self, key=EcKey(curve, curve.decode(self.point), explicit=False))

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature over the message is this key's. AlgorithmUnknown where no curve is known."""
        if self.key is None:
            raise AlgorithmUnknown("an elliptic key whose curve is not known")
        digest = self.scheme.digest
        if isinstance(self.key, EcKey):
            half, odd = divmod(len(signature), 2)
            if odd or not half:
                return False
            numbers = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            return signatures.verify_ecdsa(self.key, numbers, digest, hashlib.new(digest, message).digest())
        if self.scheme.padding is Padding.PKCS1:
            return signatures.verify(Algorithm(_PKCS1[digest], None), self.key, signature, message)
        return _verifies_pss(self.key, self.scheme, signature, message)


@dataclass(frozen=True, slots=True)
class CvCertificate:
    """One certificate. ``body`` and ``signature`` are as they stand, for the chip to verify; ``rights`` are the bits
    of the template without the role.
    """

    body: bytes
    signature: bytes
    authority: str
    holder: str
    key: CvKey
    role: Role
    rights: Right
    effective: date
    expires: date

    @property
    def self_signed(self) -> bool:
        """Whether it certifies its own key: a root, which no chip takes."""
        return self.authority == self.holder

    @property
    def link(self) -> bool:
        """Whether a CVCA certifies its successor."""
        return self.role is Role.CVCA and not self.self_signed

    @property
    def country(self) -> str:
        """Of the holder: the first two letters of its reference."""
        return self.holder[:2]

    @property
    def encoded(self) -> bytes:
        """The whole certificate."""
        return tlv.encode(CERTIFICATE, self.body, self.signature)

    def signed_by(self, issuer: CvKey) -> bool:
        """Whether the signature is the issuer's, in the scheme of the issuer's key."""
        return issuer.verifies(tlv.only(self.signature, SIGNATURE).value, self.body)

    def refused_on(self, day: date) -> str | None:
        """Why it is not valid on that day; None where it is. Link certificates outlive their dates, since a chip that
        slept must still find to the newest key (TR-03110-3 §2.5).
        """
        if self.effective > day:
            return f"{self.holder} is valid only from {self.effective.isoformat()}"
        if self.expires < day and not self.link:
            return f"{self.holder} expired on {self.expires.isoformat()}"
        return None


def parse_cv_certificates(data: bytes) -> tuple[CvCertificate, ...]:
    """One or several certificates one after another; MalformedChipData for anything else."""
    found: list[CvCertificate] = []
    for element in tlv.elements(data):
        if element.tag != CERTIFICATE:
            raise MalformedChipData(f"element {element.tag:X} where a certificate is expected")
        found.append(_certificate(element))
        if len(found) > MAX_CERTIFICATES:
            raise MalformedChipData(f"more than {MAX_CERTIFICATES} certificates")
    if not found:
        raise MalformedChipData("no certificate")
    return tuple(found)


def parse_cv_parts(body: bytes, signature: bytes) -> CvCertificate:
    """A certificate as it is sent to a chip: body and signature without their frame (TR-03110-3 B.11.4)."""
    return _certificate(tlv.read(tlv.encode(CERTIFICATE, body, signature))[0])


def _certificate(element: tlv.Element) -> CvCertificate:
    parts = list(element.children())
    if [part.tag for part in parts] != [BODY, SIGNATURE]:
        raise MalformedChipData("a certificate that is not body and signature")
    body = {part.tag: part for part in parts[0].children()}
    for needed in (PROFILE, AUTHORITY, PUBLIC_KEY, HOLDER, TEMPLATE, EFFECTIVE, EXPIRES):
        if needed not in body:
            raise MalformedChipData(f"a certificate without its data object {needed:X}")
    if body[PROFILE].value != b"\0":
        raise MalformedChipData("a certificate of an unknown profile")
    role, rights = _template(body[TEMPLATE])
    return CvCertificate(
        parts[0].raw,
        parts[1].raw,
        reference(body[AUTHORITY].value),
        reference(body[HOLDER].value),
        _key(body[PUBLIC_KEY]),
        role,
        rights,
        _day(body[EFFECTIVE].value),
        _day(body[EXPIRES].value),
    )


def reference(value: bytes) -> str:
    """A certificate reference: country, holder and sequence, at most 16 characters of ISO 8859-1 (TR-03110-3 A.6.1)."""
    text = value.decode("latin-1")
    if not 3 <= len(text) <= 16 or not text.isprintable():
        raise MalformedChipData("a certificate reference that is none")
    return text


def _template(element: tlv.Element) -> tuple[Role, Right]:
    kind = asn1.oid(element.child(asn1.OID))
    bits = element.child(0x53).value
    if kind != INSPECTION_SYSTEM or len(bits) != 1:
        raise AlgorithmUnknown("a certificate for another kind of terminal than an inspection system")
    return Role(bits[0] >> 6), Right(bits[0] & 0x03)


def _day(value: bytes) -> date:
    """Six digits, a byte each: YYMMDD of this century."""
    if len(value) != 6 or any(octet > 9 for octet in value):
        raise MalformedChipData("a date that is not six digits")
    year, month, day = (10 * value[n] + value[n + 1] for n in (0, 2, 4))
    try:
        return date(2000 + year, month, day)
    except ValueError:
        raise MalformedChipData("a date that does not exist") from None


def _key(element: tlv.Element) -> CvKey:
    """A public key (TR-03110-3 D.3). An elliptic one has all of its domain parameters or none."""
    objects = {part.tag: part.value for part in element.children()}
    oid = asn1.oid(element.child(asn1.OID))
    scheme = SCHEMES.get(oid)
    if scheme is None:
        raise AlgorithmUnknown(f"signature scheme {oid}")
    if scheme.padding is not Padding.ECDSA:
        n, e = (int.from_bytes(objects.get(tag, b""), "big") for tag in (0x81, 0x82))
        if not (512 <= n.bit_length() <= 8192 and n & 1 and 3 <= e < 1 << 64 and e & 1):
            raise MalformedChipData("an RSA key out of bounds")
        return CvKey(scheme, RsaKey(n, e))
    point = objects.get(0x86, b"")
    if not point:
        raise MalformedChipData("an elliptic key without its point")
    given = [tag for tag in (0x81, 0x82, 0x83, 0x84, 0x85) if tag in objects]
    if not given:
        return CvKey(scheme, None, point)
    if len(given) != 5:
        raise MalformedChipData("an elliptic key with half its domain parameters")
    p, a, b, n = (int.from_bytes(objects[tag], "big") for tag in (0x81, 0x82, 0x83, 0x85))
    curve = curve_table.matching(p, a, b, objects[0x84], n)
    if curve is None:
        raise AlgorithmUnknown("explicit parameters of no known curve")
    return CvKey(scheme, EcKey(curve, curve.decode(point), explicit=True), point)


def _verifies_pss(key: RsaKey, scheme: Scheme, signature: bytes, message: bytes) -> bool:
    """Salt as long as the digest, its mask of the same digest (TR-03110-3 A.7.3.1)."""
    how = padding.PSS(padding.MGF1(scheme.hash), scheme.hash.digest_size)
    try:
        rsa.RSAPublicNumbers(key.e, key.n).public_key().verify(signature, message, how, scheme.hash)
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        raise AlgorithmUnknown(f"{key.description} with {scheme.description}") from None
    return True


def trust_points(file: bytes) -> tuple[str, ...]:
    """References of the CVCA keys a chip trusts, the newest first: EF.CVCA, padded with zeros (TR-03110-3 A.6.2)."""
    found: list[str] = []
    at = 0
    while at < len(file) and file[at] == AUTHORITY:
        element, at = tlv.read(file, at)
        found.append(reference(element.value))
    if not found or len(found) > 2 or any(file[at:]):
        raise MalformedChipData("EF.CVCA that does not name one or two keys")
    return tuple(found)


def resolved(certificates: Sequence[CvCertificate]) -> tuple[CvCertificate, ...]:
    """The same certificates with curves inherited from issuers among them, as far as those are there."""
    known = list(certificates)
    for _ in known:
        curves = {certificate.holder: certificate.key.curve for certificate in known if certificate.key.key is not None}
        step = [replace(c, key=c.key.on(curves.get(c.authority))) for c in known]
        if step == known:
            break
        known = step
    return tuple(known)
