"""Keys and signature schemes of the document PKI as a signer uses them (Doc 9303 part 12 §4.1), forbidden ones too.

The training authority speaks one scheme; conformance cases ask for every one that an inspection system must know.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.key_groups import PrimeGroup, standard_group
from inspection_station.documents.emrtd.signatures import DIGEST_OIDS, MGF1, RSA_KEY, RSA_PSS

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey
MD5 = "1.2.840.113549.2.5"
OIDS = {**DIGEST_OIDS, "md5": MD5}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_IDENTIFIERS = {
    ("rsa", "md5"): "1.2.840.113549.1.1.4",
    ("rsa", "sha1"): "1.2.840.113549.1.1.5",
    ("rsa", "sha224"): "1.2.840.113549.1.1.14",
    ("rsa", "sha256"): "1.2.840.113549.1.1.11",
    ("rsa", "sha384"): "1.2.840.113549.1.1.12",
    ("rsa", "sha512"): "1.2.840.113549.1.1.13",
    ("ecdsa", "sha1"): "1.2.840.10045.4.1",
    ("ecdsa", "sha224"): "1.2.840.10045.4.3.1",
    ("ecdsa", "sha256"): "1.2.840.10045.4.3.2",
    ("ecdsa", "sha384"): "1.2.840.10045.4.3.3",
    ("ecdsa", "sha512"): "1.2.840.10045.4.3.4",
    ("ecdsa-plain", "sha1"): "0.4.0.127.0.7.1.1.4.1.1",
    ("ecdsa-plain", "sha224"): "0.4.0.127.0.7.1.1.4.1.2",
    ("ecdsa-plain", "sha256"): "0.4.0.127.0.7.1.1.4.1.3",
    ("ecdsa-plain", "sha384"): "0.4.0.127.0.7.1.1.4.1.4",
    ("ecdsa-plain", "sha512"): "0.4.0.127.0.7.1.1.4.1.5",
    ("dsa", "sha1"): "1.2.840.10040.4.3",
    ("dsa", "sha224"): "2.16.840.1.101.3.4.3.1",
    ("dsa", "sha256"): "2.16.840.1.101.3.4.3.2",
}
_CURVES: dict[int, type[ec.EllipticCurve]] = {
    224: ec.SECP224R1,
    256: ec.BrainpoolP256R1,
    384: ec.BrainpoolP384R1,
    512: ec.BrainpoolP512R1,
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """A signature scheme: «rsa» (PKCS#1 v1.5), «pss», «ecdsa», «ecdsa-plain» (the identifiers of TR-03111) or «dsa»,
    with a digest. ``bare``: named by the key's own identifier, which leaves the digest open.
    """

    family: str
    digest: str
    bare: bool = False

    @property
    def identifier(self) -> bytes:
        """AlgorithmIdentifier, DER."""
        if self.bare:
            return tlv.encode(0x30, asn1.encode_oid(RSA_KEY), b"\x05\x00")
        if self.family == "pss":
            return tlv.encode(0x30, asn1.encode_oid(RSA_PSS), self._pss_parameters())
        null = b"\x05\x00" if self.family == "rsa" else b""
        return tlv.encode(0x30, asn1.encode_oid(_IDENTIFIERS[self.family, self.digest]), null)

    def _pss_parameters(self) -> bytes:
        digest = digest_identifier(self.digest)
        salt = asn1.encode_integer(hashlib.new(self.digest).digest_size)
        mask = tlv.encode(0x30, asn1.encode_oid(MGF1), digest)
        return tlv.encode(0x30, tlv.encode(0xA0, digest), tlv.encode(0xA1, mask), tlv.encode(0xA2, salt))

    def sign(self, key: PrivateKey, message: bytes) -> bytes:
        """The signature's bytes. ValueError for a key of another kind."""
        if isinstance(key, rsa.RSAPrivateKey) and self.family == "rsa":
            return _pkcs1(key, self.digest, message)
        if isinstance(key, rsa.RSAPrivateKey) and self.family == "pss":
            digest = _HASHES[self.digest]
            return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        if isinstance(key, dsa.DSAPrivateKey) and self.family == "dsa":
            return key.sign(message, _HASHES[self.digest])
        if isinstance(key, ec.EllipticCurvePrivateKey) and self.family.startswith("ecdsa"):
            encoded = key.sign(message, ec.ECDSA(_HASHES[self.digest]))
            if self.family == "ecdsa":
                return encoded
            size = (key.key_size + 7) // 8
            return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(encoded))
        raise ValueError(f"a {type(key).__name__} does not sign with {self.family}")


def digest_identifier(digest: str) -> bytes:
    """AlgorithmIdentifier of a digest, DER."""
    return tlv.encode(0x30, asn1.encode_oid(OIDS[digest]), b"\x05\x00")


def _pkcs1(key: rsa.RSAPrivateKey, digest: str, message: bytes) -> bytes:
    """RFC 8017 §8.2.1 by hand: libraries refuse to make the forbidden ones."""
    numbers = key.private_numbers()
    n, size = numbers.public_numbers.n, (key.key_size + 7) // 8
    hashed = hashlib.new(digest, message, usedforsecurity=False).digest()
    info = tlv.encode(0x30, digest_identifier(digest), tlv.encode(0x04, hashed))
    block = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return pow(int.from_bytes(block, "big"), numbers.d, n).to_bytes(size, "big")


@lru_cache(maxsize=32)
def private_key(family: str, bits: int, owner: str) -> PrivateKey:
    """One key for each kind, size and owner («root», «signer» …) as long as the program runs."""
    del owner
    if family in ("rsa", "pss"):
        return rsa.generate_private_key(65_537, bits)
    if family.startswith("ecdsa"):
        return ec.generate_private_key(_CURVES[bits]())
    # The prime groups of Doc 9303 part 11 §9.5.1 serve DSA as well: making new ones takes minutes.
    group = standard_group({160: 0, 224: 1, 256: 2}[bits])
    if not isinstance(group, PrimeGroup) or group.q is None:
        raise ValueError("no prime group of that order")
    return dsa.DSAParameterNumbers(group.p, group.q, group.g).parameters().generate_private_key()


def key_information(key: PrivateKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
