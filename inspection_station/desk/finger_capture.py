"""One capture of the fingers: for each hand the finger that the law names, its best of several pictures.

The reader's thread waits for fingers and lends its pictures to the pool for judging; what the judging finds leaves it
as a value, since the supervisor takes whatever is raised for a fault of the device. A finger that the officer notes as
missing or injured, or that gives nothing after several tries, gives way to the next of the hand (Biometric Data
Regulation art. 6).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as StillJudging
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Final

from inspection_station.desk.finger_ports import FingerJudge, FingersShown, JudgedFinger
from inspection_station.desk.ports import Clock, StepFault
from inspection_station.desk.view import FrameSlot
from inspection_station.hardware.errors import CaptureCancelled
from inspection_station.hardware.ports import FingerImage, Frame
from inspection_station.hardware.supervisor import SupervisedDevice
from inspection_station.hardware.worker import DeviceCall
from inspection_station.inspection.biometrics import FingerAbsence, FingerNotTaken, FingerPosition
from inspection_station.matching.ports import FingerPrompt

TRIES: Final = 3
"""Pictures of one finger, of which the best is taken."""
GOOD_ENOUGH: Final = 60
"""Quality at which no further picture is asked for."""
LEAST: Final = 20
"""Quality below which a finger counts as one that cannot be read."""
_POLL_SECONDS: Final = 0.05

LEGAL_ORDER: Final = (
    tuple(position for position in FingerPosition if position.value.startswith("right")),
    tuple(position for position in FingerPosition if position.value.startswith("left")),
)
"""Right hand, left hand; in each the fingers in the order of the law, as ``FingerPosition`` has them."""


@dataclass(frozen=True, slots=True)
class FingersOutcome:
    """Fingers taken, those that were not, and the times; waiting for a finger counts as device time."""

    taken: dict[FingerPosition, JudgedFinger]
    not_taken: tuple[FingerNotTaken, ...]
    total_ms: float
    device_ms: float


class _Patience(Event):
    """Set when the wait for one finger ends: the step was stopped, the finger noted, or the time is over."""

    def __init__(self, stopped: Event, seconds: float, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._stopped = stopped
        self._monotonic = monotonic
        self._until = monotonic() + seconds

    @property
    def over(self) -> bool:
        return self._monotonic() >= self._until

    def is_set(self) -> bool:
        return super().is_set() or self._stopped.is_set() or self.over

    def wait(self, timeout: float | None = None) -> bool:
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = _POLL_SECONDS if until is None else min(_POLL_SECONDS, until - time.monotonic())
            if left <= 0:
                return False
            super().wait(left)
        return True


class FingersCapture:
    """Start once; ``outcome`` is a FingersOutcome, an exception, or None while it runs."""

    def __init__(
        self,
        reader: SupervisedDevice[Any],
        judge: FingerJudge,
        pool: Executor,
        frames: FrameSlot,
        clock: Clock,
        *,
        timeout: float,
        on_shown: Callable[[FingersShown], None],
    ) -> None:
        self._reader = reader
        self._judge = judge
        self._pool = pool
        self._frames = frames
        self._clock = clock
        self._timeout = timeout
        self._on_shown = on_shown
        self._call: DeviceCall[FingersOutcome | Exception] | None = None
        self._lock = Lock()
        self._waiting: tuple[FingerPosition, _Patience] | None = None
        self._taken: dict[FingerPosition, JudgedFinger] = {}
        self._absent: dict[FingerPosition, FingerAbsence] = {}
        self._shown: FingersShown | None = None
        self._looking: Future[None] | None = None
        self._sequence = 0
        self._judging_seconds = 0.0
        self.outcome: FingersOutcome | BaseException | None = None

    def start(self, done: Callable[[], None]) -> None:
        """Begin; ``done`` is called once, from another thread, when the outcome is there."""
        call = self._reader.submit(self._run)
        self._call = call

        def finished(future: Future[FingersOutcome | Exception]) -> None:
            if future.cancelled():
                self.outcome = CaptureCancelled("stopped before it began")
            else:
                self.outcome = future.exception() or future.result()
            self._call = None
            done()

        call.add_done_callback(finished)

    def stop(self) -> None:
        """End the wait for a finger."""
        call = self._call
        if call is not None:
            call.stop()

    def note(self, position: FingerPosition, why: FingerAbsence) -> bool:
        """The finger that is asked for cannot be taken; False when another one is asked for by now."""
        with self._lock:
            if self._waiting is None or self._waiting[0] is not position:
                return False
            self._absent[position] = why
            self._waiting[1].set()
            return True

    def _run(self, reader: Any, cancel: Event) -> FingersOutcome | Exception:
        started = self._clock.monotonic()
        try:
            for hand in LEGAL_ORDER:
                for position in hand:
                    self._take(reader, cancel, position)
                    if position in self._taken:
                        break
        except StepFault as fault:
            return fault
        finally:
            self._frames.put(None)
        total = (self._clock.monotonic() - started) * 1000
        not_taken = tuple(FingerNotTaken(position, why) for position, why in self._absent.items())
        return FingersOutcome(dict(self._taken), not_taken, total, max(0.0, total - self._judging_seconds * 1000))

    def _take(self, reader: Any, cancel: Event, position: FingerPosition) -> None:
        """Take one finger, or note why not. Raises CaptureCancelled, DeviceError, StepFault."""
        best: JudgedFinger | None = None
        prompt, quality = FingerPrompt.NO_FINGER, None
        for number in range(1, TRIES + 1):
            self._show(position, number, prompt, quality)
            picture = self._picture(reader, cancel, position)
            if picture is None:
                return  # noted by the officer
            judged = self._judged(picture, cancel)
            prompt, quality = judged.prompt, judged.quality
            if judged.usable and (best is None or judged.quality > best.quality):
                best = judged
            if best is not None and best.quality >= GOOD_ENOUGH:
                break
        if best is None or best.quality < LEAST:
            self._absent[position] = FingerAbsence.UNREADABLE
        else:
            self._taken[position] = best

    def _picture(self, reader: Any, cancel: Event, position: FingerPosition) -> FingerImage | None:
        patience = _Patience(cancel, self._timeout, self._clock.monotonic)
        with self._lock:
            self._waiting = (position, patience)
        try:
            image: FingerImage = reader.capture(patience, position, self._preview)
        except CaptureCancelled:
            with self._lock:
                if position in self._absent:
                    return None
            if cancel.is_set() or not patience.over:
                raise
            raise StepFault("BIO-06", "no finger in time") from None
        finally:
            with self._lock:
                self._waiting = None
        with self._lock:
            if position in self._absent:
                return None  # noted while the finger was lifted
        self._put(image)
        return image

    def _preview(self, image: FingerImage) -> None:
        """On the reader's thread: shown at once, judged when the pool has nothing better to do."""
        self._put(image)
        if self._looking is None or self._looking.done():
            self._looking = self._pool.submit(self._look, image)

    def _put(self, image: FingerImage) -> None:
        self._sequence += 1
        self._frames.put(Frame(image.image, self._clock.monotonic(), self._sequence))

    def _look(self, image: FingerImage) -> None:
        shown = self._shown
        try:
            judged = self._judge.judge(image)
        except StepFault:
            return  # a preview says nothing; the picture itself will
        if shown is not None and shown is self._shown:
            self._show(shown.asked, shown.attempt, judged.prompt, judged.quality)

    def _judged(self, image: FingerImage, cancel: Event) -> JudgedFinger:
        before = self._clock.monotonic()
        judging = self._pool.submit(self._judge.judge, image)
        try:
            while True:
                try:
                    return judging.result(_POLL_SECONDS)
                except StillJudging:
                    if cancel.is_set():
                        raise CaptureCancelled("stopped while a finger was judged") from None
        finally:
            judging.cancel()
            self._judging_seconds += self._clock.monotonic() - before

    def _show(self, position: FingerPosition, attempt: int, prompt: FingerPrompt, quality: int | None) -> None:
        taken = tuple((finger, judged.quality) for finger, judged in self._taken.items())
        not_taken = tuple(FingerNotTaken(finger, why) for finger, why in self._absent.items())
        self._shown = FingersShown(position, attempt, prompt, quality, taken, not_taken)
        self._on_shown(self._shown)
