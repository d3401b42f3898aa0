"""Swipe and insert readers on a serial port (also USB as virtual COM port): bytes dribble in, a zone comes out.

Readers differ in what they put round the lines: CR, LF, CRLF, STX … ETX, nothing at all. A message ends when the lines
make a whole zone and the last byte is a control character, or when the line falls silent.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from threading import Event
from typing import Final

import serial
from serial.tools import list_ports

from inspection_station.documents.mrz_input import control_characters, frame
from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource

DRIVER: Final = "serial-mrz"
LONGEST_MESSAGE: Final = 2048
"""Bytes. The longest zone has 90 characters; readers that send it twice with framing stay below 400."""
SHORTEST_MESSAGE: Final = 20
_FLOOD_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.05
_CONTROL: Final = frozenset(range(32)) | {0x7F}

try:  # what a POSIX port raises when its device is gone; Windows raises SerialException alone
    from termios import error as _TerminalError
except ImportError:
    _TerminalError = serial.SerialException  # type: ignore[assignment,misc]
_GONE: Final = (serial.SerialException, OSError, _TerminalError)


class SwipeMessage:
    """Bytes of one swipe, without any clock or port: ``add`` what came, ``take`` what is finished.

    ``quiet`` is the silence in seconds that ends a message. Raises DeviceGarbage for what cannot be a zone: over
    LONGEST_MESSAGE bytes, under SHORTEST_MESSAGE characters, or bytes that no reader sends.
    """

    def __init__(self, quiet: float, extra_line_ends: str = "") -> None:
        self._quiet = quiet
        self._line_ends = str.maketrans(dict.fromkeys(extra_line_ends, "\n"))
        self._bytes = bytearray()
        self._overlong = 0
        self._first = self._last = 0.0

    def add(self, received: bytes, now: float) -> None:
        """Bytes as they came, at ``now`` seconds (monotonic)."""
        if not received:
            return
        if not self._bytes:
            self._first = now
        self._last = now
        room = LONGEST_MESSAGE - len(self._bytes)
        self._bytes += received[:room]
        self._overlong += max(0, len(received) - room)

    def take(self, now: float) -> str | None:
        """The lines of a finished message joined by newlines, or None while one is still coming."""
        if not self._bytes:
            return None
        silent = now - self._last >= self._quiet
        if self._overlong:
            if silent or now - self._first > _FLOOD_SECONDS:
                self._refuse(f"more than {LONGEST_MESSAGE} bytes in one message")
            return None
        if not silent and self._bytes[-1] not in _CONTROL:
            return None
        framing = frame(self._text())
        if not silent and (not framing.zones or framing.rest):
            return None
        self._judge(framing.tokens)
        text = "\n".join(framing.tokens)
        if not framing.zones and control_characters(self._text()):
            text = self._text()  # what spoilt it is to be seen
        self._bytes.clear()
        return text or None

    def _text(self) -> str:
        return self._bytes.decode("latin-1").translate(self._line_ends)

    def _judge(self, tokens: tuple[str, ...]) -> None:
        characters = sum(map(len, tokens))
        if not characters:  # line ends alone: a reader's greeting
            return
        foreign = sum(byte > 0x7E for byte in self._bytes)
        if foreign * 10 > len(self._bytes):
            detail = f"{foreign} of {len(self._bytes)} bytes are no characters of a zone (wrong speed or parity?)"
            self._refuse(detail, code="DOC-11")
        if characters < SHORTEST_MESSAGE:
            self._refuse(f"a message of {characters} characters")

    def _refuse(self, detail: str, code: str = "DOC-10") -> None:
        self._bytes.clear()
        self._overlong = 0
        raise DeviceGarbage(detail, code=code)


class SerialMrzReader:
    """A swipe reader on ``port``. What was swiped while nobody waited is thrown away: it belongs to no inspection."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._port = reader.take("port", "")
        self._baud = reader.take("baud", 9600, low=300, high=921600)
        self._parity = reader.take("parity", "N", among=("N", "E", "O"))
        self._data_bits = reader.take("data_bits", 8, among=(7, 8))
        self._stop_bits = reader.take("stop_bits", 1, among=(1, 2))
        self._terminators = reader.take("terminators", "")
        self._quiet = reader.take("quiet_seconds", 0.15, low=0.02, high=5.0)
        reader.finish()
        if not self._port:
            raise ValueError(f"{DRIVER}: setting 'port' is needed, e.g. /dev/ttyUSB0 or COM3")
        self._serial: serial.Serial | None = None
        self._info = DeviceInfo(DeviceKind.DOCUMENT_READER, DRIVER, f"swipe reader {self._port}", frozenset({"mrz"}))

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        if self._serial is not None:
            return
        try:
            self._serial = serial.Serial(
                self._port,
                self._baud,
                bytesize=self._data_bits,
                parity=self._parity,
                stopbits=self._stop_bits,
                timeout=_POLL_SECONDS,
                exclusive=True,
            )
        except (*_GONE, ValueError) as fault:
            raise DeviceNotFound(f"serial port {self._port} cannot be opened: {type(fault).__name__}") from None

    def close(self) -> None:
        port, self._serial = self._serial, None
        if port is not None:
            try:
                port.close()
            except _GONE:
                return  # an unplugged port has nothing left to close

    def probe(self) -> None:
        port = self._opened()
        try:
            _ = port.in_waiting
        except _GONE:
            raise self._unplugged() from None

    def await_document(self, cancel: Event) -> DocumentScan:
        """One swipe as text (MrzSource.SWIPE); the lines are not yet parsed and may be torn."""
        port = self._opened()
        message = SwipeMessage(self._quiet, self._terminators)
        try:
            port.reset_input_buffer()
            while True:
                if cancel.is_set():
                    raise CaptureCancelled("no longer waiting for a swipe")
                received = port.read(max(1, min(port.in_waiting, LONGEST_MESSAGE)))
                now = time.monotonic()
                message.add(received, now)
                if text := message.take(now):
                    return DocumentScan(MrzSource.SWIPE, text=text)
        except _GONE:
            raise self._unplugged() from None

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            raise DeviceError("the serial port is closed")
        return self._serial

    def _unplugged(self) -> DeviceUnplugged:
        self.close()
        return DeviceUnplugged(f"serial port {self._port} is gone")


class SerialMrzFactory:
    """Entry point ``serial-mrz``."""

    kind = DeviceKind.DOCUMENT_READER

    def __call__(self, settings: DriverSettings) -> SerialMrzReader:
        return SerialMrzReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """USB serial ports; a board's own ports are not listed, since they say nothing about what hangs on them."""
        return tuple(
            DeviceInfo(self.kind, DRIVER, f"{port.device}: {port.product or port.description}", frozenset({"mrz"}))
            for port in sorted(list_ports.comports())
            if port.vid is not None
        )

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.hardware.drivers.swipe_rehearsal import serial_rehearsal

        return serial_rehearsal(self)


factory = SerialMrzFactory()
