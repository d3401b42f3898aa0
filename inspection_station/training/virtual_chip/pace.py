"""The card's side of PACE, every mapping (Doc 9303 part 11 §4.4)."""

from __future__ import annotations

from collections.abc import Callable

from inspection_station.documents.emrtd import pace, pace_mapping, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.ciphers import CipherSuite, agreed_suite, equal, pad
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.pace import Part
from inspection_station.documents.emrtd.security_infos import Mapping, PaceInfo
from inspection_station.documents.emrtd.terminal_authentication import compressed
from inspection_station.training.chip_keys import AgreementKey
from inspection_station.training.virtual_chip.commands import CardCommand, CardError
from inspection_station.training.virtual_chip.secure_channel import CardSession


class PaceDialogue:
    """One run from MSE:Set AT to the tokens; any step out of order ends it. ``static`` is the key that
    chip-authentication mapping proves; a chip without it sends no proof.
    """

    def __init__(
        self, info: PaceInfo, key: AccessKey, random: Callable[[int], bytes], static: AgreementKey | None = None
    ) -> None:
        self._info, self._key = info, key
        self._group = pace.group_of(info)
        self._random = random
        self._static = static
        self._scalar = pace.random_scalar(random)
        self._awaited: Part | None = None
        self._nonce = b""
        self._generator = self._group.generator
        self._mapping_secret = 0
        self._suite: CipherSuite | None = None
        self._keys: tuple[bytes, bytes] | None = None

    @property
    def by_number(self) -> bool:
        """Whether the card access number was the password."""
        return pace.password_reference(self._key) == 2

    @property
    def identity(self) -> bytes:
        """What terminal authentication takes the chip for: its compressed one-time key; nothing before the end."""
        return compressed(self._group, self._keys[0]) if self._keys is not None else b""

    def step(self, command: CardCommand) -> tuple[bytes, CardSession | None]:
        """Answer to one GENERAL AUTHENTICATE, and the session once the last token holds."""
        part, data = self._received(command)
        if part is not self._awaited:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        try:
            match part:
                case None:
                    self._awaited = Part.MAP_READER
                    self._nonce = self._random(pace_mapping.nonce_bytes(self._info.key_bytes))
                    k_pi = pace.password_key(self._info, self._key)
                    return self._answer(Part.NONCE, pace.crypt_nonce(self._info, k_pi, self._nonce, encrypt=True))
                case Part.MAP_READER:
                    self._awaited = Part.KEY_READER
                    return self._answer(Part.MAP_CHIP, self._mapped(data))
                case Part.KEY_READER:
                    self._awaited = Part.TOKEN_READER
                    return self._answer(Part.KEY_CHIP, self._agreed(self._group.decode(data)))
                case _:
                    return self._finished(data)
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None

    def _received(self, command: CardCommand) -> tuple[Part | None, bytes]:
        try:
            inside = list(tlv.only(command.data, 0x7C).children())
        except MalformedChipData:
            raise CardError(Status.WRONG_DATA) from None
        if not inside:
            return None, b""
        if len(inside) > 1 or inside[0].tag not in list(Part):
            raise CardError(Status.WRONG_DATA)
        return Part(inside[0].tag), inside[0].value

    def _answer(self, part: Part, data: bytes) -> tuple[bytes, None]:
        return tlv.encode(0x7C, tlv.encode(part, data)), None

    def _mapped(self, data: bytes) -> bytes:
        info, group = self._info, self._group
        if info.mapping.integrated:
            if len(data) != info.key_bytes:
                raise CardError(Status.WRONG_DATA)
            self._generator = pace_mapping.integrated(group, self._nonce, data, des=info.triple_des)
            return b""
        theirs = group.decode(data)
        self._mapping_secret = self._scalar(group.order)
        self._generator = pace_mapping.generic(group, self._nonce, self._mapping_secret, theirs)
        return group.multiply(self._mapping_secret, group.generator)

    def _agreed(self, theirs: bytes) -> bytes:
        group = self._group
        secret = self._scalar(group.order)
        own = group.multiply(secret, self._generator)
        self._suite = agreed_suite(self._info.cipher, group.shared_secret(group.multiply(secret, theirs)))
        self._keys = own, theirs
        return own

    def _finished(self, received: bytes) -> tuple[bytes, CardSession]:
        if self._suite is None or self._keys is None:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        own, theirs = self._keys
        if not equal(received, pace.token(self._info, self._suite, self._group, own)):
            raise CardError(Status.WRONG_KEY)
        proof = tlv.encode(Part.TOKEN_CHIP, pace.token(self._info, self._suite, self._group, theirs))
        answer = tlv.encode(0x7C, proof, self._chip_data(self._suite))
        return answer, CardSession(self._suite, bytes(self._suite.block))

    def _chip_data(self, suite: CipherSuite) -> bytes:
        """The mapping secret divided by the static key, encrypted (§4.4.3.5)."""
        if self._info.mapping is not Mapping.ECDH_CAM or self._static is None:
            return b""
        order = self._group.order
        data = pow(self._static.secret, -1, order) * self._mapping_secret % order
        size = (order.bit_length() + 7) // 8
        sealed = suite.encrypt(pace.CHIP_DATA_VECTOR, pad(data.to_bytes(size, "big"), suite.block))
        return tlv.encode(Part.CHIP_DATA, sealed)
