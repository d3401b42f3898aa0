"""Keys of training chips, and how DG14 and DG15 name them (Doc 9303 part 11 §6.1.5, §9.2.4 to §9.2.6).

Everything follows from a seed, like the authority's own keys. All chips of one authority share the key of a kind: what
a training chip proves is that it has it, and a clone is one that has another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from inspection_station.documents.emrtd import asn1, curve_table, message_recovery, tlv
from inspection_station.documents.emrtd.ciphers import CIPHER_NAMES
from inspection_station.documents.emrtd.curves import Curve
from inspection_station.documents.emrtd.key_groups import X942_KEY, EllipticGroup, KeyGroup, PrimeGroup, standard_group
from inspection_station.documents.emrtd.security_infos import ACTIVE_AUTHENTICATION, CHIP_AUTHENTICATION, PUBLIC_KEY
from inspection_station.documents.emrtd.signatures import EC_KEY, PLAIN_ECDSA_DIGESTS, RSA_KEY

RSA_EXPONENT = 65_537
_SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


@dataclass(frozen=True, slots=True)
class AgreementKey:
    """A static key for chip authentication or chip-authentication mapping. ``ciphers`` are those it is announced for:
    1 3DES, 2 to 4 AES; none for a key of the mapping alone. ``by_template``: 3DES also goes by MSE:Set KAT.
    """

    group: KeyGroup
    secret: int
    ciphers: tuple[int, ...]
    key_id: int | None = None
    by_template: bool = True

    @property
    def public(self) -> bytes:
        """The element that DG14 names."""
        return self.group.multiply(self.secret, self.group.generator)

    @property
    def protocols(self) -> tuple[str, ...]:
        """Object identifiers of its protocols."""
        kind = 2 if isinstance(self.group, EllipticGroup) else 1
        return tuple(f"{CHIP_AUTHENTICATION}.{kind}.{cipher}" for cipher in self.ciphers)

    def infos(self) -> tuple[bytes, ...]:
        """Its entries in DG14 or EF.CardSecurity."""
        number = b"" if self.key_id is None else asn1.encode_integer(self.key_id)
        kind = asn1.encode_oid(f"{PUBLIC_KEY}.{2 if isinstance(self.group, EllipticGroup) else 1}")
        version = asn1.encode_integer(1)
        offers = [tlv.encode(0x30, asn1.encode_oid(oid), version, number) for oid in self.protocols]
        return (tlv.encode(0x30, kind, _key_info(self.group, self.public), number), *offers)


@dataclass(frozen=True, slots=True)
class RsaSigner:
    """A key for active authentication after ISO/IEC 9796-2. ``smaller``: answers the smaller of s and n - s."""

    n: int
    d: int
    digest: str
    smaller: bool = False

    def sign(self, challenge: bytes, nonce: bytes) -> bytes:
        """``nonce`` is what the recoverable part is made of; it is stretched to fit."""
        bits = self.n.bit_length()
        recoverable = _stretch(nonce, message_recovery.capacity(bits, self.digest))
        number = int.from_bytes(message_recovery.compose(bits, self.digest, recoverable, challenge), "big")
        signature = pow(number, self.d, self.n)
        return (min(signature, self.n - signature) if self.smaller else signature).to_bytes(bits // 8, "big")

    def info(self) -> bytes:
        """SubjectPublicKeyInfo."""
        key = tlv.encode(0x30, asn1.encode_integer(self.n), asn1.encode_integer(RSA_EXPONENT))
        return tlv.encode(0x30, tlv.encode(0x30, asn1.encode_oid(RSA_KEY), b"\x05\x00"), tlv.encode(0x03, b"\0", key))


@dataclass(frozen=True, slots=True)
class EcdsaSigner:
    """A key for active authentication with plain ECDSA."""

    curve: Curve
    secret: int
    digest: str

    def sign(self, challenge: bytes, nonce: bytes) -> bytes:
        """Deterministic (RFC 6979); the nonce plays no part."""
        del nonce
        key = ec.derive_private_key(self.secret, _CURVES[self.curve.name]())
        r, s = decode_dss_signature(key.sign(challenge, ec.ECDSA(_DIGESTS[self.digest], deterministic_signing=True)))
        size = (self.curve.n.bit_length() + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def info(self) -> bytes:
        """SubjectPublicKeyInfo with explicit parameters (§9.5.2)."""
        group = EllipticGroup(self.curve)
        return _key_info(group, group.multiply(self.secret, group.generator))

    def announcement(self) -> bytes:
        """ActiveAuthenticationInfo for DG14."""
        algorithm = next(oid for oid, name in PLAIN_ECDSA_DIGESTS.items() if name == self.digest)
        return tlv.encode(
            0x30, asn1.encode_oid(ACTIVE_AUTHENTICATION), asn1.encode_integer(1), asn1.encode_oid(algorithm)
        )


Signer = RsaSigner | EcdsaSigner


@dataclass(frozen=True, slots=True)
class ChipKeys:
    """The private keys of one chip; None where it has no such protocol."""

    agreement: AgreementKey | None = None
    mapping: AgreementKey | None = None
    signer: Signer | None = None

    def of_a_clone(self, seed: int) -> ChipKeys:
        """Keys of the same kinds that are not those the state signed."""
        signer: Signer | None = None
        if isinstance(self.signer, RsaSigner):
            n, d = _rsa(seed + 1, self.signer.n.bit_length())
            signer = replace(self.signer, n=n, d=d)
        elif self.signer is not None:
            signer = replace(self.signer, secret=secret_below(seed + 1, "aa", self.signer.curve.n))
        return ChipKeys(_cloned(self.agreement, seed), _cloned(self.mapping, seed), signer)


NO_KEYS = ChipKeys()


def _cloned(key: AgreementKey | None, seed: int) -> AgreementKey | None:
    return None if key is None else replace(key, secret=secret_below(seed + 1, "ca", key.group.order))


def agreement_key(seed: int, parameter_id: int, ciphers: tuple[int, ...], key_id: int | None = None) -> AgreementKey:
    """A key in the standard group with this number (§9.5.1). ValueError for a cipher there is not."""
    if any(cipher not in CIPHER_NAMES for cipher in ciphers):
        raise ValueError("ciphers are numbered 1 to 4")
    group = standard_group(parameter_id)
    return AgreementKey(group, secret_below(seed, "ca", group.order), ciphers, key_id)


def rsa_signer(seed: int, bits: int = 1024, digest: str = "sha1", *, smaller: bool = False) -> RsaSigner:
    """An RSA key; making one of 2,048 bits takes about half a second, once."""
    return RsaSigner(*_rsa(seed, bits), digest, smaller)


def ecdsa_signer(seed: int, curve: str = "brainpoolP256r1", digest: str = "sha256") -> EcdsaSigner:
    """A key on a named curve."""
    found = curve_table.BY_NAME[curve]
    return EcdsaSigner(found, secret_below(seed, "aa", found.n), digest)


def _key_info(group: KeyGroup, public: bytes) -> bytes:
    """SubjectPublicKeyInfo with the group spelled out, as Doc 9303 asks."""
    if isinstance(group, PrimeGroup):
        numbers = [asn1.encode_integer(n) for n in (group.p, group.g, group.q) if n is not None]
        algorithm = tlv.encode(0x30, asn1.encode_oid(X942_KEY), tlv.encode(0x30, *numbers))
        return tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0", asn1.encode_integer(int.from_bytes(public, "big"))))
    if not isinstance(group, EllipticGroup):
        raise ValueError("a group of no known kind")
    curve, size = group.curve, group.curve.field_bytes
    parameters = tlv.encode(
        0x30,
        asn1.encode_integer(1),
        tlv.encode(0x30, asn1.encode_oid("1.2.840.10045.1.1"), asn1.encode_integer(curve.p)),
        tlv.encode(
            0x30,
            tlv.encode(0x04, (curve.a % curve.p).to_bytes(size, "big")),
            tlv.encode(0x04, curve.b.to_bytes(size, "big")),
        ),
        tlv.encode(0x04, group.generator),
        asn1.encode_integer(curve.n),
        asn1.encode_integer(1),
    )
    algorithm = tlv.encode(0x30, asn1.encode_oid(EC_KEY), parameters)
    return tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0", public))


def _stretch(material: bytes, size: int) -> bytes:
    """That many bytes that look like noise (MGF1 with SHA-256)."""
    found = b""
    while len(found) < size:
        found += hashlib.sha256(material + len(found).to_bytes(4, "big")).digest()
    return found[:size]


def secret_below(seed: int, label: str, order: int) -> int:
    """A secret from 1 to order - 1."""
    material = _stretch(f"chip key {label} {seed}".encode(), (order.bit_length() + 7) // 8 + 8)
    return int.from_bytes(material, "big") % (order - 1) + 1


@lru_cache(maxsize=32)
def rsa_primes(seed: int, bits: int, label: str = "") -> tuple[int, int]:
    """The primes of a modulus of exactly that many bits."""
    return _prime(f"{label}p {seed}", bits // 2), _prime(f"{label}q {seed}", bits - bits // 2)


def _rsa(seed: int, bits: int) -> tuple[int, int]:
    """Modulus and private exponent."""
    p, q = rsa_primes(seed, bits)
    return p * q, pow(RSA_EXPONENT, -1, (p - 1) * (q - 1))


def _prime(label: str, bits: int) -> int:
    """The first prime above a number that the label decides, its two highest bits set."""
    start = int.from_bytes(_stretch(f"prime {label}".encode(), bits // 8), "big")
    number = start | 3 << bits - 2 | 1
    while not _probably_prime(number):
        number += 2
    return number


def _probably_prime(number: int) -> bool:
    """Trial division, then 24 rounds of Miller and Rabin."""
    if any(number % small == 0 for small in _SMALL_PRIMES) or number % RSA_EXPONENT == 1:
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, *_SMALL_PRIMES[:23]):
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
