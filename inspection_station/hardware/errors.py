"""Faults of devices. A fault is not a finding: the desk turns each once into a missing step with its code."""

from __future__ import annotations

from inspection_station.hardware.ports import DeviceKind


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


def officer_code(error: BaseException, kind: DeviceKind) -> str | None:
    """The code the officer reads for a fault of a device of this kind (FLOWS 4.2); None where nothing is to be shown.

    What a document reader garbles is a page to put down again (DOC-01); what the chip does not say is CHP-01; a device
    that is absent, gone, silent or broken is DEV-01. A programming fault counts as a broken device.
    """
    if isinstance(error, CaptureCancelled):
        return None
    if isinstance(error, DeviceError) and error.code != DeviceError.code:
        return error.code
    if isinstance(error, DeviceGarbage):
        return _GARBLED.get(kind, DeviceError.code)
    return DeviceError.code


_GARBLED = {DeviceKind.DOCUMENT_READER: "DOC-01", DeviceKind.CHIP_READER: "CHP-01"}
