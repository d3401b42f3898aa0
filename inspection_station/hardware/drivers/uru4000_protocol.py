"""What DigitalPersona U.are.U 4000, 4000B and 4500 say over USB: registers, interrupts, pictures and their scrambling.

Bytes in, values out; nothing here talks to a device. The device publishes no specification: the facts come from what
free drivers found out. Nothing of this has met hardware.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from inspection_station.hardware.errors import DeviceGarbage

Grey = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint8]

VENDOR: Final = 0x05BA
PRODUCTS: Final = {0x0007: "U.are.U 4000", 0x0008: "U.are.U 4000", 0x000A: "U.are.U 4000B/4500"}
TURNED: Final = frozenset({0x000A})
"""Products whose pictures come turned by 180 degrees."""
INTERFACE_CLASS: Final = 255
INTERRUPT_ENDPOINT: Final = 0x81
PICTURE_ENDPOINT: Final = 0x82
REQUEST: Final = 4
INTERRUPT_BYTES: Final = 64
DPI: Final = 512
WIDTH: Final = 384
MOST_LINES: Final = 290
HEADER_BYTES: Final = 64
LARGEST_PICTURE: Final = HEADER_BYTES + WIDTH * MOST_LINES
BLOCKS: Final = 15
_BLOCKS_AT: Final = 16


class Register(IntEnum):
    """``wValue`` of the vendor request; each is followed by the registers after it when more bytes are asked for."""

    STATUS = 0x07
    KEY_INDEX = 0x33
    KEY = 0x34
    MODE = 0x4E
    INFORMATION = 0xF0


class Status(IntFlag):
    """Bits of the status register."""

    RUNNING = 0x01
    FAULT = 0x04
    LOW_POWER = 0x80


KEPT_BITS: Final = 0x0F
"""Of the status, written back when the device is powered up."""


class Mode(IntEnum):
    """Values of the mode register."""

    AWAIT_FINGER = 0x10
    AWAIT_REMOVAL = 0x12
    CAPTURE = 0x20
    OFF = 0x70


class Interrupt(IntEnum):
    """First two bytes of an interrupt, big-endian."""

    POWERED = 0x56AA
    FINGER_ON = 0x0101
    FINGER_OFF = 0x0200
    FAILURE = 0x0800


class BlockFlag(IntFlag):
    """What holds for a run of lines."""

    NEW_KEY = 0x80
    KEY_RESTS = 0x04
    SCRAMBLED = 0x02
    ABSENT = 0x01


KeyOf = Callable[[int], int]
"""The 32-bit key that the device names for a key number."""


@dataclass(frozen=True, slots=True)
class Block:
    flags: BlockFlag
    lines: int

    @property
    def absent(self) -> bool:
        return BlockFlag.ABSENT in self.flags


@dataclass(frozen=True, slots=True)
class RawPicture:
    """A picture as sent: ``pixels`` are the lines sent, uint8 lines x 384, perhaps scrambled, ridges bright."""

    key_number: int
    blocks: tuple[Block, ...]
    pixels: Grey = field(repr=False)

    @property
    def height(self) -> int:
        """Lines of the whole picture, with those left out."""
        return sum(block.lines for block in self.blocks)


def interrupt_of(packet: bytes) -> int:
    """The interrupt's number. Raises DeviceGarbage for a packet shorter than two bytes."""
    if len(packet) < 2:
        raise DeviceGarbage(f"an interrupt of {len(packet)} bytes")
    return int.from_bytes(packet[:2], "big")


def lines_announced(header: bytes) -> int:
    """Lines that follow the 64-byte header. Raises DeviceGarbage for a short header or a count no picture has."""
    if len(header) < HEADER_BYTES:
        raise DeviceGarbage(f"a picture of {len(header)} bytes has no whole header")
    lines = int(struct.unpack_from("<H", header, 4)[0])
    if not 1 <= lines <= MOST_LINES:
        raise DeviceGarbage(f"a picture of {lines} lines")
    return lines


def parse_picture(sent: bytes) -> RawPicture:
    """Header and lines. Raises DeviceGarbage where they contradict each other.

    What follows the announced lines is padding. Blocks end with the first of no lines; those present must make up the
    announced lines exactly, all together at most 290.
    """
    lines = lines_announced(sent)
    needed = HEADER_BYTES + lines * WIDTH
    if len(sent) < needed:
        raise DeviceGarbage(f"a picture of {len(sent)} bytes where {needed} were announced")
    blocks = tuple(_blocks(sent[_BLOCKS_AT : _BLOCKS_AT + 2 * BLOCKS]))
    present = sum(block.lines for block in blocks if not block.absent)
    if present != lines:
        raise DeviceGarbage(f"blocks of {present} lines in a picture of {lines}")
    if sum(block.lines for block in blocks) > MOST_LINES:
        raise DeviceGarbage("blocks of more lines than the sensor has")
    if any(block.absent and BlockFlag.SCRAMBLED in block.flags for block in blocks):
        raise DeviceGarbage("a block that is absent and scrambled")
    pixels = np.frombuffer(sent, np.uint8, lines * WIDTH, HEADER_BYTES).reshape(lines, WIDTH)
    return RawPicture(sent[6], blocks, pixels)


def _blocks(pairs: bytes) -> list[Block]:
    found = []
    for flags, lines in zip(pairs[::2], pairs[1::2], strict=True):
        if lines == 0:
            break
        found.append(Block(BlockFlag(flags & 0x87), lines))
    return found


def finger_picture(picture: RawPicture, key_of: KeyOf, *, turned: bool) -> Grey:
    """The finger as the port promises it: uint8 height x 384, ridges dark, fingertip up.

    ``key_of`` is asked only when the lines really are scrambled: devices set the flags on plain pictures too, which
    free drivers tell by the variance of two lines; neighbours that have nothing to do with each other tell it more
    surely. Raises DeviceGarbage when the lines are still noise afterwards (a wrong key, a torn transfer).
    """
    pixels = picture.pixels
    rows = _scrambled_rows(picture)
    if rows and is_noise(pixels[rows]):
        pixels = unscrambled(picture, key_of)
    if is_noise(pixels[rows] if rows else pixels):
        raise DeviceGarbage("a picture that is noise")
    whole = np.zeros((picture.height, WIDTH), np.uint8)
    sent = row = 0
    for block in picture.blocks:
        if not block.absent:
            whole[row : row + block.lines] = pixels[sent : sent + block.lines]
            sent += block.lines
        row += block.lines
    seen = 255 - whole
    return np.ascontiguousarray(seen[::-1, ::-1] if turned else seen)


def unscrambled(picture: RawPicture, key_of: KeyOf) -> Grey:
    """The lines as the sensor saw them. Each block that brings a new key counts the key number on by one.

    The register runs on over lines that are plain or absent, unless their flags say that it rests.
    """
    pixels = picture.pixels.copy()
    number = picture.key_number
    stream, at = None, 0
    row = 0
    for block in picture.blocks:
        if BlockFlag.NEW_KEY in block.flags:
            number = number + 1 & 0xFF
            stream = None
        if stream is None:
            stream, at = key_stream(key_of(number)), 0
        size = block.lines * WIDTH
        if BlockFlag.KEY_RESTS not in block.flags:
            if BlockFlag.SCRAMBLED in block.flags:
                flat = pixels[row : row + block.lines].reshape(-1)
                flat[:-1] = flat[1:] ^ stream[at : at + size - 1]
                flat[-1] = 0
            at += size
        if not block.absent:
            row += block.lines
    return pixels


def _scrambled_rows(picture: RawPicture) -> list[int]:
    rows, row = list[int](), 0
    for block in picture.blocks:
        if BlockFlag.SCRAMBLED in block.flags:
            rows += range(row, row + block.lines)
        if not block.absent:
            row += block.lines
    return rows


def is_noise(pixels: Grey) -> bool:
    """True where neighbours along a line differ as much as strangers do; a flat picture is not noise."""
    values = pixels.astype(np.float32)
    spread = float(values.var())
    if spread < 100.0:
        return False
    steps = float(np.square(np.diff(values, axis=1)).mean())
    return steps > 1.4 * spread  # strangers: 2; ridges nine pixels apart: below 0.5


TAPS: Final = tuple(bit for bit in range(32) if 0x9248144D >> bit & 1)
STREAM_BITS: Final = (4, 8, 11, 14, 18, 21, 24, 29)
_LONGEST: Final = MOST_LINES * WIDTH


@lru_cache(maxsize=4)
def key_stream(key: int) -> Grey:
    """The first 111,360 bytes that a key gives.

    The register shifts right, and its new top bit is the parity of the tapped ones; so bit j after n steps is number
    n + j of one sequence s, with s[n + 32] the sum of s[n + t] over the taps t. Squaring that rule k times over the
    field of two elements widens every distance by 2^k, which lets 2^k new bits be made at once.
    """
    length = _LONGEST + 32
    bits = np.zeros(length + 1, np.uint8)
    bits[:32] = [key >> bit & 1 for bit in range(32)]
    known, wide = 32, 1
    while known < length:
        if known >= 64 * wide:
            wide *= 2
        start = known - 32 * wide
        count = min(wide, length - known)
        fresh = np.zeros(count, np.uint8)
        for tap in TAPS:
            fresh ^= bits[start + tap * wide : start + tap * wide + count]
        bits[known : known + count] = fresh
        known += count
    stream = np.zeros(_LONGEST, np.uint8)
    for place, bit in enumerate(STREAM_BITS):
        stream |= bits[bit : bit + _LONGEST] << place
    stream.setflags(write=False)
    return stream
