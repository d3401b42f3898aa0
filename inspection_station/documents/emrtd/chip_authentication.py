"""Chip authentication, version 1 (Doc 9303 part 11 §6.2): only the chip that holds the private key can go on talking.

The reader agrees on new session keys with the static public key that the state signed. Whether the chip has them too
shows in the next answer, which the caller awaits.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.apdu import Channel, Command, Response, Status
from inspection_station.documents.emrtd.ciphers import CIPHER_NAMES, agreed_suite
from inspection_station.documents.emrtd.errors import ChipRefused
from inspection_station.documents.emrtd.key_groups import KeyGroup
from inspection_station.documents.emrtd.pace import Random, Scalar, random_scalar
from inspection_station.documents.emrtd.secure_messaging import SecureMessaging
from inspection_station.documents.emrtd.security_infos import (
    CHIP_AUTHENTICATION,
    ChipAuthenticationKey,
    SecurityInfos,
)

_NOT_THIS_COMMAND = (
    Status.INSTRUCTION_UNKNOWN,
    Status.WRONG_P1_P2,
    Status.NOT_SUPPORTED,
    Status.REFERENCED_DATA_NOT_FOUND,
)


@dataclass(frozen=True, slots=True)
class KeyAgreement:
    """A key of the chip and the protocol to use it with."""

    key: ChipAuthenticationKey
    oid: str
    cipher: int

    @property
    def description(self) -> str:
        """«CA-ECDH with AES-128 on brainpoolP256r1»."""
        kind = "ECDH" if self.key.elliptic else "DH"
        return f"CA-{kind} with {CIPHER_NAMES[self.cipher]} on {self.key.group.name}"


def agreements(infos: SecurityInfos) -> tuple[KeyAgreement, ...]:
    """Every key with every protocol that fits it, the strongest cipher first.

    Chips from before the protocol was announced have keys alone: those speak 3DES (TR-03110 part 1).
    """
    found: list[KeyAgreement] = []
    for key in infos.keys:
        fitting = [
            info
            for info in infos.chip_authentication
            if info.elliptic is key.elliptic
            and (info.key_id is None or key.key_id is None or info.key_id == key.key_id)
        ]
        found.extend(KeyAgreement(key, info.oid, info.cipher) for info in fitting)
        if not fitting and not infos.chip_authentication:
            found.append(KeyAgreement(key, f"{CHIP_AUTHENTICATION}.{2 if key.elliptic else 1}.1", 1))
    return tuple(sorted(found, key=lambda agreement: -agreement.cipher))


@dataclass(frozen=True, slots=True)
class AgreedSession:
    """The secure messaging that an agreement led to, and the station's one-time public key, which terminal
    authentication signs.
    """

    messaging: SecureMessaging
    group: KeyGroup
    public: bytes


def authenticate(
    channel: Channel, agreement: KeyAgreement, random: Random, scalar: Scalar | None = None
) -> AgreedSession:
    """Agrees on new keys under the session as it is; the caller puts the new one in its place (§6.2.2).

    ChipRefused where the chip does not take the protocol or the key.
    """
    group = agreement.key.group
    secret = (scalar or random_scalar(random))(group.order)
    public = group.multiply(secret, group.generator)
    response = _set_key_agreement(channel, agreement, public) if agreement.cipher == 1 else None
    if response is None or (response.status in _NOT_THIS_COMMAND and response.secured):
        response = _general_authenticate(channel, agreement, public)
    if not response.ok:
        raise ChipRefused("chip authentication", response.status)
    suite = agreed_suite(agreement.cipher, group.shared_secret(group.multiply(secret, agreement.key.public)))
    return AgreedSession(SecureMessaging(suite, bytes(suite.block)), group, public)


def _reference(agreement: KeyAgreement) -> bytes:
    """The key's identifier where it has one (§6.2.4)."""
    number = agreement.key.key_id
    if number is None:
        return b""
    return tlv.encode(0x84, number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))


def _set_key_agreement(channel: Channel, agreement: KeyAgreement, public: bytes) -> Response:
    """MSE:Set KAT, 3DES only (§6.2.4.1)."""
    return channel.send(Command(0x22, 0x41, 0xA6, tlv.encode(0x91, public) + _reference(agreement)))


def _general_authenticate(channel: Channel, agreement: KeyAgreement, public: bytes) -> Response:
    """MSE:Set AT, then GENERAL AUTHENTICATE (§6.2.4.2)."""
    oid = tlv.read(asn1.encode_oid(agreement.oid))[0].value
    chosen = channel.send(Command(0x22, 0x41, 0xA4, tlv.encode(0x80, oid) + _reference(agreement)))
    if not chosen.ok:
        return chosen
    return channel.send(Command(0x86, data=tlv.encode(0x7C, tlv.encode(0x80, public)), le=256))
