"""PACE with generic mapping over elliptic curves (Doc 9303 part 11 §4.4): a key from a weak password that nobody can
guess offline. Passwords: the zone and the card access number.

The arithmetic of both sides is here; who speaks first is the reader's (``authenticate``) and the card's own affair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Status
from inspection_station.documents.emrtd.ciphers import (
    AUTHENTICATION,
    ENCRYPTION,
    PASSWORD,
    AesSuite,
    CipherSuite,
    TripleDesSuite,
    derive_key,
    equal,
    pad,
)
from inspection_station.documents.emrtd.curves import Curve, Point
from inspection_station.documents.emrtd.errors import AccessDenied, AccessNotSpoken, ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging
from inspection_station.documents.emrtd.security_infos import Mapping, PaceInfo

Scalar = Callable[[int], int]
"""Draws a secret from 1 to n-1, given n."""
_DYNAMIC, _PUBLIC_KEY = 0x7C, 0x7F49


class Part(IntEnum):
    """Data objects of GENERAL AUTHENTICATE (§4.4.4.1)."""

    NONCE = 0x80
    MAP_READER = 0x81
    MAP_CHIP = 0x82
    KEY_READER = 0x83
    KEY_CHIP = 0x84
    TOKEN_READER = 0x85
    TOKEN_CHIP = 0x86


def password_reference(key: AccessKey) -> int:
    """How MSE names the password: 1 the zone, 2 the card access number (§4.4.4.1)."""
    return 1 if isinstance(key, MrzKey) else 2


def password_seed(key: AccessKey) -> bytes:
    """K of §9.7.3: SHA-1 of the zone's information, or the number's characters."""
    if isinstance(key, MrzKey):
        return hashlib.sha1(key.information, usedforsecurity=False).digest()
    return key.number.encode("ascii")


def speaks(info: PaceInfo) -> bool:
    """Whether this offer can be taken up here."""
    return info.mapping is Mapping.ECDH_GM and info.curve is not None


def _derived(info: PaceInfo, secret: bytes, counter: int) -> bytes:
    return derive_key(secret, counter, key_bytes=info.key_bytes, des=info.triple_des)


def crypt_nonce(info: PaceInfo, key: AccessKey, nonce: bytes, *, encrypt: bool) -> bytes:
    """The nonce under the password key, both ways: CBC with a zero vector, no padding (§4.4.3.1)."""
    k_pi = _derived(info, password_seed(key), PASSWORD)
    if info.triple_des:
        suite = TripleDesSuite(k_pi, k_pi)
        return suite.encrypt(bytes(8), nonce) if encrypt else suite.decrypt(bytes(8), nonce)
    cipher = Cipher(algorithms.AES(k_pi), modes.CBC(bytes(16)))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(nonce) + context.finalize()


def multiplied(curve: Curve, secret: int, point: Point) -> Point:
    """secret · point; MalformedChipData where the other side chose a point that leads to infinity."""
    product = curve.multiply(secret, point)
    if product is None:
        raise MalformedChipData("a public key that leads to infinity")
    return product


def mapped_generator(curve: Curve, nonce: bytes, own_secret: int, other_public: Point) -> Point:
    """Ĝ = s·G + H of the generic mapping (§4.4.3.3.1)."""
    shared = multiplied(curve, own_secret, other_public)
    mapped = curve.add(curve.multiply(int.from_bytes(nonce, "big"), curve.generator), shared)
    if mapped is None:
        raise MalformedChipData("a mapping that leads to infinity")
    return mapped


def session_suite(info: PaceInfo, curve: Curve, shared: Point) -> CipherSuite:
    """Session keys of the agreed point's x (§9.7.1, §9.6)."""
    secret = shared[0].to_bytes(curve.field_bytes, "big")
    keys = _derived(info, secret, ENCRYPTION), _derived(info, secret, AUTHENTICATION)
    return TripleDesSuite(*keys) if info.triple_des else AesSuite(*keys)


def token(info: PaceInfo, suite: CipherSuite, curve: Curve, public: Point) -> bytes:
    """Authentication token over the other side's public key (§4.4.3.4)."""
    data = tlv.encode(_PUBLIC_KEY, asn1.encode_oid(info.oid), tlv.encode(0x86, curve.encode(public)))
    return suite.checksum(pad(data, 8) if info.triple_des else data)


def random_scalar(random: Callable[[int], bytes]) -> Scalar:
    """Secrets from a source of bytes; 64 bits more than needed leave no bias to speak of."""
    return lambda n: int.from_bytes(random((n.bit_length() + 7) // 8 + 8), "big") % (n - 1) + 1


def authenticate(
    channel: Channel, info: PaceInfo, key: AccessKey, scalar: Scalar, *, ambiguous: bool = False
) -> SecureMessaging:
    """Opens the chip with one of its offers and returns its secure messaging.

    ``ambiguous``: the chip offers several, so the parameters are named. AccessDenied for a wrong password;
    AccessNotSpoken when the chip has no such password or takes back its offer; ChipRefused for any other status.
    """
    curve = info.curve
    if curve is None:
        raise AccessNotSpoken(f"{info.description} is not spoken")
    _set_protocol(channel, info, key, ambiguous)
    nonce = crypt_nonce(info, key, _exchange(channel, None, b"", Part.NONCE), encrypt=False)
    secret = scalar(curve.n)
    public = multiplied(curve, secret, curve.generator)
    theirs = curve.decode(_exchange(channel, Part.MAP_READER, curve.encode(public), Part.MAP_CHIP))
    generator = mapped_generator(curve, nonce, secret, theirs)
    secret = scalar(curve.n)
    public = multiplied(curve, secret, generator)
    theirs = curve.decode(_exchange(channel, Part.KEY_READER, curve.encode(public), Part.KEY_CHIP))
    if theirs == public:
        raise MalformedChipData("the chip returned the reader's own public key")
    suite = session_suite(info, curve, multiplied(curve, secret, theirs))
    proof = _exchange(channel, Part.TOKEN_READER, token(info, suite, curve, theirs), Part.TOKEN_CHIP, last=True)
    if not equal(proof, token(info, suite, curve, public)):
        raise AccessDenied("the chip's proof of the password is wrong")
    return SecureMessaging(suite, bytes(suite.block))


def _set_protocol(channel: Channel, info: PaceInfo, key: AccessKey, ambiguous: bool) -> None:
    """MSE:Set AT (§4.4.4.1). No Le: some chips refuse one here."""
    data = tlv.encode(0x80, tlv.read(asn1.encode_oid(info.oid))[0].value)
    data += tlv.encode(0x83, bytes([password_reference(key)]))
    if ambiguous and info.parameter_id is not None:
        data += tlv.encode(0x84, bytes([info.parameter_id]))
    response = channel.send(Command(0x22, 0xC1, 0xA4, data))
    if response.status in (Status.REFERENCED_DATA_NOT_FOUND, Status.WRONG_DATA, Status.NOT_SUPPORTED):
        raise AccessNotSpoken("the chip does not take this password for PACE")
    if not response.ok and response.status >> 4 != 0x63C:  # 63Cx: that many tries are left
        raise ChipRefused("MSE:Set AT", response.status)


def _exchange(channel: Channel, sent: Part | None, data: bytes, awaited: Part, *, last: bool = False) -> bytes:
    """One GENERAL AUTHENTICATE; chained until the last."""
    body = tlv.encode(_DYNAMIC, tlv.encode(sent, data) if sent is not None else b"")
    response = channel.send(Command(0x86, data=body, le=256, cla=0x00 if last else 0x10))
    if response.status >> 8 == 0x63 or (last and response.status in _REFUSED):
        raise AccessDenied("the chip refused the password")
    if not response.ok:
        raise ChipRefused("GENERAL AUTHENTICATE", response.status)
    return tlv.only(response.data, _DYNAMIC).child(awaited).value


_REFUSED = (Status.SECURITY_NOT_SATISFIED, Status.METHOD_BLOCKED, Status.SM_OBJECTS_WRONG, Status.WRONG_DATA)
