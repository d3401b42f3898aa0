"""A maker's library behind ``installer/vendor/station_fingerprint.h``, as the child process sees it.

Nothing here runs in the station's own process: ctypes cannot be protected against what a library does to memory.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from threading import Event
from typing import Any, Final

import numpy as np

from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DeviceInfo, DeviceKind, DriverSettings, FingerImage
from inspection_station.hardware.settings import SettingsReader

DRIVER: Final = "vendor-fingerprint"
INFO: Final = DeviceInfo(
    DeviceKind.FINGERPRINT_READER, DRIVER, "fingerprint reader (maker's library)", frozenset({"finger image"})
)
ABI: Final = 1
DONE, NO_FINGER, PREVIEW, NOT_FOUND, GONE = 0, 1, 2, -1, -2
WAIT_MS: Final = 100
CAPACITY: Final = 4_000_000
"""Bytes of a picture: 3.2 x 3 inches at 1,000 dots per inch with some room, four fingers at 500."""
_LONGEST_TEXT: Final = 120
_DPI: Final = (300, 1200)


class _Picture(ctypes.Structure):
    _fields_ = (("width", ctypes.c_int32), ("height", ctypes.c_int32), ("dpi", ctypes.c_int32))


class VendorLibrary:
    """``library`` is the file's whole path, ``options`` the text that ``station_fingerprint_open`` is given."""

    info = INFO

    def __init__(self, settings: DriverSettings) -> None:
        reader = SettingsReader(DRIVER, settings)
        self._path = Path(reader.take("library", ""))
        self._options = reader.take("options", "")
        reader.finish()
        self._functions: Any = None
        self._reader = ctypes.c_void_p()
        self._open = False
        self._pixels = (ctypes.c_uint8 * CAPACITY)()

    def open(self) -> None:
        if self._open:
            return
        if self._functions is None:
            self._functions = _loaded(self._path)
        outcome = self._functions.station_fingerprint_open(self._options.encode(), ctypes.byref(self._reader))
        if outcome != DONE:
            raise DeviceNotFound(f"the maker's library opens no reader ({self._why(outcome)})")
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            self._functions.station_fingerprint_close(self._reader)
            self._reader = ctypes.c_void_p()

    def probe(self) -> None:
        self._check()
        self._expect(self._functions.station_fingerprint_probe(self._reader))

    def poll(self, cancel: Event, finger: int) -> tuple[int, FingerImage | None]:
        """One short wait: ``NO_FINGER``, or ``PREVIEW`` or ``DONE`` with the picture."""
        self._check()
        if cancel.is_set():
            raise CaptureCancelled("no longer waiting for a finger")
        about = _Picture()
        outcome = self._functions.station_fingerprint_capture(
            self._reader, finger, WAIT_MS, self._pixels, CAPACITY, ctypes.byref(about)
        )
        if outcome == NO_FINGER:
            return NO_FINGER, None
        if outcome != PREVIEW:
            self._expect(outcome)
        return outcome, self._image(about)

    def _image(self, about: _Picture) -> FingerImage:
        width, height, dpi = about.width, about.height, about.dpi
        if width < 1 or height < 1 or width * height > CAPACITY or not _DPI[0] <= dpi <= _DPI[1]:
            raise DeviceGarbage(f"the maker's library gives {width} x {height} pixels at {dpi} dots per inch")
        pixels = np.frombuffer(memoryview(self._pixels), np.uint8, width * height).reshape(height, width).copy()
        ctypes.memset(self._pixels, 0, width * height)  # nobody's finger stays behind in this process
        return FingerImage(pixels, dpi)

    def _check(self) -> None:
        if not self._open:
            raise DeviceError("the maker's library is closed")

    def _expect(self, outcome: int) -> None:
        if outcome == DONE:
            return
        if outcome in (GONE, NOT_FOUND):
            raise DeviceUnplugged("the fingerprint reader was unplugged")
        raise DeviceStalled(f"the maker's library failed ({self._why(outcome)})")

    def _why(self, outcome: int) -> str:
        """Code and text, the latter cut to what can be shown."""
        text = ctypes.create_string_buffer(_LONGEST_TEXT)
        self._functions.station_fingerprint_error(self._reader, text, _LONGEST_TEXT)
        words = text.raw.split(b"\0")[0].decode("ascii", "replace")
        return f"code {outcome}: " + "".join(letter if letter.isprintable() else " " for letter in words)


def _loaded(path: Path) -> Any:
    """Raises DeviceNotFound for a file that is no library of this kind."""
    if not path.is_absolute() or not path.is_file():
        raise DeviceNotFound("the maker's library is not there: the profile must name its whole path")
    if sys.platform == "win32":
        os.add_dll_directory(str(path.parent))
    try:
        functions = ctypes.CDLL(str(path))
        functions.station_fingerprint_abi.restype = ctypes.c_int32
        version = functions.station_fingerprint_abi()
        _declare(functions)
    except OSError:
        raise DeviceNotFound(
            "the maker's library cannot be loaded (wrong processor, or one it needs is missing)"
        ) from None
    except AttributeError:
        raise DeviceNotFound("the maker's library lacks functions of station_fingerprint.h") from None
    if version != ABI:
        raise DeviceNotFound(f"the maker's library is of interface {version}, not {ABI}")
    return functions


def _declare(functions: Any) -> None:
    number, handle = ctypes.c_int32, ctypes.c_void_p
    for name, result, given in (
        ("open", number, (ctypes.c_char_p, ctypes.POINTER(handle))),
        ("probe", number, (handle,)),
        ("capture", number, (handle, number, number, ctypes.c_void_p, number, ctypes.POINTER(_Picture))),
        ("error", None, (handle, ctypes.c_char_p, number)),
        ("close", None, (handle,)),
    ):
        function = getattr(functions, f"station_fingerprint_{name}")
        function.restype, function.argtypes = result, given


class VendorLibraryFactory:
    """What the child process makes; no entry point."""

    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings: DriverSettings) -> VendorLibrary:
        return VendorLibrary(settings)

    def attached(self) -> tuple[DeviceInfo, ...]:
        return ()


factory = VendorLibraryFactory()
