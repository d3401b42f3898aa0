"""Command APDUs as a card takes them apart (ISO/IEC 7816-3 §12.1.3, 7816-4 §5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.documents.emrtd.apdu import MAX_EXTENDED, MAX_SHORT, Status


class CardError(Exception):
    """Ends the command with an error status. ``ends_session``: secure messaging is over."""

    def __init__(self, status: int, *, ends_session: bool = False) -> None:
        super().__init__(f"{status:04X}")
        self.status = int(status)
        self.ends_session = ends_session


@dataclass(frozen=True, slots=True)
class CardCommand:
    """A received command. ``le`` is None where nothing is awaited; ``extended`` tells its form."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None
    extended: bool

    @property
    def secured(self) -> bool:
        """Whether its class says secure messaging."""
        return self.cla & 0x0C == 0x0C

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))


def parse_command(apdu: bytes) -> CardCommand:
    """All seven cases; CardError 6700 for lengths that do not fit."""
    if len(apdu) < 4:
        raise CardError(Status.WRONG_LENGTH)
    header, body = apdu[:4], apdu[4:]
    if not body:
        return CardCommand(header[0], header[1], header[2], header[3], b"", None, False)
    if len(body) == 1:
        return CardCommand(header[0], header[1], header[2], header[3], b"", body[0] or MAX_SHORT, False)
    if body[0]:
        return _with_data(header, body[1:], body[0], extended=False)
    if len(body) == 3:
        return CardCommand(
            header[0], header[1], header[2], header[3], b"", int.from_bytes(body[1:], "big") or MAX_EXTENDED, True
        )
    return _with_data(header, body[3:], int.from_bytes(body[1:3], "big"), extended=True)


def _with_data(header: bytes, rest: bytes, lc: int, *, extended: bool) -> CardCommand:
    data, tail = rest[:lc], rest[lc:]
    if len(data) != lc or len(tail) not in ((0, 2) if extended else (0, 1)):
        raise CardError(Status.WRONG_LENGTH)
    largest = MAX_EXTENDED if extended else MAX_SHORT
    le = (int.from_bytes(tail, "big") or largest) if tail else None
    return CardCommand(header[0], header[1], header[2], header[3], data, le, extended)
