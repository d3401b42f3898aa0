"""Tells a keyboard wedge from a person by its speed alone. No Qt here: the screen's event filter brings the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inspection_station.documents.mrz_input import frame

LONGEST_SCAN: Final = 2048  # characters

GAP: Final = 0.035  # seconds between two keys of a reader at most
LINE_GAP: Final = 0.15  # readers pause between lines; only a burst that is long enough already is waited for
SHORTEST: Final = 20  # characters; the shortest line of a zone has 30


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

    def __init__(self, gap: float = GAP, shortest: int = SHORTEST, line_gap: float = LINE_GAP) -> None:
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
