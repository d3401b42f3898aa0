"""A U.are.U that is not there, behind pyusb's own backend interface: the driver's far end for rehearsals and tests.

It speaks the protocol as the driver believes it to be; that both agree proves nothing about real hardware.
"""

from __future__ import annotations

import errno
import hashlib
import struct
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from threading import Condition
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import usb.backend
import usb.core
import usb.util

from inspection_station.hardware.drivers.uru4000_protocol import (
    HEADER_BYTES,
    INTERFACE_CLASS,
    INTERRUPT_BYTES,
    INTERRUPT_ENDPOINT,
    KEPT_BITS,
    MOST_LINES,
    PICTURE_ENDPOINT,
    REQUEST,
    TURNED,
    VENDOR,
    WIDTH,
    Block,
    BlockFlag,
    Grey,
    Interrupt,
    Mode,
    Register,
    Status,
    key_stream,
)

PLAIN: Final = (Block(BlockFlag.KEY_RESTS, 145), Block(BlockFlag.KEY_RESTS, 144))
SCRAMBLED: Final = (
    Block(BlockFlag(0), 20),
    Block(BlockFlag.SCRAMBLED, 100),
    Block(BlockFlag.KEY_RESTS, 12),
    Block(BlockFlag.NEW_KEY | BlockFlag.SCRAMBLED, 87),
    Block(BlockFlag.ABSENT, 5),
    Block(BlockFlag.SCRAMBLED, 65),
)
"""289 lines, as a 4500 sends them: plain, scrambled and absent runs, and a second key on the way."""


class Trouble(StrEnum):
    """What a transfer can run into."""

    UNPLUG = "unplug"
    STALL = "stall"
    GARBAGE = "garbage"


class SimulatedUru4000(usb.backend.IBackend):  # type: ignore[misc]  # pyusb has no types
    """One reader on a bus of its own. ``blocks`` lay out its pictures, ``status`` is the register after plugging in.

    ``troubles`` maps the number of a transfer, counted from 0 over the simulator's life, to what happens to it.
    Thread-safe: a test lays fingers down while the driver waits.
    """

    def __init__(
        self,
        blocks: tuple[Block, ...] = SCRAMBLED,
        *,
        product: int = 0x000A,
        status: int = Status.LOW_POWER | Status.RUNNING,
        lost_power_interrupts: int = 0,
    ) -> None:
        self.blocks = blocks
        self.product = product
        self.troubles: dict[int, Trouble] = {}
        self.transfers = 0
        self.garble: Callable[[bytes], bytes] = lambda sent: sent[: len(sent) // 2]
        self.mode = int(Mode.OFF)
        self._first_status = status
        self._lost = lost_power_interrupts
        self._changed = Condition()
        self._plugged, self._silent, self._torn = True, False, False
        self._finger: Grey | None = None
        self._status = status
        self._waking = 0
        self._interrupts: deque[bytes] = deque()
        self._key_number = 7
        self._sending = b""
        self._answer_key = b"\0\0\0\0"
        self._address = 1

    def lay(self, finger: Grey) -> None:
        """A finger: uint8, ridges dark, up to 290 x 384; it is laid in the middle of an empty platen."""
        seen = np.full((sum(block.lines for block in self.blocks), WIDTH), 255, np.uint8)
        height, width = min(finger.shape[0], seen.shape[0]), min(finger.shape[1], WIDTH)
        top, left = (seen.shape[0] - height) // 2, (WIDTH - width) // 2
        seen[top : top + height, left : left + width] = finger[:height, :width]
        with self._changed:
            self._finger = seen
            self._tell_finger()

    def lift(self) -> None:
        with self._changed:
            self._finger = None
            self._tell_finger()

    def unplug(self) -> None:
        with self._changed:
            self._plugged = False
            self._changed.notify_all()

    def plug_in(self) -> None:
        """As new, at another address of the bus."""
        with self._changed:
            self._plugged, self._silent, self._torn = True, False, False
            self._address += 1
            self._status, self.mode = self._first_status, int(Mode.OFF)
            self._interrupts.clear()
            self._sending = b""
            self._changed.notify_all()

    def fall_silent(self, silent: bool = True) -> None:
        with self._changed:
            self._silent = silent

    def tear_pictures(self, torn: bool = True) -> None:
        """Every picture from now on is what ``garble`` makes of it."""
        with self._changed:
            self._torn = torn

    @property
    def plugged(self) -> bool:
        with self._changed:
            return self._plugged

    # what pyusb asks of a backend

    def enumerate_devices(self) -> Any:
        with self._changed:
            return iter((self._address,) if self._plugged else ())

    def get_device_descriptor(self, dev: int) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0110, bDeviceClass=0xFF, bDeviceSubClass=0xFF, bDeviceProtocol=0xFF,
            bMaxPacketSize0=8, idVendor=VENDOR, idProduct=self.product, bcdDevice=0x0103, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=dev, bus=1, port_number=1, port_numbers=(1,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: int, config: int) -> SimpleNamespace:
        self._only(config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0xA0, bMaxPower=50, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        self._only(intf, alt, config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=2,
            bInterfaceClass=INTERFACE_CLASS, bInterfaceSubClass=0xFF, bInterfaceProtocol=0xFF, iInterface=0,
            extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: int, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        address, kind = ((INTERRUPT_ENDPOINT, 3), (PICTURE_ENDPOINT, 2))[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=address, bmAttributes=kind, wMaxPacketSize=64, bInterval=10,
            bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: int) -> int:
        self._present(dev)
        return dev

    def close_device(self, dev_handle: int) -> None:
        """A handle is a bus address; there is nothing to free."""

    def set_configuration(self, dev_handle: int, config_value: int) -> None:
        self._present(dev_handle)

    def get_configuration(self, dev_handle: int) -> int:
        self._present(dev_handle)
        return 1

    def claim_interface(self, dev_handle: int, intf: int) -> None:
        self._present(dev_handle)

    def release_interface(self, dev_handle: int, intf: int) -> None:
        self._present(dev_handle)

    def is_kernel_driver_active(self, dev_handle: int, intf: int) -> bool:
        return False

    def ctrl_transfer(
        self, dev_handle: int, bmRequestType: int, bRequest: int, wValue: int, wIndex: int, data: Any, timeout: int
    ) -> int:
        with self._changed:
            trouble = self._begin(dev_handle, timeout)
            if bRequest != REQUEST or wIndex != 0:
                raise usb.core.USBError("stall", None, errno.EPIPE)
            if bmRequestType & 0x80:
                sent = self._registers(wValue, len(data))
                if trouble is Trouble.GARBAGE:
                    sent = sent[: len(sent) // 2]
                data[: len(sent)] = type(data)("B", sent)
                return len(sent)
            self._written(wValue, bytes(data))
            return 0 if trouble is Trouble.GARBAGE else len(data)

    def intr_read(self, dev_handle: int, ep: int, intf: int, buff: Any, timeout: int) -> int:
        until = time.monotonic() + timeout / 1000
        with self._changed:
            while not self._interrupts and (left := until - time.monotonic()) > 0 and self._plugged:
                self._changed.wait(left)
            if self._plugged and not self._interrupts:
                raise usb.core.USBTimeoutError("timed out", None, errno.ETIMEDOUT)
            trouble = self._begin(dev_handle, 0)
            packet = self._interrupts.popleft()
            if trouble is Trouble.GARBAGE:
                packet = packet[:1]
            buff[: len(packet)] = type(buff)("B", packet)
            return len(packet)

    def bulk_read(self, dev_handle: int, ep: int, intf: int, buff: Any, timeout: int) -> int:
        with self._changed:
            if self.mode != Mode.CAPTURE and not self._sending and self._plugged:
                self._changed.wait(timeout / 1000)
                raise usb.core.USBTimeoutError("timed out", None, errno.ETIMEDOUT)
            trouble = self._begin(dev_handle, timeout)
            if not self._sending:
                self._sending = self._picture()
                if self._torn or trouble is Trouble.GARBAGE:
                    self._sending = self.garble(self._sending)
            if not self._sending:
                self._changed.wait(timeout / 1000)
                raise usb.core.USBTimeoutError("timed out", None, errno.ETIMEDOUT)
            part, self._sending = self._sending[: len(buff)], self._sending[len(buff) :]
            buff[: len(part)] = type(buff)("B", part)
            return len(part)

    # the device itself; the lock is held

    def _begin(self, address: int, timeout: int) -> Trouble | None:
        """Count a transfer and let it run into its trouble."""
        trouble = self.troubles.get(self.transfers)
        self.transfers += 1
        if trouble is Trouble.UNPLUG:
            self._plugged = False
            self._changed.notify_all()
        if trouble is Trouble.STALL:
            self._silent = True
        self._present(address)
        if self._silent:
            self._changed.wait(timeout / 1000)
            raise usb.core.USBTimeoutError("timed out", None, errno.ETIMEDOUT)
        return trouble

    def _present(self, address: int) -> None:
        if not self._plugged or address != self._address:
            raise usb.core.USBError("no such device", None, errno.ENODEV)

    def _registers(self, first: int, count: int) -> bytes:
        if first == Register.STATUS:
            self._wake_on()
            return bytes([self._status])[:count]
        if first == Register.KEY:
            return self._answer_key[:count]
        if first == Register.MODE:
            return bytes([self.mode])[:count]
        return bytes((0x03, 0x01, 0x0A, 0x00) * 4)[:count] if first == Register.INFORMATION else bytes(count)

    def _written(self, first: int, values: bytes) -> None:
        if first == Register.STATUS and values:
            self._write_status(values[0])
        elif first == Register.MODE and values:
            self.mode = values[0]
            self._tell_finger()
        elif first == Register.KEY_INDEX and len(values) == 5:
            number, seed = values[0], int.from_bytes(values[1:], "little")
            self._answer_key = (_secret(number) ^ seed).to_bytes(4, "little")

    def _write_status(self, value: int) -> None:
        if value & Status.LOW_POWER:
            self._status, self._waking = value, 0
        elif self._status & Status.FAULT:
            self._status = Status.LOW_POWER | Status.RUNNING | value & KEPT_BITS & ~Status.FAULT
        elif self._status & Status.LOW_POWER:
            self._status = Status.LOW_POWER | value & KEPT_BITS
            self._waking = self._waking or 2

    def _wake_on(self) -> None:
        """Powering up takes a few looks at the status."""
        if self._waking:
            self._waking -= 1
            if not self._waking:
                self._status &= ~Status.LOW_POWER
                if self._lost:
                    self._lost -= 1
                else:
                    self._interrupt(Interrupt.POWERED)

    def _tell_finger(self) -> None:
        if self.mode == Mode.AWAIT_FINGER and self._finger is not None:
            self._interrupt(Interrupt.FINGER_ON)
        if self.mode == Mode.AWAIT_REMOVAL and self._finger is None:
            self._interrupt(Interrupt.FINGER_OFF)

    def _interrupt(self, kind: Interrupt) -> None:
        self._interrupts.append(struct.pack(">H", kind).ljust(INTERRUPT_BYTES, b"\0"))
        self._changed.notify_all()

    def _picture(self) -> bytes:
        """What the sensor sees now, as the wire carries it."""
        height = sum(block.lines for block in self.blocks)
        seen = np.full((height, WIDTH), 255, np.uint8) if self._finger is None else self._finger
        raw = 255 - seen
        if self.product in TURNED:
            raw = raw[::-1, ::-1]
        return encoded_picture(np.ascontiguousarray(raw), self.blocks, self._key_number, _secret)

    @staticmethod
    def _only(*numbers: int) -> None:
        if any(numbers):
            raise IndexError("the simulated reader has one of each")


def encoded_picture(raw: Grey, blocks: tuple[Block, ...], key_number: int, key_of: Callable[[int], int]) -> bytes:
    """Header and lines of a sensor's view (``raw``: uint8 height x 384, ridges bright), scrambled as ``blocks`` say."""
    lines: list[Grey] = []
    row, number = 0, key_number
    stream, at = key_stream(key_of(number)), 0
    for block in blocks:
        if BlockFlag.NEW_KEY in block.flags:
            number = number + 1 & 0xFF
            stream, at = key_stream(key_of(number)), 0
        part = raw[row : row + block.lines].reshape(-1).copy()
        if BlockFlag.KEY_RESTS not in block.flags:
            if BlockFlag.SCRAMBLED in block.flags:
                part = np.concatenate([part[:1] ^ np.uint8(0x5A), part[:-1] ^ stream[at : at + part.size - 1]])
            at += block.lines * WIDTH
        if not block.absent:
            lines.append(part)
        row += block.lines
    sent = np.concatenate(lines)
    header = bytearray(HEADER_BYTES)
    struct.pack_into("<HB", header, 4, min(MOST_LINES, sent.size // WIDTH), key_number)
    for place, block in enumerate(blocks):
        header[16 + 2 * place : 18 + 2 * place] = bytes((block.flags, block.lines))
    return bytes(header) + sent.tobytes()


def _secret(number: int) -> int:
    """The key behind a key number, as a device would hold it."""
    return int.from_bytes(hashlib.sha256(b"simulated reader" + bytes([number])).digest()[:4], "little")
