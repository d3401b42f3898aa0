"""The training fingerprint reader: whoever stands on the stage lays down the finger that is asked for.

Fingers are invented (``personas.fingerprint``); growing one takes a while, so it happens on a thread of its own and the
wait for it can be cancelled. Each capture is another impression of the same finger, some of them poor.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread
from typing import Any, Final

import numpy as np

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceGarbage
from inspection_station.hardware.ports import (
    Device,
    DeviceInfo,
    DeviceKind,
    DriverSettings,
    FingerImage,
    FingerPreview,
)
from inspection_station.hardware.settings import SettingsReader
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.backstage import POLL_SECONDS, Backstage, common_settings
from inspection_station.training.faults import Fault

DRIVER: Final = "training-fingerprint"
_LAYING_SECONDS: Final = 1.2
"""From being asked to the finger lying still."""
_PLATEN: Final = 235
_SETTLING: Final = (0.35, 0.7)
"""Contrast of the previews while the finger is laid down."""
_OTHER_PERSON: Final = 1 << 48
"""Added to the seed of somebody who shows another's document: their fingers are not the holder's."""
_OTHER_HAND: Final = {FingerPosition.RIGHT_INDEX: FingerPosition.LEFT_INDEX}
"""Which finger is asked for next, as a rule."""

Impressions = Callable[[Any, FingerPosition, int], FingerImage]
"""Traveller, finger, number of the attempt."""


def invented_impression(traveller: Any, position: FingerPosition, attempt: int) -> FingerImage:
    """What the traveller lays down, the same for the same attempt; a new finger takes about half a second."""
    from inspection_station.training.personas.fingerprint import DPI, finger_of, impression

    holder = traveller.live_face == traveller.face_seed
    seed = traveller.seed if holder else traveller.seed + _OTHER_PERSON
    return FingerImage(np.ascontiguousarray(impression(finger_of(seed, position), attempt)), DPI)


class TrainingFingerprintReader:
    """``pace`` scales the time that laying a finger down takes. ``impressions`` may be given by code."""

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        stage, pace = common_settings(reader)
        self._impressions: Impressions = reader.take_any("impressions", invented_impression)
        reader.finish()
        info = DeviceInfo(
            DeviceKind.FINGERPRINT_READER, DRIVER, "training fingerprint reader", frozenset({"finger image"}), True
        )
        self._backstage = Backstage(info, stage, pace)
        self._shown = -1
        self._attempts: dict[FingerPosition, int] = {}
        self._ahead: tuple[tuple[int, FingerPosition, int], _Growing] | None = None

    @property
    def info(self) -> DeviceInfo:
        return self._backstage.info

    def open(self) -> None:
        self._backstage.open()

    def close(self) -> None:
        self._backstage.close()

    def probe(self) -> None:
        self._backstage.check()

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        """Any finger asked for is the right index. Waits for somebody to stand there."""
        position = finger or FingerPosition.RIGHT_INDEX
        traveller = self._somebody(cancel)
        self._backstage.stall_if_told(cancel)
        growing = self._begun(traveller, position)
        for contrast in _SETTLING:
            self._backstage.take_time(cancel, _LAYING_SECONDS / (len(_SETTLING) + 1))
            image = self._grown(growing, cancel)
            if on_preview is not None:
                on_preview(FingerImage(_faint(image.image, contrast), image.dpi))
        self._backstage.take_time(cancel, _LAYING_SECONDS / (len(_SETTLING) + 1))
        if self._backstage.struck_by(Fault.GARBAGE):
            raise DeviceGarbage("the training fingerprint reader sent a broken picture")
        return image

    def _somebody(self, cancel: Event) -> Any:
        """Who stands on the stage, once somebody does."""
        since = -1
        while True:
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a finger")
            self._backstage.check()
            presence = self._backstage.stage.wait_for_change(since, POLL_SECONDS)
            if presence.traveller is not None:
                if presence.number != self._shown:
                    self._shown, self._attempts = presence.number, {}
                return presence.traveller
            since = presence.number

    def _begun(self, traveller: Any, position: FingerPosition) -> _Growing:
        """The impression in the making; the other hand's finger begins to grow while this one is laid down."""
        attempt = self._attempt(position)
        wanted = (self._shown, position, attempt)
        ahead, self._ahead = self._ahead, None
        growing = ahead[1] if ahead is not None and ahead[0] == wanted else self._grow(traveller, position, attempt)
        following = _OTHER_HAND.get(position)
        if following is not None and following not in self._attempts:
            self._ahead = (self._shown, following, 0), self._grow(traveller, following, 0)
        return growing

    def _grow(self, traveller: Any, position: FingerPosition, attempt: int) -> _Growing:
        return _Growing(self._impressions, traveller, position, attempt)

    def _attempt(self, position: FingerPosition) -> int:
        attempt = self._attempts.get(position, 0)
        self._attempts[position] = attempt + 1
        return attempt

    def _grown(self, growing: _Growing, cancel: Event) -> FingerImage:
        while not growing.done.wait(POLL_SECONDS):
            if cancel.is_set():
                raise CaptureCancelled("no longer waiting for a finger")
            self._backstage.check()
        return growing.result()


class _Growing:
    """One impression in the making."""

    def __init__(self, impressions: Impressions, traveller: Any, position: FingerPosition, attempt: int) -> None:
        self.done = Event()
        self._image: FingerImage | None = None
        self._fault: Exception | None = None
        given = (impressions, traveller, position, attempt)
        Thread(target=self._run, args=given, name="training-finger", daemon=True).start()

    def result(self) -> FingerImage:
        if self._image is None:
            raise DeviceError("a training finger could not be drawn") from self._fault
        return self._image

    def _run(self, impressions: Impressions, traveller: Any, position: FingerPosition, attempt: int) -> None:
        try:
            self._image = impressions(traveller, position, attempt)
        except Exception as fault:  # handed to the device's own thread, which raises
            self._fault = fault
        finally:
            self.done.set()


def _faint(image: np.ndarray[Any, np.dtype[np.uint8]], contrast: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.ascontiguousarray(_PLATEN + (image.astype(np.float32) - _PLATEN) * contrast, np.uint8)


class TrainingFingerprintFactory:
    """Entry point ``training-fingerprint``."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> TrainingFingerprintReader:
        return TrainingFingerprintReader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        return (TrainingFingerprintReader(DriverSettings()).info,)

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.training.devices.rehearsal import stage_rehearsal

        return stage_rehearsal(self)


factory = TrainingFingerprintFactory()
