"""One face capture: frames run from the camera's thread to the screen, the newest free one to the judge in the pool.

The camera thread never waits for the judging, so the preview keeps its rate; a cancelled capture ends with the
next frame. What the judging finds, faults included, leaves the camera's thread as a value: only the camera's own faults
are raised there, since the supervisor takes whatever is raised for a fault of the device.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from inspection_station.desk.ports import CapturedFace, Clock, FaceBurst, StepFault
from inspection_station.desk.view import FrameSlot
from inspection_station.hardware.errors import CaptureCancelled
from inspection_station.hardware.ports import Frame
from inspection_station.hardware.supervisor import SupervisedDevice
from inspection_station.hardware.worker import DeviceCall
from inspection_station.matching.ports import FacePrompt

log = logging.getLogger(__name__)

_READABLE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class CaptureOutcome:
    """A captured face with its times; waiting for frames counts as device time, judging as ours."""

    face: CapturedFace
    total_ms: float
    device_ms: float


class SteadyPrompt:
    """One prompt at a time, long enough to be read. Frames are judged up to thirty times a second, and at a bound two
    prompts would take turns with every frame.
    """

    def __init__(self) -> None:
        self._said: FacePrompt | None = None
        self._shown: FacePrompt | None = None
        self._since = 0.0

    def after(self, said: FacePrompt, now: float) -> FacePrompt:
        """What to show once a frame has ``said`` this; ``now`` in seconds.

        The first prompt at once; another one when two frames running say it, and not before the one shown has stood for
        0.4 s. That all is well need not wait: the capture would be over first.
        """
        twice, self._said = said is self._said, said
        stood = now - self._since >= _READABLE_SECONDS or said is FacePrompt.GOOD
        if self._shown is None or (said is not self._shown and twice and stood):
            self._shown, self._since = said, now
        return self._shown


class FaceCapture:
    """Start once; ``outcome`` is a CaptureOutcome, an exception, or None while it runs."""

    def __init__(
        self,
        camera: SupervisedDevice[Any],
        burst: FaceBurst,
        pool: Executor,
        frames: FrameSlot,
        clock: Clock,
        *,
        timeout: float,
        on_prompt: Callable[[FacePrompt], None],
    ) -> None:
        self._camera = camera
        self._burst = burst
        self._pool = pool
        self._frames = frames
        self._clock = clock
        self._timeout = timeout
        self._on_prompt = on_prompt
        self._call: DeviceCall[CaptureOutcome | Exception] | None = None
        self._judged_ms = 0.0
        self._shown: FacePrompt | None = None
        self._steady = SteadyPrompt()
        self.outcome: CaptureOutcome | BaseException | None = None

    def start(self, done: Callable[[], None]) -> None:
        """Begin; ``done`` is called once, from another thread, when the outcome is there."""
        call = self._camera.submit(self._run)
        self._call = call

        def finished(future: Future[CaptureOutcome | Exception]) -> None:
            if future.cancelled():
                self.outcome = CaptureCancelled("stopped before it began")
            else:
                self.outcome = future.exception() or future.result()
            self._call = None  # else call, callback and capture hold each other, and the burst's frames with them
            done()

        call.add_done_callback(finished)

    def stop(self) -> None:
        """End at the next frame."""
        call = self._call
        if call is not None:
            call.stop()

    def _run(self, camera: Any, cancel: Any) -> CaptureOutcome | Exception:
        started = self._clock.monotonic()
        judging: Future[CapturedFace | None] | None = None
        sequence = -1
        try:
            while True:
                frame: Frame = camera.next_frame(cancel, sequence)
                sequence = frame.sequence
                self._frames.put(frame)
                if judging is not None and judging.done():
                    fault = judging.exception()
                    if isinstance(fault, Exception):
                        return fault
                    face, judging = judging.result(), None
                    if face is not None:
                        total = (self._clock.monotonic() - started) * 1000
                        return CaptureOutcome(face, total, max(0.0, total - self._judged_ms))
                if self._clock.monotonic() - started > self._timeout:
                    return StepFault("BIO-01", (self._shown or FacePrompt.NO_FACE).value)
                if judging is None:
                    judging = self._pool.submit(self._judge, frame)
        finally:
            if judging is not None:
                judging.cancel()
            self._frames.put(None)

    def _judge(self, frame: Frame) -> CapturedFace | None:
        before = self._clock.monotonic()
        said = self._burst.feed(frame.image, frame.sequence)
        prompt = self._steady.after(said, self._clock.monotonic())
        if prompt is not self._shown:
            self._shown = prompt
            self._on_prompt(prompt)
        result = self._burst.result()
        self._judged_ms += (self._clock.monotonic() - before) * 1000
        return result
