"""The cable to a U.are.U: finding it, registers, interrupts, pictures, and what pyusb's errors mean for the station."""

from __future__ import annotations

import errno
import logging
import time
from contextlib import suppress
from threading import Event
from typing import Any, Final

import usb.core
import usb.util

from inspection_station.hardware.drivers.uru4000_protocol import (
    HEADER_BYTES,
    INTERFACE_CLASS,
    INTERRUPT_BYTES,
    INTERRUPT_ENDPOINT,
    LARGEST_PICTURE,
    PICTURE_ENDPOINT,
    PRODUCTS,
    REQUEST,
    VENDOR,
    WIDTH,
    Register,
    interrupt_of,
    lines_announced,
)
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)

log = logging.getLogger(__name__)

_TO_DEVICE: Final = 0x40
_FROM_DEVICE: Final = 0xC0
_TRY_MS: Final = 100
"""One transfer waits no longer, so that a cancelled wait ends in time; a silent device is asked again."""
_TRIES: Final = 10
_PICTURE_SECONDS: Final = 2.0
_PART_MS: Final = 220
"""290 lines take about 150 ms, so that a picture is one transfer; still short enough for a cancelled wait."""
_DRAINED: Final = 16
_GONE: Final = frozenset({errno.ENODEV, errno.ESHUTDOWN, errno.ENXIO, errno.ENOENT})
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY})
_PERMISSION: Final = (
    "a U.are.U is there but may not be used: on Linux the udev rule is missing or another program has it, on Windows "
    "it still has the maker's driver instead of WinUSB"
)


def usb_backend() -> Any:
    """libusb as the wheel brings it, else the system's; None where there is none (pyusb then says so)."""
    try:
        import libusb_package
    except ImportError:
        return None
    return libusb_package.get_libusb1_backend()


def find_readers(backend: Any) -> list[Any]:
    """pyusb devices of the known products. Raises DeviceNotFound where the system has no libusb."""
    try:
        seen = list(usb.core.find(find_all=True, backend=backend, idVendor=VENDOR) or ())
    except usb.core.NoBackendError:
        raise DeviceNotFound("libusb is not installed on this system") from None
    except usb.core.USBError as fault:
        raise DeviceNotFound(f"the USB bus cannot be searched (error {fault.errno})") from None
    return [device for device in seen if device.idProduct in PRODUCTS]


class UruCable:
    """An open reader. Transfers raise DeviceUnplugged, DeviceStalled, DeviceGarbage; those of a capture also
    CaptureCancelled once ``cancel`` is set.
    """

    def __init__(self, backend: Any) -> None:
        found = find_readers(backend)
        if not found:
            raise DeviceNotFound("no U.are.U 4000, 4000B or 4500 is attached")
        self._device = found[0]
        self._cancel: Event | None = None
        try:
            self._claim()
        except usb.core.USBError as fault:
            self.close()
            raise _not_opened(fault) from None
        except DeviceNotFound:
            self.close()
            raise

    @property
    def product(self) -> int:
        """USB product number."""
        return int(self._device.idProduct)

    def close(self) -> None:
        with suppress(usb.core.USBError):  # what is unplugged need not be released
            usb.util.dispose_resources(self._device)

    def heed(self, cancel: Event | None) -> None:
        """From now on transfers end when ``cancel`` is set; None: they no longer do."""
        self._cancel = cancel

    def read(self, register: Register, length: int = 1) -> bytes:
        """``length`` registers from ``register`` on."""
        sent = bytes(self._transfer(self._device.ctrl_transfer, _FROM_DEVICE, REQUEST, register, 0, length, _TRY_MS))
        if len(sent) != length:
            raise DeviceGarbage(f"{len(sent)} bytes of register {int(register):#x} instead of {length}")
        return sent

    def write(self, register: Register, values: bytes, tries: int = _TRIES) -> None:
        """One register after the other from ``register`` on."""
        call = self._device.ctrl_transfer
        written = self._transfer(call, _TO_DEVICE, REQUEST, register, 0, values, _TRY_MS, tries=tries)
        if written != len(values):
            raise DeviceGarbage(f"{written} bytes of register {int(register):#x} taken instead of {len(values)}")

    def interrupt(self, seconds: float) -> int | None:
        """The next interrupt, or None when none comes in time."""
        until = time.monotonic() + seconds
        while True:
            self._look()
            left = until - time.monotonic()
            try:
                packet = self._device.read(INTERRUPT_ENDPOINT, INTERRUPT_BYTES, max(1, min(_TRY_MS, int(left * 1000))))
            except usb.core.USBTimeoutError:
                if left <= 0:
                    return None
            except usb.core.USBError as fault:
                raise self._fault(fault) from None
            else:
                return interrupt_of(bytes(packet))

    def picture(self) -> bytes:
        """Header and lines as sent. Raises DeviceStalled when nothing comes, DeviceGarbage when too little does."""
        sent = bytearray()
        needed = HEADER_BYTES
        until = time.monotonic() + _PICTURE_SECONDS
        while len(sent) < needed:
            self._look()
            if time.monotonic() > until:
                if sent:
                    raise DeviceGarbage(f"a picture that stays at {len(sent)} of {needed} bytes")
                raise DeviceStalled("the fingerprint reader sends no picture")
            ended = self._part(sent)
            if len(sent) >= HEADER_BYTES:
                needed = HEADER_BYTES + WIDTH * lines_announced(bytes(sent[:HEADER_BYTES]))
            if ended and len(sent) < needed:
                raise DeviceGarbage(f"a picture that ends after {len(sent)} of {needed} bytes")
        return bytes(sent)

    def drain(self) -> None:
        """Throw away what an interrupted capture left in the cable, and interrupts that nobody waited for."""
        for endpoint, size in ((PICTURE_ENDPOINT, LARGEST_PICTURE), (INTERRUPT_ENDPOINT, INTERRUPT_BYTES)):
            for _ in range(_DRAINED):
                try:
                    self._device.read(endpoint, size, 5)
                except usb.core.USBTimeoutError:
                    break
                except usb.core.USBError as fault:
                    raise self._fault(fault) from None

    def _part(self, sent: bytearray) -> bool:
        """Add what comes next. True when the reader ended it with a short packet: what follows is another picture.

        libusb also gives the part that came before a time-out; only the time tells the two apart.
        """
        # whole packets are asked for, since a full last one would overflow
        size = -(-(LARGEST_PICTURE - len(sent)) // INTERRUPT_BYTES) * INTERRUPT_BYTES
        began = time.monotonic()
        try:
            part = bytes(self._device.read(PICTURE_ENDPOINT, size, _PART_MS))
        except usb.core.USBTimeoutError:
            return False
        except usb.core.USBError as fault:
            raise self._fault(fault) from None
        sent += part
        return len(part) < size and (time.monotonic() - began) * 1000 < _PART_MS

    def _claim(self) -> None:
        device = self._device
        try:
            configuration = device.get_active_configuration()
        except usb.core.USBError as fault:
            if fault.errno in _GONE | _DENIED:
                raise
            device.set_configuration()
            configuration = device.get_active_configuration()
        interface = usb.util.find_descriptor(configuration, bInterfaceClass=INTERFACE_CLASS)
        endpoints = {endpoint.bEndpointAddress for endpoint in interface or ()}
        if not {INTERRUPT_ENDPOINT, PICTURE_ENDPOINT} <= endpoints:
            raise DeviceNotFound("a U.are.U without its vendor interface (its firmware may be another)")
        number = interface.bInterfaceNumber
        with suppress(NotImplementedError):  # only Linux has kernel drivers to detach
            if device.is_kernel_driver_active(number):
                device.detach_kernel_driver(number)
        usb.util.claim_interface(device, number)

    def _transfer(self, call: Any, *given: Any, tries: int = _TRIES) -> Any:
        for _ in range(tries):
            self._look()
            try:
                return call(*given)
            except usb.core.USBTimeoutError:
                continue
            except usb.core.USBError as fault:
                raise self._fault(fault) from None
        self._look()
        raise DeviceStalled("the fingerprint reader does not answer")

    def _look(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise CaptureCancelled("no longer waiting for a finger")

    def _fault(self, fault: Any) -> DeviceError:
        """Pulling the cable shows as «no device», but first often as a broken transfer: then the bus is asked."""
        if fault.errno in _GONE or not self._still_there():
            return DeviceUnplugged("the fingerprint reader was unplugged")
        log.debug("USB error %s", fault.errno)
        if fault.errno == errno.EOVERFLOW:
            return DeviceGarbage("the fingerprint reader sent more than was asked for")
        return DeviceStalled(f"a transfer of the fingerprint reader failed (error {fault.errno})")

    def _still_there(self) -> bool:
        try:
            found = find_readers(self._device.backend)
        except DeviceNotFound:
            return False
        place = (self._device.bus, self._device.address)
        return any((device.bus, device.address) == place for device in found)


def _not_opened(fault: Any) -> DeviceNotFound:
    if fault.errno in _DENIED:
        return DeviceNotFound(_PERMISSION)
    return DeviceNotFound(f"the U.are.U cannot be opened (error {fault.errno})")
