"""Readers that type: a keyboard wedge is told from a person by its speed alone.

The screen's event filter gives every key to a ``WedgeAssembler``; what turns out to be a scan goes to
``KeyboardMrzReader.feed``, what does not is typed again. No Qt here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event
from typing import Final

from inspection_station.documents.mrz_input import frame
from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceGarbage
from inspection_station.hardware.ports import Device, DeviceInfo, DeviceKind, DocumentScan, DriverSettings
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.document import MrzSource

DRIVER: Final = "keyboard-mrz"
LONGEST_SCAN: Final = 2048
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class WedgeOutcome:
    """What to do now. ``replay``: so many characters, the oldest held ones, were typed by a person: hand them on.

    ``scan``: a reader's whole message (its held keys are to be forgotten). At most one of the two is there.
    """

    replay: str = ""
    scan: str | None = None


NOTHING: Final = WedgeOutcome()


class WedgeAssembler:
    """Holds keys back until their timing shows who typed them. Times are seconds on any monotonic clock.

    A burst is keys at most ``gap`` apart; from ``shortest`` printable characters on it is a scan, which ends when
    nothing follows for ``line_gap`` (readers pause between lines) or at once when its lines make a whole zone.
    Shorter bursts come back in ``replay``. After every ``key`` call ``settle`` at ``due``; before passing on a key
    that has no character (F2, arrows) call ``flush``. Leave out auto-repeated keys: they come as fast as a reader.
    """

    def __init__(self, gap: float = 0.035, shortest: int = 20, line_gap: float = 0.15) -> None:
        self._gap = gap
        self._shortest = shortest
        self._line_gap = max(gap, line_gap)
        self._held: list[str] = []
        self._last = 0.0

    @property
    def due(self) -> float | None:
        """When to call ``settle``; None while nothing is held."""
        return self._last + self._patience() if self._held else None

    def key(self, character: str, now: float) -> WedgeOutcome:
        """One character typed at ``now`` (Enter as "\\r" or "\\n"). It is held; do not pass the key on."""
        before = self.settle(now)
        self._held.append(character)
        self._last = now
        if before is not NOTHING:
            return before
        if len(self._held) >= LONGEST_SCAN or (not character.isprintable() and self._is_whole_zone()):
            return self._finish()
        return NOTHING

    def settle(self, now: float) -> WedgeOutcome:
        """Decide what is held if its time is up."""
        if not self._held or now - self._last <= self._patience():
            return NOTHING
        return self._finish()

    def flush(self) -> WedgeOutcome:
        """Decide at once: a key without a character came, or the window lost the keyboard."""
        return self._finish() if self._held else NOTHING

    def _finish(self) -> WedgeOutcome:
        text = "".join(self._held)
        self._held.clear()
        return WedgeOutcome(scan=text) if self._is_scan(text) else WedgeOutcome(replay=text)

    def _patience(self) -> float:
        return self._line_gap if self._is_scan("".join(self._held)) else self._gap

    def _is_scan(self, text: str) -> bool:
        printable = [c for c in text if c.isprintable()]
        return len(printable) >= self._shortest and len(set(printable)) > 1  # a key held down is no reader

    def _is_whole_zone(self) -> bool:
        framing = frame("".join(self._held))
        return bool(framing.zones) and not framing.rest


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
            raise DeviceGarbage(f"a scan of more than {LONGEST_SCAN} characters", code="DOC-01")
        tokens = frame(text).tokens
        if not tokens:
            raise DeviceGarbage("a scan without any character", code="DOC-01")
        return "\n".join(tokens)


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

        return keyboard_rehearsal()


factory = KeyboardMrzFactory()
