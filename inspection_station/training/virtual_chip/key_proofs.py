"""The card's side of chip authentication and active authentication (Doc 9303 part 11 §6)."""

from __future__ import annotations

from collections.abc import Callable

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.ciphers import agreed_suite
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.terminal_authentication import compressed
from inspection_station.training.chip_keys import ChipKeys
from inspection_station.training.virtual_chip.commands import CardCommand, CardError
from inspection_station.training.virtual_chip.secure_channel import CardSession

_CHALLENGE_BYTES = 8


class KeyProofs:
    """Proves the keys of one chip. A chip without them does not know the commands. ``agreed`` is the reader's one-time
    key since chip authentication, compressed, for terminal authentication to sign.
    """

    def __init__(self, keys: ChipKeys, random: Callable[[int], bytes]) -> None:
        self._keys = keys
        self._random = random
        self._cipher: int | None = None
        self.agreed: bytes | None = None

    @property
    def awaits_key(self) -> bool:
        """Whether MSE:Set AT has chosen chip authentication, so that GENERAL AUTHENTICATE belongs to it."""
        return self._cipher is not None

    def forget(self) -> None:
        """A new start: nothing is chosen."""
        self._cipher = None

    def set_key_agreement(self, command: CardCommand) -> CardSession:
        """MSE:Set KAT (§6.2.4.1): the new session, for after this command's answer."""
        key = self._keys.agreement
        if key is None or 1 not in key.ciphers or not key.by_template:
            raise CardError(Status.INSTRUCTION_UNKNOWN)
        asked = _objects(command.data)
        self._check_reference(asked)
        return self._agreed(1, asked.get(0x91, b""))

    def set_protocol(self, command: CardCommand) -> None:
        """MSE:Set AT for chip authentication (§6.2.4.2)."""
        key = self._keys.agreement
        if key is None:
            raise CardError(Status.INSTRUCTION_UNKNOWN)
        asked = _objects(command.data)
        self._check_reference(asked)
        chosen = [
            cipher
            for cipher, oid in zip(key.ciphers, key.protocols, strict=True)
            if tlv.read(asn1.encode_oid(oid))[0].value == asked.get(0x80)
        ]
        if not chosen:
            raise CardError(Status.WRONG_DATA)
        self._cipher = chosen[0]

    def general_authenticate(self, command: CardCommand) -> tuple[bytes, CardSession]:
        """The reader's key (§6.2.4.2); the new session is for after the answer."""
        cipher, self._cipher = self._cipher, None
        if cipher is None:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        try:
            public = tlv.only(command.data, 0x7C).child(0x80).value
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None
        return tlv.encode(0x7C), self._agreed(cipher, public)

    def internal_authenticate(self, command: CardCommand) -> bytes:
        """A signature over the challenge (§6.1.3)."""
        if self._keys.signer is None:
            raise CardError(Status.INSTRUCTION_UNKNOWN)
        if len(command.data) != _CHALLENGE_BYTES or command.le is None:
            raise CardError(Status.WRONG_LENGTH)
        signature = self._keys.signer.sign(command.data, self._random(16))
        if len(signature) > command.le:
            raise CardError(Status.WRONG_LENGTH)
        return signature

    def _check_reference(self, asked: dict[int, bytes]) -> None:
        key = self._keys.agreement
        if key is not None and 0x84 in asked and int.from_bytes(asked[0x84], "big") != key.key_id:
            raise CardError(Status.REFERENCED_DATA_NOT_FOUND)

    def _agreed(self, cipher: int, public: bytes) -> CardSession:
        key = self._keys.agreement
        if key is None:
            raise CardError(Status.INSTRUCTION_UNKNOWN)
        try:
            shared = key.group.multiply(key.secret, key.group.decode(public))
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None
        self.agreed = compressed(key.group, key.group.decode(public))
        suite = agreed_suite(cipher, key.group.shared_secret(shared))
        return CardSession(suite, bytes(suite.block))


def _objects(data: bytes) -> dict[int, bytes]:
    try:
        return {element.tag: element.value for element in tlv.elements(data)}
    except MalformedChipData:
        raise CardError(Status.WRONG_DATA) from None
