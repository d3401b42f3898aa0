"""Synthetic finger pictures and a terminal's keys for tests of the chip; no finger of anybody."""

from __future__ import annotations

import io
from datetime import date
from functools import cache

import numpy as np
import wsq  # noqa: F401  registers its format
from fakes.chip_material import AUTHORITY, DAY, LINES, PORTRAIT
from numpy.typing import NDArray
from PIL import Image

from inspection_station.documents.emrtd.finger_images import Compression
from inspection_station.training.passport_issue import VirtualPassport
from inspection_station.training.virtual_chip import PROFILES
from inspection_station.training.virtual_chip.finger_record import FingerEntry, data_group_3
from inspection_station.training.virtual_chip.terminal_authority import TerminalAuthority

WIDTH, HEIGHT = 160, 200


def ridges(phase: float = 0.0) -> NDArray[np.uint8]:
    """Rings around a core, as far apart as ridges at 500 pixels an inch."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rings = np.hypot(x - WIDTH / 2, (y - HEIGHT / 2) * 0.8)
    return (127 + 100 * np.sin(rings * 2 * np.pi / 9 + phase)).astype(np.uint8)


def packed(kind: str, pixels: NDArray[np.uint8] | None = None) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(ridges() if pixels is None else pixels).save(stream, kind)
    return stream.getvalue()


@cache
def fingers() -> bytes:
    """DG3 with two fingers in WSQ."""
    entries = [FingerEntry(p, WIDTH, HEIGHT, packed("WSQ", ridges(p)), Compression.WSQ) for p in (2, 7)]
    return data_group_3(entries)


def terminals(name: str = "eac-pace", at: date = DAY) -> TerminalAuthority:
    found = PROFILES[name].terminal_authority(AUTHORITY, at)
    assert found is not None
    return found


def passport_with_fingers(name: str = "eac-pace", content: bytes | None = None) -> VirtualPassport:
    return PROFILES[name].issue(
        LINES, PORTRAIT, authority=AUTHORITY, at=DAY, can="574319", fingers=fingers() if content is None else content
    )
