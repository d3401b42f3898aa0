"""The card's side of secure messaging (Doc 9303 part 11 §9.8): checks and opens commands, seals answers."""

from __future__ import annotations

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.apdu import MAX_EXTENDED, MAX_SHORT, Status
from inspection_station.documents.emrtd.ciphers import CipherSuite, equal, pad, unpad
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.training.virtual_chip.commands import CardCommand, CardError


class CardSession:
    """One session's keys and counter on the card."""

    def __init__(self, suite: CipherSuite, counter: bytes) -> None:
        self._suite = suite
        self._counter = int.from_bytes(counter, "big")

    def _count(self) -> bytes:
        self._counter = (self._counter + 1) % (1 << 8 * self._suite.block)
        return self._counter.to_bytes(self._suite.block, "big")

    def open(self, command: CardCommand) -> CardCommand:
        """The command in clear. CardError 6987 or 6988, which end the session, when its objects are missing
        or wrong.
        """
        suite, counter = self._suite, self._count()
        try:
            objects = {element.tag: element for element in tlv.elements(command.data)}
        except MalformedChipData:
            raise CardError(Status.SM_OBJECTS_WRONG, ends_session=True) from None
        checksum = objects.pop(0x8E, None)
        if checksum is None:
            raise CardError(Status.SM_OBJECTS_MISSING, ends_session=True)
        body = b"".join(element.raw for element in objects.values())
        sealed = counter + pad(command.header, suite.block) + body
        if not equal(suite.checksum(pad(sealed, suite.block)), checksum.value):
            raise CardError(Status.SM_OBJECTS_WRONG, ends_session=True)
        try:
            data = self._clear(counter, objects)
        except (MalformedChipData, ValueError):
            raise CardError(Status.SM_OBJECTS_WRONG, ends_session=True) from None
        le = None
        if 0x97 in objects:
            octets = objects[0x97].value
            le = int.from_bytes(octets, "big") or (MAX_SHORT if len(octets) == 1 else MAX_EXTENDED)
        return CardCommand(command.cla & ~0x0C, command.ins, command.p1, command.p2, data, le, command.extended)

    def _clear(self, counter: bytes, objects: dict[int, tlv.Element]) -> bytes:
        if 0x87 in objects:
            if not objects[0x87].value.startswith(b"\x01"):
                raise MalformedChipData("a cryptogram with an unknown padding")
            return unpad(self._suite.decrypt(counter, objects[0x87].value[1:]))
        if 0x85 in objects:
            return unpad(self._suite.decrypt(counter, objects[0x85].value))
        return b""

    def seal(self, command: CardCommand, data: bytes, status: int) -> bytes:
        """The answer under secure messaging, with its outer status word."""
        suite, counter = self._suite, self._count()
        body = b""
        if data:
            cryptogram = suite.encrypt(counter, pad(data, suite.block))
            body = tlv.encode(0x85, cryptogram) if command.ins & 1 else tlv.encode(0x87, b"\x01", cryptogram)
        body += tlv.encode(0x99, status.to_bytes(2, "big"))
        checksum = suite.checksum(pad(counter + body, suite.block))
        return body + tlv.encode(0x8E, checksum) + status.to_bytes(2, "big")

    def room(self, largest_answer: int) -> int:
        """How many bytes of data fit into a sealed answer of that size: status, checksum, cryptogram header,
        padding.
        """
        header = 3 if largest_answer <= MAX_SHORT else 5
        blocks = (largest_answer - 4 - 10 - header) // self._suite.block
        return max(0, blocks * self._suite.block - 1)
