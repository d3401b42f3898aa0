"""Fingers for the effect runner: a capture, the chip's own fingers, and the answer made of both.

The chip's fingers stay here, in memory, between the end of its reading and the end of the inspection; they are only
compared with (Doc 9303 part 10: DG3), and only those of the reading that belongs to the capture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from inspection_station.desk.finger_capture import FingersCapture, FingersOutcome
from inspection_station.desk.finger_ports import FingerJudge, FingerSearcher
from inspection_station.desk.ports import Clock
from inspection_station.desk.vault import Vault
from inspection_station.documents.emrtd.finger_images import FingerImage as ChipFinger
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import FingerAbsence, FingerPosition, FingerprintSample
from inspection_station.inspection.effects import CaptureFingerprints


class ChipFingers:
    """Fingers of the newest reading of the chip. ``when_read`` calls at once, or when that reading has ended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._attempt = 0
        self._fingers: tuple[ChipFinger, ...] | None = ()
        self._waiting: list[Callable[[], None]] = []

    def reading(self, attempt: int) -> None:
        """A reading begins; those of an older one go."""
        with self._lock:
            self._attempt, self._fingers = attempt, None

    def read(self, attempt: int, fingers: Sequence[ChipFinger]) -> None:
        """That reading has ended, however it did."""
        with self._lock:
            if attempt != self._attempt:
                return
            self._fingers = tuple(fingers)
            waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def clear(self) -> None:
        """They go from memory; whoever waits is told that there are none."""
        with self._lock:
            self._attempt, self._fingers = 0, ()
            waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def of(self, attempt: int) -> tuple[ChipFinger, ...]:
        """Those of one reading, none where another one came after it."""
        with self._lock:
            return (self._fingers or ()) if attempt and attempt == self._attempt else ()

    def when_read(self, attempt: int, call: Callable[[], None]) -> None:
        """Call once the reading has ended."""
        with self._lock:
            if attempt == self._attempt and self._fingers is None:
                self._waiting.append(call)
                return
        call()


class FingerWork:
    """Used by the effect runner; from its threads."""

    def __init__(self, vault: Vault, clock: Clock, searcher: FingerSearcher | None = None) -> None:
        self._vault = vault
        self._clock = clock
        self._searcher = searcher
        self.chip = ChipFingers()
        self._capture: FingersCapture | None = None

    def begin(self, capture: FingersCapture) -> None:
        """The capture whose fingers the officer's notes are about."""
        self._capture = capture

    def note(self, position: FingerPosition, why: FingerAbsence) -> bool:
        """False when that finger is not asked for any longer."""
        capture = self._capture
        return capture is not None and capture.note(position, why)

    def clear(self) -> None:
        """Nothing of anybody's fingers stays."""
        self._capture = None
        self.chip.clear()

    def answer(self, judge: FingerJudge, asked: CaptureFingerprints, outcome: FingersOutcome) -> e.FingerprintsCaptured:
        """The event of a capture, with the comparisons. Raises StepFault."""
        before = self._clock.monotonic()
        probes = {position: judged.template for position, judged in outcome.taken.items()}
        chip = self.chip.of(asked.chip_attempt)
        compared = judge.compare(probes, chip) if chip and probes else ()
        samples = tuple(
            FingerprintSample(
                self._vault.put(judged.picture, judged.media_type), position, judged.quality, judged.method
            )
            for position, judged in outcome.taken.items()
        )
        search = None
        if self._searcher is not None and probes:
            search = self._searcher.search(probes, asked.document_number, asked.issuing_state)
        spent = (self._clock.monotonic() - before) * 1000
        return e.FingerprintsCaptured(
            asked.attempt, outcome.total_ms + spent, outcome.device_ms, samples, outcome.not_taken, compared, search
        )
