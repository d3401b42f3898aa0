"""Commands and answers (ISO/IEC 7816-4 §5.1), and a channel that carries them, in clear or under secure messaging."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from inspection_station.documents.emrtd.errors import MalformedChipData, ReadingCancelled

Transmit = Callable[[bytes], bytes]
"""Takes a command APDU, returns data and status word; raises the device's own errors."""

MAX_SHORT, MAX_EXTENDED = 256, 65_536
_CHAINED_ANSWERS = 512


class Status(IntEnum):
    """Status words that have a meaning here (ISO/IEC 7816-4 §5.6; Doc 9303 part 11 §4, §9.8)."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    WRONG_KEY = 0x6300
    WRONG_LENGTH = 0x6700
    SECURITY_NOT_SATISFIED = 0x6982
    METHOD_BLOCKED = 0x6983
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_FILE = 0x6986
    SM_OBJECTS_MISSING = 0x6987
    SM_OBJECTS_WRONG = 0x6988
    WRONG_DATA = 0x6A80
    NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    WRONG_P1_P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    OFFSET_OUTSIDE = 0x6B00
    INSTRUCTION_UNKNOWN = 0x6D00
    CLASS_UNKNOWN = 0x6E00
    UNSPECIFIED = 0x6F00


@dataclass(frozen=True, slots=True)
class Command:
    """A command. ``le`` is how many bytes are awaited: None for no such field, 256 or 65,536 for «as many as you
    have».
    """

    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    le: int | None = None
    cla: int = 0

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    @property
    def extended(self) -> bool:
        """Whether its lengths need the extended form."""
        return len(self.data) > 255 or (self.le or 0) > MAX_SHORT

    def encode(self) -> bytes:
        """The APDU: short fields where they suffice."""
        if not self.extended:
            lc = bytes([len(self.data)]) + self.data if self.data else b""
            return self.header + lc + (b"" if self.le is None else bytes([self.le & 0xFF]))
        lc = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        if self.le is None:
            return self.header + lc
        return self.header + lc + (b"" if self.data else b"\0") + (self.le & 0xFFFF).to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: data and status word. ``secured``: it came under secure messaging and its checksum held."""

    data: bytes
    status: int
    secured: bool = False

    @property
    def ok(self) -> bool:
        """Status 9000."""
        return self.status == Status.OK

    @staticmethod
    def parse(answer: bytes) -> Response:
        """From the bytes a reader returns."""
        if len(answer) < 2:
            raise MalformedChipData("an answer shorter than its status word")
        return Response(answer[:-2], int.from_bytes(answer[-2:], "big"))


class SecureChannel(Protocol):
    """What wraps commands once access is granted."""

    def protect(self, command: Command) -> Command: ...
    def unprotect(self, response: Response) -> Response: ...


class CancelSignal(Protocol):
    """Anything that says whether to stop (a threading.Event does)."""

    def is_set(self) -> bool: ...


class Channel:
    """Carries commands to one chip. Follows 61xx and 6Cxx, adds secure messaging once ``secure`` is set, counts
    and times.

    ``device_seconds`` is the time spent inside ``transmit``: reader and chip, not the station.
    """

    def __init__(
        self, transmit: Transmit, *, cancel: CancelSignal | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._transmit = transmit
        self._cancel = cancel
        self._clock = clock
        self.secure: SecureChannel | None = None
        self.device_seconds = 0.0
        self.commands = 0

    def send(self, command: Command) -> Response:
        """The answer, its secure messaging taken off and checked.

        An answer in clear to a protected command is returned as it is (``secured`` False): the chip has ended
        the session, and no data of it may be used. Raises ReadingCancelled, MalformedChipData,
        SecureMessagingBroken, or what the transport raises.
        """
        secure = self.secure
        if secure is None:
            return self._exchange(command)
        answer = self._exchange(secure.protect(command))
        if not answer.data:
            self.secure = None
            return answer
        return secure.unprotect(answer)

    def _exchange(self, command: Command) -> Response:
        response = self._once(command)
        if response.status >> 8 == 0x6C and not response.data:
            response = self._once(
                Command(command.ins, command.p1, command.p2, command.data, response.status & 0xFF or 256, command.cla)
            )
        data = response.data
        for _ in range(_CHAINED_ANSWERS):
            if response.status >> 8 != 0x61:
                break
            # GET RESPONSE keeps the class of the command it continues, without the secure-messaging bits.
            le = response.status & 0xFF or 256
            response = self._once(Command(0xC0, le=le, cla=command.cla & ~0x0C))
            if not response.data and response.status >> 8 == 0x61:
                raise MalformedChipData("a chained answer that does not advance")
            data += response.data
            if len(data) > MAX_EXTENDED + 64:
                raise MalformedChipData("an answer longer than 64 KB")
        return Response(data, response.status)

    def _once(self, command: Command) -> Response:
        if self._cancel is not None and self._cancel.is_set():
            raise ReadingCancelled("the reading was stopped")
        self.commands += 1
        started = self._clock()
        try:
            answer = self._transmit(command.encode())
        finally:
            self.device_seconds += self._clock() - started
        return Response.parse(answer)
