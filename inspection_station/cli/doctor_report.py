"""What the station needs, what of it is there, and what to do where it is not."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from inspection_station.cli.dependency_probe import Found, probe_in_child, python_version
from inspection_station.hardware.registry import DriverRegistry

SECONDS: Final = 8.0
"""Limit of the probing: two to three seconds on an idle machine, a busy one must not be told that all is missing."""
_LEAST_DISK: Final = 500_000_000
_INSTALL: Final = "run «make run» again: it installs the Python packages"


@dataclass(frozen=True, slots=True)
class Need:
    """Something the station needs. ``probe`` as in ``dependency_probe``."""

    name: str
    kind: str
    probe: str
    needed_for: str
    do: str = _INSTALL
    required: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the report. ``do`` is empty where nothing is to be done."""

    name: str
    kind: str
    present: bool
    version: str
    needed_for: str
    do: str
    required: bool


_FIRST: Final = (
    Need("face models", "resource", "face models", "finding and comparing faces"),
    Need("SQLCipher", "module", "encrypted store", "the encrypted store"),
    Need("dlib", "module", "module:dlib:dlib-bin", "finding faces and landmarks"),
    Need("onnxruntime", "module", "module:onnxruntime:onnxruntime", "face templates"),
    Need("cryptography", "module", "module:cryptography.hazmat.bindings._rust:cryptography", "chip and seals"),
    Need("asn1crypto", "module", "module:asn1crypto.cms:asn1crypto", "the chip's certificates"),
    Need(
        "key store",
        "service",
        "key store",
        "the key of a live store (the training profile keeps its own)",
        "on Linux install gnome-keyring and log in to a desktop session; on Windows and macOS it is built in",
        False,
    ),
    Need("pyscard", "module", "module:smartcard.scard:pyscard", "chip readers"),
    Need(
        "pcscd",
        "service",
        "pcsc service",
        "chip readers",
        "apt-get install pcscd libccid, then systemctl start pcscd.socket (Windows: start the service Smart Card)",
        False,
    ),
)
_SECOND: Final = (
    Need(
        "PySide6",
        "module",
        "module:PySide6.QtWidgets:PySide6-Essentials",
        "the screens",
        f"{_INSTALL}; on Linux also apt-get install libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3",
    ),
    Need("OpenCV", "module", "module:cv2:opencv-python-headless", "pictures of pages and faces, cameras"),
    Need("Pillow", "module", "module:PIL.Image:pillow", "JPEG 2000 portraits"),
    Need("pyserial", "module", "module:serial:pyserial", "swipe readers on a serial port", required=False),
    Need("pyusb", "module", "module:usb.core:pyusb", "fingerprint readers", required=False),
    Need(
        "libusb",
        "module",
        "usb backend",
        "fingerprint readers",
        "apt-get install libusb-1.0-0 (Windows: the package libusb-package brings it)",
        False,
    ),
    Need(
        "tesseract",
        "program",
        "tesseract",
        "a second opinion on a machine-readable zone in doubt",
        "apt-get install tesseract-ocr",
        False,
    ),
)


def report(data_folder: Path, now: datetime, registry: DriverRegistry | None = None) -> tuple[Item, ...]:
    """Everything, probed side by side within ``SECONDS``. ``now`` is aware, in UTC."""
    drivers = (registry or DriverRegistry()).names()
    attached = [f"attached:{name}" for name in drivers]
    groups = [[need.probe for need in _FIRST], [need.probe for need in _SECOND] + attached]
    found = probe_in_child(groups, SECONDS)
    items = [_python(), *(_item(need, found[need.probe]) for need in _FIRST + _SECOND)]
    items += [_fonts(), _disk(data_folder), _clock(now)]
    items += [_device(name, found[f"attached:{name}"]) for name in drivers]
    return tuple(items)


def all_required_present(items: tuple[Item, ...]) -> bool:
    return all(item.present for item in items if item.required)


def _item(need: Need, found: Found) -> Item:
    do = found.why if found.present else ": ".join(filter(None, (found.why, need.do)))
    return Item(need.name, need.kind, found.present, found.version, need.needed_for, do, need.required)


def _python() -> Item:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    do = "" if good else "use Python 3.11, 3.12 or 3.13"
    return Item("Python", "program", good, python_version(), "everything", do, True)


def _fonts() -> Item:
    from inspection_station.resource_path import resource

    missing = list(_missing_fonts(resource))
    do = f"missing {', '.join(missing)}: install the program again" if missing else ""
    return Item("fonts", "resource", not missing, "Noto Sans, Noto Sans TC, OCR-B", "the screens and pages", do, True)


def _missing_fonts(resource: object) -> Iterator[str]:
    for name in ("NotoSans-Regular.ttf", "NotoSansTC-Regular.ttf", "ocr-b"):
        try:
            resource("fonts", name)  # type: ignore[operator]
        except FileNotFoundError:
            yield name


def _disk(folder: Path) -> Item:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    good = free >= _LEAST_DISK
    do = "" if good else f"STO-01: free at least {_LEAST_DISK // 1_000_000} MB where the station keeps its store"
    return Item("disk space", "system", good, f"{free // 1_000_000} MB free", "records", do, True)


def _clock(now: datetime) -> Item:
    """A clock cannot be earlier than the program it runs, and documents are judged by it."""
    made = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    good = made - timedelta(days=1) <= now <= made + timedelta(days=365 * 15)
    do = "" if good else "SEC-01: set the system's date and time; validity of documents is judged by it"
    return Item("clock", "system", good, f"{now:%Y-%m-%d %H:%M} UTC", "validity of documents, records", do, True)


def _device(driver: str, found: Found) -> Item:
    do = "" if found.present else found.why
    return Item(driver, "device", found.present, found.version, "inspections with this driver", do, False)
