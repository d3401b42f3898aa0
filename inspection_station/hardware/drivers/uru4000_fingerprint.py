"""DigitalPersona U.are.U 4000, 4000B and 4500 over libusb. Nothing of this has met hardware (``docs/drivers.md``)."""

from __future__ import annotations

import secrets
import time
from contextlib import AbstractContextManager, suppress
from threading import Event
from typing import Any, Final

import numpy as np

from inspection_station.hardware.conformance import DeviceScript
from inspection_station.hardware.drivers.uru4000_protocol import (
    DPI,
    KEPT_BITS,
    PRODUCTS,
    TURNED,
    Interrupt,
    Mode,
    Register,
    Status,
    finger_picture,
    parse_picture,
)
from inspection_station.hardware.drivers.uru4000_usb import UruCable, find_readers, usb_backend
from inspection_station.hardware.errors import DeviceError, DeviceGarbage, DeviceStalled
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

DRIVER: Final = "uru4000-fingerprint"
_STEPS: Final = 100
_STEP_SECONDS: Final = 0.01
_POWERED_SECONDS: Final = 0.3
_POWER_TRIES: Final = 3
_HEARTBEAT_SECONDS: Final = 1.0
"""A reader that waits for a finger says nothing; asked this often for its status, a dead one is told apart."""
_SETTLED: Final = 1.03
"""A frame that is not 3 % stronger than the one before: the finger no longer sinks in."""
_LARGEST_SEED: Final = 0xFFFFFFFF


class Uru4000Reader:
    """512 dots per inch, 384 x up to 290 pixels. Takes any finger: the reader cannot tell which was laid down.

    While the finger settles up to ``frames`` pictures are taken, and the one with the strongest ridges is given.
    """

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._frames = reader.take("frames", 4, low=1, high=30)
        self._turned = reader.take("turned", "auto", among=("auto", "yes", "no"))
        self._backend = reader.take_any("backend", None)
        reader.finish()
        self._info = _info("U.are.U 4000/4000B/4500")
        self._cable: UruCable | None = None
        self._lying = False

    @property
    def info(self) -> DeviceInfo:
        return self._info

    def open(self) -> None:
        """Claim the reader and power it up; up to 3 s where it has to be woken."""
        if self._cable is not None:
            return
        cable = UruCable(self._backend or usb_backend())
        try:
            _power_up(cable)
            cable.read(Register.INFORMATION, 16)
        except DeviceError:
            cable.close()
            raise
        self._cable, self._lying = cable, False

    def close(self) -> None:
        cable, self._cable = self._cable, None
        if cable is None:
            return
        with suppress(DeviceError):  # it is left whatever it says
            cable.write(Register.MODE, bytes([Mode.OFF]), tries=1)
            cable.write(Register.STATUS, bytes([Status.LOW_POWER]), tries=1)
        cable.close()

    def probe(self) -> None:
        self._check_alive(self._opened())

    def capture(
        self, cancel: Event, finger: FingerPosition | None = None, on_preview: FingerPreview | None = None
    ) -> FingerImage:
        cable = self._opened()
        cable.heed(cancel)
        try:
            cable.drain()
            if self._lying:
                self._await(cable, Mode.AWAIT_REMOVAL, Interrupt.FINGER_OFF)
                self._lying = False
            self._await(cable, Mode.AWAIT_FINGER, Interrupt.FINGER_ON)
            cable.write(Register.MODE, bytes([Mode.CAPTURE]))
            self._lying = True
            image = self._strongest(cable, on_preview)
        finally:
            cable.heed(None)
            with suppress(DeviceError):  # the reason for leaving is what the caller is to hear
                cable.write(Register.MODE, bytes([Mode.AWAIT_REMOVAL if self._lying else Mode.OFF]), tries=1)
        return image

    def _opened(self) -> UruCable:
        if self._cable is None:
            raise DeviceError("the fingerprint reader is closed")
        return self._cable

    def _await(self, cable: UruCable, mode: Mode, wanted: Interrupt) -> None:
        """Wait for an interrupt; the mode is set again at each heartbeat, since an interrupt may have been lost."""
        while True:
            cable.write(Register.MODE, bytes([mode]))
            until = time.monotonic() + _HEARTBEAT_SECONDS
            while (left := until - time.monotonic()) > 0:
                heard = cable.interrupt(left)
                if heard == wanted:
                    return
                if heard == Interrupt.FAILURE:
                    raise DeviceStalled("the fingerprint reader reports that it has failed")
            self._check_alive(cable)

    @staticmethod
    def _check_alive(cable: UruCable) -> None:
        if cable.read(Register.STATUS)[0] & Status.LOW_POWER:
            raise DeviceStalled("the fingerprint reader has lost its power-up (the computer may have slept)")

    def _strongest(self, cable: UruCable, on_preview: FingerPreview | None) -> FingerImage:
        best, strength = self._frame(cable, on_preview)
        for _ in range(self._frames - 1):
            try:
                image, now = self._frame(cable, on_preview)
            except DeviceGarbage:
                break  # the finger was taken whole before; one torn frame after it changes nothing
            settled = now < strength * _SETTLED
            if now > strength:
                best, strength = image, now
            if settled:
                break
        return best

    def _frame(self, cable: UruCable, on_preview: FingerPreview | None) -> tuple[FingerImage, float]:
        """One picture and the spread of its grey values."""
        turned = cable.product in TURNED if self._turned == "auto" else self._turned == "yes"
        grey = finger_picture(parse_picture(cable.picture()), lambda number: _key(cable, number), turned=turned)
        image = FingerImage(grey, DPI)
        if on_preview is not None:
            on_preview(image)
        return image, float(np.std(grey))


def _power_up(cable: UruCable) -> None:
    """From whatever state it is in to a powered scanner. Raises DeviceStalled when it does not come up."""
    for _ in range(_POWER_TRIES):
        status = cable.read(Register.STATUS)[0]
        if status & (fault := Status.LOW_POWER | Status.FAULT) == fault:
            cable.write(Register.STATUS, bytes([status & KEPT_BITS]))
            status = _poll(cable, Status.RUNNING, set_=True)
        if not status & Status.LOW_POWER:
            cable.write(Register.STATUS, bytes([status | Status.LOW_POWER]))
        _poll(cable, Status.LOW_POWER, set_=False, writing=status & KEPT_BITS)
        until = time.monotonic() + _POWERED_SECONDS
        while (left := until - time.monotonic()) > 0:
            if cable.interrupt(left) == Interrupt.POWERED:
                return
    raise DeviceStalled("the fingerprint reader does not power up")


def _poll(cable: UruCable, bit: Status, *, set_: bool, writing: int | None = None) -> int:
    """Read the status until ``bit`` is as wanted, writing ``writing`` before each look."""
    for _ in range(_STEPS):
        if writing is not None:
            cable.write(Register.STATUS, bytes([writing]))
        status = cable.read(Register.STATUS)[0]
        if bool(status & bit) is set_:
            return status
        time.sleep(_STEP_SECONDS)
    raise DeviceStalled("the fingerprint reader does not change its power state")


def _key(cable: UruCable, number: int) -> int:
    """What the picture with this key number was scrambled with; the device answers masked by our own random seed."""
    seed = secrets.randbelow(_LARGEST_SEED) + 1
    cable.write(Register.KEY_INDEX, bytes([number]) + seed.to_bytes(4, "little"))
    return int.from_bytes(cable.read(Register.KEY, 4), "little") ^ seed


def _info(name: str) -> DeviceInfo:
    return DeviceInfo(DeviceKind.FINGERPRINT_READER, DRIVER, name, frozenset({"finger image"}))


class Uru4000Factory:
    """Entry point ``uru4000-fingerprint``."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> Uru4000Reader:
        return Uru4000Reader(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        found: list[Any] = find_readers(usb_backend())
        return tuple(_info(PRODUCTS[device.idProduct]) for device in found)

    def rehearsal(self) -> AbstractContextManager[tuple[Device, DeviceScript]]:
        """For the conformance suite; see ``hardware.rehearsal``."""
        from inspection_station.hardware.drivers.finger_rehearsal import uru4000_rehearsal

        return uru4000_rehearsal(self)


factory = Uru4000Factory()
