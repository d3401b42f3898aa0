"""A PN532, the NFC module of hobbyists, on a serial line with one chip before it: as much of it as libnfc asks for, so
that readers made by others reach a virtual passport.

Frames and commands after NXP's user manual UM0701-02 (§6.2 frames, §7 commands).
"""

from __future__ import annotations

import os
import pty
import select
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType

_ACKNOWLEDGED = bytes.fromhex("0000FF00FF00")
_TO_HOST = 0xD5
_DIAGNOSE, _VERSION, _READ_REGISTER, _LIST, _EXCHANGE, _DESELECT, _RELEASE = 0x00, 0x02, 0x06, 0x4A, 0x40, 0x44, 0x52
_PN532 = bytes.fromhex("32010607")
# One target, type A: SENS_RES, SEL_RES (ISO/IEC 14443-4), identifier, ATS.
_TARGET = bytes.fromhex("010100042004081122330578807002")


class SerialNfcModule:
    """Answers on ``path`` while it is entered; ``transmit`` is the chip."""

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._transmit = transmit
        self._end = Event()
        self._line, self._other = pty.openpty()
        for end in (self._line, self._other):
            tty.setraw(end)
        self.path = os.ttyname(self._other)
        self._thread = Thread(target=self._serve, name="nfc-module")

    def __enter__(self) -> SerialNfcModule:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()
        os.close(self._line)
        os.close(self._other)

    def _serve(self) -> None:
        waiting = b""
        while not self._end.is_set():
            if not select.select([self._line], [], [], 0.05)[0]:
                continue
            with suppress(OSError):  # the reader closed its end
                waiting += os.read(self._line, 4096)
            frames, waiting = _frames(waiting)
            for frame in frames:
                os.write(self._line, _ACKNOWLEDGED)
                os.write(self._line, _framed(bytes([_TO_HOST, frame[1] + 1]) + self._answer(frame[1], frame[2:])))

    def _answer(self, command: int, given: bytes) -> bytes:
        match command:
            case _ if command == _DIAGNOSE:  # what was sent, for the line's sake
                return given
            case _ if command == _VERSION:
                return _PN532
            case _ if command == _READ_REGISTER:
                return bytes(len(given) // 2)
            case _ if command == _LIST:
                return _TARGET
            case _ if command == _EXCHANGE:
                return b"\0" + self._transmit(given[1:])
            case _ if command in (_DESELECT, _RELEASE):
                return b"\0"
            case _:
                return b""


def _frames(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole frames out of what the line gave, and what is left; acknowledgements are passed over."""
    found: list[bytes] = []
    while (start := data.find(b"\x00\xff")) >= 0:
        head = data[start + 2 :]
        if head[:2] == b"\x00\xff":
            data = head[3:]
            continue
        extended = head[:2] == b"\xff\xff"
        if len(head) < (5 if extended else 2):
            break
        length, at = (int.from_bytes(head[2:4], "big"), 5) if extended else (head[0], 2)
        if len(head) < at + length + 2:
            break
        found.append(head[at : at + length])
        data = head[at + length + 2 :]
    return found, data


def _framed(content: bytes) -> bytes:
    return b"".join(_parts(content))


def _parts(content: bytes) -> Iterator[bytes]:
    yield b"\x00\x00\xff"
    if len(content) < 0x100:
        yield bytes([len(content), -len(content) & 0xFF])
    else:
        length = len(content).to_bytes(2, "big")
        yield b"\xff\xff" + length + bytes([-sum(length) & 0xFF])
    yield content + bytes([-sum(content) & 0xFF, 0])
