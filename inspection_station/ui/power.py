"""Battery level, read on a thread of its own every half minute: some firmware takes a second to answer."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

_FOLDER = Path("/sys/class/power_supply")
_INTERVAL_SECONDS = 30.0


class BatteryGauge:
    """``level`` is per cent, or None where the machine has no battery or does not say."""

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
    """Lowest level of the batteries the kernel lists; None without one (other systems have no such folder)."""
    levels = []
    for capacity in sorted(folder.glob("*/capacity")):
        try:
            if (capacity.parent / "type").read_text().strip() == "Battery":
                levels.append(int(capacity.read_text()))
        except (OSError, ValueError):
            continue  # a battery being exchanged; the next reading will have it
    return min((n for n in levels if 0 <= n <= 100), default=None)
