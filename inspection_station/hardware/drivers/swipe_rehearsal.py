"""Far ends for the readers that give text or files: a pseudo-terminal pair, a typing thread, a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Protocol

from inspection_station.hardware.conformance import Ability, DeviceScript
from inspection_station.hardware.errors import DeviceNotFound
from inspection_station.hardware.ports import Device, DriverFactory, DriverSettings
from inspection_station.hardware.rehearsal import SPECIMEN_LINES, SPECIMEN_PERSONAL, StillScript
from inspection_station.hardware.wedge import LONGEST_SCAN

_SWIPE = ("\x02" + "\r".join(SPECIMEN_LINES) + "\r\x03").encode("ascii")


class PtyScript(StillScript):
    """The far end of a serial line. The driver's port is a link, since a replugged device may get another number."""

    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE})
    personal_data = SPECIMEN_PERSONAL

    def __init__(self, link: Path) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None
        self.replug()

    def reset(self) -> None:
        self.replug()

    def present(self) -> None:
        for start in range(0, len(_SWIPE), 7):  # a reader's bytes come in no particular pieces
            self._send(_SWIPE[start : start + 7])

    def garbage(self) -> None:
        self._send(bytes(range(0x80, 0x100)))

    def unplug(self) -> None:
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)
        self._link.unlink(missing_ok=True)

    def replug(self) -> None:
        if self._ends is None:
            self._ends = os.openpty()
            self._link.symlink_to(os.ttyname(self._ends[1]))

    def _send(self, payload: bytes) -> None:
        if self._ends is not None:
            os.write(self._ends[0], payload)


@contextmanager
def serial_rehearsal(factory: DriverFactory) -> Iterator[tuple[Device, DeviceScript]]:
    """A swipe reader on a pseudo-terminal. Raises DeviceNotFound where the system has none (Windows)."""
    if os.name != "posix":
        raise DeviceNotFound("this system has no pseudo-terminals")
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "port"
        script = PtyScript(link)
        try:
            yield factory(DriverSettings({"port": str(link), "quiet_seconds": 0.05})), script
        finally:
            script.unplug()


class Fed(Device, Protocol):
    """A reader that is given what was typed."""

    def feed(self, text: str) -> object: ...


class TypingScript(StillScript):
    """Feeds the wedge as the screen would. Unplugging cannot be seen by a wedge."""

    abilities = frozenset({Ability.PRESENT, Ability.GARBAGE})
    personal_data = SPECIMEN_PERSONAL

    def __init__(self, reader: Fed) -> None:
        self._reader = reader

    def present(self) -> None:
        self._reader.feed("\r".join(SPECIMEN_LINES))

    def garbage(self) -> None:
        self._reader.feed("A" * (LONGEST_SCAN + 1))


@contextmanager
def keyboard_rehearsal(reader: Fed) -> Iterator[tuple[Device, DeviceScript]]:
    yield reader, TypingScript(reader)


class FolderScript(StillScript):
    """Another program that saves pages."""

    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE})
    personal_data = SPECIMEN_PERSONAL

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reset(self) -> None:
        self._folder.mkdir(exist_ok=True)

    def present(self) -> None:
        import cv2
        import numpy as np

        page = cv2.imencode(".png", np.full((40, 60, 3), 200, np.uint8))[1].tobytes()
        Thread(target=(self._folder / f"{SPECIMEN_PERSONAL[0]}.png").write_bytes, args=(page,)).start()

    def garbage(self) -> None:
        (self._folder / f"{SPECIMEN_PERSONAL[1]}.jpg").write_bytes(SPECIMEN_PERSONAL[2].encode("ascii"))

    def unplug(self) -> None:
        for path in self._folder.glob("*"):
            path.unlink(missing_ok=True)
        self._folder.rmdir()

    def replug(self) -> None:
        self._folder.mkdir(exist_ok=True)


@contextmanager
def folder_rehearsal(factory: DriverFactory) -> Iterator[tuple[Device, DeviceScript]]:
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "pages"
        folder.mkdir()
        settings = DriverSettings({"folder": str(folder), "settle_seconds": 0.05})
        yield factory(settings), FolderScript(folder)
