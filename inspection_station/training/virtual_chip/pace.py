"""The card's side of PACE with generic mapping (Doc 9303 part 11 §4.4)."""

from __future__ import annotations

from collections.abc import Callable

from inspection_station.documents.emrtd import pace, tlv
from inspection_station.documents.emrtd.access_keys import AccessKey
from inspection_station.documents.emrtd.apdu import Status
from inspection_station.documents.emrtd.ciphers import CipherSuite, equal
from inspection_station.documents.emrtd.curves import Curve, Point
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.pace import Part
from inspection_station.documents.emrtd.security_infos import PaceInfo
from inspection_station.training.virtual_chip.commands import CardCommand, CardError
from inspection_station.training.virtual_chip.secure_channel import CardSession


class PaceDialogue:
    """One run from MSE:Set AT to the tokens; any step out of order ends it."""

    def __init__(self, info: PaceInfo, curve: Curve, key: AccessKey, random: Callable[[int], bytes]) -> None:
        self._info, self._curve, self._key = info, curve, key
        self._random = random
        self._scalar = pace.random_scalar(random)
        self._awaited: Part | None = None
        self._nonce = b""
        self._generator: Point = curve.generator
        self._suite: CipherSuite | None = None
        self._keys: tuple[Point, Point] | None = None

    def step(self, command: CardCommand) -> tuple[bytes, CardSession | None]:
        """Answer to one GENERAL AUTHENTICATE, and the session once the last token holds."""
        part, data = self._received(command)
        if part is not self._awaited:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        try:
            match part:
                case None:
                    self._awaited = Part.MAP_READER
                    self._nonce = self._random(16)
                    return self._answer(Part.NONCE, pace.crypt_nonce(self._info, self._key, self._nonce, encrypt=True))
                case Part.MAP_READER:
                    self._awaited = Part.KEY_READER
                    return self._answer(Part.MAP_CHIP, self._mapped(self._curve.decode(data)))
                case Part.KEY_READER:
                    self._awaited = Part.TOKEN_READER
                    return self._answer(Part.KEY_CHIP, self._agreed(self._curve.decode(data)))
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

    def _mapped(self, theirs: Point) -> bytes:
        secret = self._scalar(self._curve.n)
        self._generator = pace.mapped_generator(self._curve, self._nonce, secret, theirs)
        return self._curve.encode(pace.multiplied(self._curve, secret, self._curve.generator))

    def _agreed(self, theirs: Point) -> bytes:
        secret = self._scalar(self._curve.n)
        own = pace.multiplied(self._curve, secret, self._generator)
        self._suite = pace.session_suite(self._info, self._curve, pace.multiplied(self._curve, secret, theirs))
        self._keys = own, theirs
        return self._curve.encode(own)

    def _finished(self, received: bytes) -> tuple[bytes, CardSession]:
        if self._suite is None or self._keys is None:
            raise CardError(Status.CONDITIONS_NOT_SATISFIED)
        own, theirs = self._keys
        if not equal(received, pace.token(self._info, self._suite, self._curve, own)):
            raise CardError(Status.WRONG_KEY)
        proof = pace.token(self._info, self._suite, self._curve, theirs)
        answer = tlv.encode(0x7C, tlv.encode(Part.TOKEN_CHIP, proof))
        return answer, CardSession(self._suite, bytes(self._suite.block))
