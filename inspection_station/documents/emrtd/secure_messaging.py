"""Secure messaging (Doc 9303 part 11 §9.8): every command encrypted and sealed, every answer's seal and counter
checked.
"""

from __future__ import annotations

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.apdu import Command, Response
from inspection_station.documents.emrtd.ciphers import CipherSuite, equal, pad, unpad
from inspection_station.documents.emrtd.errors import MalformedChipData, SecureMessagingBroken

CRYPTOGRAM_ODD, CRYPTOGRAM, EXPECTED_LENGTH, STATUS_OBJECT, CHECKSUM = 0x85, 0x87, 0x97, 0x99, 0x8E
SECURED_CLASS = 0x0C


class SecureMessaging:
    """The reader's side of one session. ``counter`` is the send sequence counter as the access protocol left it."""

    def __init__(self, suite: CipherSuite, counter: bytes) -> None:
        if len(counter) != suite.block:
            raise ValueError("the send sequence counter is one block long")
        self._suite = suite
        self._counter = int.from_bytes(counter, "big")

    def _count(self) -> bytes:
        self._counter = (self._counter + 1) % (1 << 8 * self._suite.block)
        return self._counter.to_bytes(self._suite.block, "big")

    def protect(self, command: Command) -> Command:
        """The command as it goes over the air; its awaited length is «as many as you have» in the form it needs."""
        suite, counter = self._suite, self._count()
        header = bytes((command.cla | SECURED_CLASS, command.ins, command.p1, command.p2))
        body = b""
        if command.data:
            cryptogram = suite.encrypt(counter, pad(command.data, suite.block))
            if command.ins & 1:
                body = tlv.encode(CRYPTOGRAM_ODD, cryptogram)
            else:
                body = tlv.encode(CRYPTOGRAM, b"\x01", cryptogram)
        if command.le is not None:
            size = 2 if command.le > 256 else 1
            body += tlv.encode(EXPECTED_LENGTH, (command.le % (1 << 8 * size)).to_bytes(size, "big"))
        sealed = counter + pad(header, suite.block) + body
        body += tlv.encode(CHECKSUM, suite.checksum(pad(sealed, suite.block)))
        extended = len(body) > 255 or (command.le or 0) > 256
        return Command(command.ins, command.p1, command.p2, body, 65_536 if extended else 256, header[0])

    def unprotect(self, response: Response) -> Response:
        """The answer in clear. Raises SecureMessagingBroken unless its checksum is right for this very command."""
        suite, counter = self._suite, self._count()
        try:
            objects = list(tlv.elements(response.data))
        except MalformedChipData as fault:
            raise SecureMessagingBroken(f"a secured answer: {fault.detail}") from None
        tags = [element.tag for element in objects]
        if tags not in (
            [STATUS_OBJECT, CHECKSUM],
            [CRYPTOGRAM, STATUS_OBJECT, CHECKSUM],
            [CRYPTOGRAM_ODD, STATUS_OBJECT, CHECKSUM],
        ):
            raise SecureMessagingBroken("a secured answer without its objects")
        sealed = counter + b"".join(element.raw for element in objects[:-1])
        if not equal(suite.checksum(pad(sealed, suite.block)), objects[-1].value):
            raise SecureMessagingBroken("a secured answer with a wrong checksum")
        status = objects[-2].value
        if len(status) != 2:
            raise SecureMessagingBroken("a secured answer without a status word")
        return Response(self._clear(counter, objects[0]), int.from_bytes(status, "big"), secured=True)

    def _clear(self, counter: bytes, element: tlv.Element) -> bytes:
        if element.tag == STATUS_OBJECT:
            return b""
        cryptogram = element.value
        if element.tag == CRYPTOGRAM:
            if not cryptogram.startswith(b"\x01"):
                raise SecureMessagingBroken("a secured answer with an unknown padding")
            cryptogram = cryptogram[1:]
        if not cryptogram or len(cryptogram) % self._suite.block:
            raise SecureMessagingBroken("a secured answer that is not whole blocks")
        return unpad(self._suite.decrypt(counter, cryptogram))
