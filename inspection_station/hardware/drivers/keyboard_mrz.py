"""Readers that type: a keyboard wedge is told from a person by its speed alone.

The screen's event filter gives every key to a ``hardware.wedge.WedgeAssembler``; what turns out to be a scan goes to
``KeyboardMrzReader.feed``, what does not is typed again. No Qt here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from threading import Event
from typing import Final

from inspection_station.documents.mrz_input import control_characters, frame
from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceGarbage
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.hardware.wedge import LONGEST_SCAN
from inspection_station.inspection.document import MrzSource

DRIVER: Final = "keyboard-mrz"
_POLL_SECONDS: Final = 0.05


class KeyboardMrzReader:
    """The device behind the wedge: ``feed`` gives it a scan from any thread; it cannot tell that it was unplugged."""

    def __init__(self, settings: DriverSettings) -> None:
        SettingsReader(DRIVER, settings).finish()
        self._scans: SimpleQueue[str] = SimpleQueue()
        self._open = False
        self._waiting = False
        self._info = DeviceInfo(DeviceKind.DOCUMENT_READER, DRIVER, "keyboard wedge reader", frozenset({"mrz"}))

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def probe(self) -> None:
        if not self._open:
            raise DeviceError("the wedge reader is closed")

    def feed(self, text: str) -> bool:
        """A scan. False when nobody waits: it belongs to no inspection and is thrown away."""
        if not self._open or not self._waiting:
            return False
        self._scans.put(text)
        return True

    def await_document(self, cancel: Event) -> DocumentScan:
        """One scan as text (MrzSource.KEYBOARD_WEDGE), not yet parsed. Raises DeviceGarbage for an overlong one."""
        self.probe()
        while not self._scans.empty():
            self._scans.get_nowait()
        self._waiting = True
        try:
            while not cancel.is_set():
                self.probe()
                try:
                    text = self._scans.get(timeout=_POLL_SECONDS)
                except Empty:
                    continue
                return DocumentScan(MrzSource.KEYBOARD_WEDGE, text=self._checked(text))
        finally:
            self._waiting = False
        raise CaptureCancelled("no longer waiting for a scan")

    @staticmethod
    def _checked(text: str) -> str:
        if len(text) > LONGEST_SCAN:
            raise DeviceGarbage(f"a scan of more than {LONGEST_SCAN} characters", code="DOC-10")
        framing = frame(text)
        if not framing.tokens:
            raise DeviceGarbage("a scan without any character", code="DOC-11")
        spoilt = not framing.zones and control_characters(text)  # which is to be seen
        return text if spoilt else "\n".join(framing.tokens)


class KeyboardMrzFactory:
    """Entry point ``keyboard-mrz``."""

    kind = DeviceKind.DOCUMENT_READER

    def __call__(self, settings: DriverSettings) -> KeyboardMrzReader:
        return KeyboardMrzReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        """Nothing: a wedge looks like any keyboard."""
        return ()

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.hardware.drivers.swipe_rehearsal import keyboard_rehearsal

        return keyboard_rehearsal(self(DriverSettings()))


factory = KeyboardMrzFactory()
