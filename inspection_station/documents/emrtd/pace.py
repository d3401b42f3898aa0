"""PACE (Doc 9303 part 11 §4.4): a strong key from a weak password that nobody can guess offline. Generic, integrated
and chip-authentication mapping, over curves and prime fields; passwords: the zone and the card access number.

The arithmetic of both sides is here; who speaks first is the reader's (``authenticate``) and the card's own affair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from inspection_station.documents.emrtd import asn1, pace_mapping, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey, MrzKey
from inspection_station.documents.emrtd.apdu import Channel, Command, Status
from inspection_station.documents.emrtd.ciphers import (
    PASSWORD,
    CipherSuite,
    TripleDesSuite,
    agreed_suite,
    derive_key,
    equal,
    pad,
    unpad,
)
from inspection_station.documents.emrtd.errors import AccessDenied, AccessNotSpoken, ChipRefused, MalformedChipData
from inspection_station.documents.emrtd.key_groups import KeyGroup
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging
from inspection_station.documents.emrtd.security_infos import Mapping, PaceInfo

Scalar = Callable[[int], int]
"""Draws a secret from 1 to n-1, given n."""
Random = Callable[[int], bytes]
_DYNAMIC, _PUBLIC_KEY = 0x7C, 0x7F49
CHIP_DATA_VECTOR = b"\xff" * 16
"""The counter that stands in for -1 in §4.4.3.5.4."""


class Part(IntEnum):
    """Data objects of GENERAL AUTHENTICATE (§4.4.5)."""

    NONCE = 0x80
    MAP_READER = 0x81
    MAP_CHIP = 0x82
    KEY_READER = 0x83
    KEY_CHIP = 0x84
    TOKEN_READER = 0x85
    TOKEN_CHIP = 0x86
    CHIP_DATA = 0x8A


@dataclass(frozen=True, slots=True)
class PaceSession:
    """What a run of PACE leaves: the secure messaging, the chip's one-time key, and for chip-authentication mapping
    its mapping key with the data that should prove it (None: the chip sent none).
    """

    messaging: SecureMessaging
    chip_public: bytes
    chip_mapping_public: bytes
    chip_authentication_data: bytes | None


def password_reference(key: AccessKey) -> int:
    """How MSE names the password: 1 the zone, 2 the card access number (§4.4.4.1)."""
    return 1 if isinstance(key, MrzKey) else 2


def password_seed(key: AccessKey) -> bytes:
    """K of §9.7.3: SHA-1 of the zone's information, or the number's characters."""
    if isinstance(key, MrzKey):
        return hashlib.sha1(key.information, usedforsecurity=False).digest()
    return key.number.encode("ascii")


def speaks(info: PaceInfo) -> bool:
    """Whether this offer can be taken up here: standardised parameters that its mapping is defined for."""
    if info.group is None or (info.mapping is Mapping.ECDH_CAM and info.triple_des):
        return False
    return not info.mapping.integrated or pace_mapping.can_integrate(info.group)


def password_key(info: PaceInfo, key: AccessKey) -> bytes:
    """K_π of §9.7.3."""
    return derive_key(password_seed(key), PASSWORD, key_bytes=info.key_bytes, des=info.triple_des)


def crypt_nonce(info: PaceInfo, k_pi: bytes, nonce: bytes, *, encrypt: bool) -> bytes:
    """The nonce under the password key, both ways: CBC with a zero vector, no padding (§4.4.3.3)."""
    if not nonce or len(nonce) % 16:
        raise MalformedChipData(f"a nonce of {len(nonce)} bytes")
    if info.triple_des:
        suite = TripleDesSuite(k_pi, k_pi)
        return suite.encrypt(bytes(8), nonce) if encrypt else suite.decrypt(bytes(8), nonce)
    cipher = Cipher(algorithms.AES(k_pi), modes.CBC(bytes(16)))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(nonce) + context.finalize()


def token(info: PaceInfo, suite: CipherSuite, group: KeyGroup, public: bytes) -> bytes:
    """Authentication token over the other side's public key (§4.4.3.4)."""
    data = tlv.encode(_PUBLIC_KEY, asn1.encode_oid(info.oid), tlv.encode(group.public_tag, public))
    return suite.checksum(pad(data, 8) if info.triple_des else data)


def random_scalar(random: Random) -> Scalar:
    """Secrets from a source of bytes; 64 bits more than needed leave no bias to speak of."""
    return lambda n: int.from_bytes(random((n.bit_length() + 7) // 8 + 8), "big") % (n - 1) + 1


def group_of(info: PaceInfo) -> KeyGroup:
    """The group of an offer; AccessNotSpoken where it cannot be taken up."""
    if info.group is None or not speaks(info):
        raise AccessNotSpoken(f"{info.description} is not spoken")
    return info.group


def authenticate(
    channel: Channel,
    info: PaceInfo,
    key: AccessKey,
    random: Random,
    *,
    scalar: Scalar | None = None,
    ambiguous: bool = False,
) -> PaceSession:
    """Opens the chip with one of its offers.

    ``ambiguous``: the chip offers several groups, so the parameters are named. ``scalar`` draws the secrets, from
    ``random`` without it. AccessDenied for a wrong password; AccessNotSpoken when the chip has no such password or
    takes back its offer; ChipRefused for any other status.
    """
    group, draw = group_of(info), scalar or random_scalar(random)
    _set_protocol(channel, info, key, ambiguous)
    sealed = _exchange(channel, None, b"")[Part.NONCE]
    nonce = crypt_nonce(info, password_key(info, key), sealed, encrypt=False)
    chip_mapping = b""
    if info.mapping.integrated:
        own = random(info.key_bytes)
        _exchange(channel, Part.MAP_READER, own)
        generator = pace_mapping.integrated(group, nonce, own, des=info.triple_des)
    else:
        secret = draw(group.order)
        answer = _exchange(channel, Part.MAP_READER, group.multiply(secret, group.generator))
        chip_mapping = group.decode(answer[Part.MAP_CHIP])
        generator = pace_mapping.generic(group, nonce, secret, chip_mapping)
    secret = draw(group.order)
    public = group.multiply(secret, generator)
    theirs = group.decode(_exchange(channel, Part.KEY_READER, public)[Part.KEY_CHIP])
    if theirs == public:
        raise MalformedChipData("the chip returned the reader's own public key")
    suite = agreed_suite(info.cipher, group.shared_secret(group.multiply(secret, theirs)))
    proof = _exchange(channel, Part.TOKEN_READER, token(info, suite, group, theirs), last=True)
    if not equal(proof[Part.TOKEN_CHIP], token(info, suite, group, public)):
        raise AccessDenied("the chip's proof of the password is wrong")
    messaging = SecureMessaging(suite, bytes(suite.block))
    return PaceSession(messaging, theirs, chip_mapping, _chip_data(info, suite, proof))


def _chip_data(info: PaceInfo, suite: CipherSuite, proof: dict[int, bytes]) -> bytes | None:
    sealed = proof.get(Part.CHIP_DATA, b"")
    if info.mapping is not Mapping.ECDH_CAM or not sealed or len(sealed) % suite.block:
        return None
    try:
        return unpad(suite.decrypt(CHIP_DATA_VECTOR, sealed))
    except MalformedChipData:
        return b""  # noise where the proof should be: no proof, but a chip that is open


def chip_data_proves(group: KeyGroup, data: bytes, static_public: bytes, mapping_public: bytes) -> bool:
    """Whether the chip's mapping key is its static key times the data it sent (§4.4.3.5.2)."""
    number = int.from_bytes(data, "big")
    if not 0 < number < group.order:
        return False
    return group.multiply(number, static_public) == mapping_public


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


def _exchange(channel: Channel, sent: Part | None, data: bytes, *, last: bool = False) -> dict[int, bytes]:
    """One GENERAL AUTHENTICATE, chained until the last: what the chip answers by tag, as far as the step has it."""
    body = tlv.encode(_DYNAMIC, tlv.encode(sent, data) if sent is not None else b"")
    # A prime field of 2,048 bits does not fit into short lengths (§9.3.1.2 allows extended ones here).
    le = 256 if len(data) < 240 else 65_536
    response = channel.send(Command(0x86, data=body, le=le, cla=0x00 if last else 0x10))
    if response.status >> 8 == 0x63 or (last and response.status in _REFUSED):
        raise AccessDenied("the chip refused the password")
    if not response.ok:
        raise ChipRefused("GENERAL AUTHENTICATE", response.status)
    return _Answer({element.tag: element.value for element in tlv.only(response.data, _DYNAMIC).children()})


class _Answer(dict[int, bytes]):
    """Data objects by tag; one that is not there is malformed."""

    def __missing__(self, tag: int) -> bytes:
        raise MalformedChipData(f"an answer without its data object {tag:02X}")


_REFUSED = (Status.SECURITY_NOT_SATISFIED, Status.METHOD_BLOCKED, Status.SM_OBJECTS_WRONG, Status.WRONG_DATA)
