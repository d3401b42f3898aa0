"""Faults of devices. A fault is not a finding: the desk turns each once into a missing step with its code."""

from __future__ import annotations


class DeviceError(Exception):
    """Something is wrong with a device. ``code`` is the officer's code (FLOWS 4.2); the text holds no personal data."""

    code = "DEV-01"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class DeviceNotFound(DeviceError):
    """No such device is attached, or its service (PC/SC daemon, camera, serial port) does not answer."""


class DeviceUnplugged(DeviceError):
    """The device went away while it was open; the supervisor opens it again when it is back."""


class DeviceStalled(DeviceError):
    """No answer within the device's own time limit."""


class DeviceGarbage(DeviceError):
    """The device answered with something its protocol does not allow."""


class CardRemoved(DeviceError):
    """The document left the chip reader's field in the middle of a reading."""

    code = "CHP-01"


class NoCard(DeviceError):
    """No chip answered within the time limit."""

    code = "CHP-01"


class CaptureCancelled(DeviceError):
    """The desk asked the device to stop; not a fault of the device."""
