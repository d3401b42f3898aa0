"""Battery level, read on a thread of its own every half minute: some firmware takes a second to answer."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from inspection_station.ui.presenters.top_bar import NoBattery

_FOLDER = Path("/sys/class/power_supply")
_INTERVAL_SECONDS = 30.0


class BatteryGauge:
    """``level`` is per cent, a ``NoBattery``, or None where the machine does not say."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._folder = folder
        self._level: int | None = None
        self._stop = Event()
        self._thread = Thread(target=self._watch, name="battery", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def level(self) -> int | None:
        """The last level read; returns at once."""
        return self._level

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._level = read_level(self._folder)
            self._stop.wait(_INTERVAL_SECONDS)


def read_level(folder: Path) -> int | None:
    """Lowest level of the batteries that the kernel lists, or a ``NoBattery``; None where there is no such folder, as
    on other systems.
    """
    if not folder.is_dir():
        return None
    levels, batteries, mains = [], False, False
    for place in sorted(folder.iterdir()):
        kind = _said(place / "type")
        mains = mains or (kind == "Mains" and _said(place / "online") == "1")
        if kind != "Battery" or _said(place / "scope") == "Device":  # a mouse has one too
            continue
        batteries = True
        capacity = _said(place / "capacity")
        if capacity.isdecimal() and int(capacity) <= 100:
            levels.append(int(capacity))
    if batteries:
        return min(levels, default=None)  # one that is being exchanged says nothing; the next reading will have it
    return NoBattery.ON_MAINS if mains else NoBattery.NOTHING_NAMED


def _said(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError):
        return ""
