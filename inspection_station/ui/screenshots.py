"""Pictures of the screen without a display, for the manual and for acceptance."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from inspection_station.desk.commands import Command
from inspection_station.desk.view import Desk, DeskSnapshot, FrameSlot
from inspection_station.inspection.document import BlobRef

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from inspection_station.ui.main_window import MainWindow
    from inspection_station.ui.presenters.console import Console
    from inspection_station.ui.presenters.opening import StartFailure

SIZES = ((1366, 768), (1920, 1080))
LARGEST_FILE = 150_000  # bytes


class _StillDesk:
    """A desk that stands still: one snapshot, pictures and frames from the real one, commands ignored."""

    def __init__(self, snapshot: DeskSnapshot, desk: Desk | None) -> None:
        self._snapshot = snapshot
        self._desk = desk
        self._no_frames = FrameSlot()

    @property
    def frames(self) -> FrameSlot:
        return self._desk.frames if self._desk is not None else self._no_frames

    @property
    def finger_frames(self) -> FrameSlot:
        return self._desk.finger_frames if self._desk is not None else self._no_frames

    def snapshot(self) -> DeskSnapshot:
        return self._snapshot

    def post(self, command: Command) -> None:
        del command

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._desk.picture(ref) if self._desk is not None else None

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        del listener
        return lambda: None


class ScreenshotTaker:
    """Saves ``NAME-LANGUAGE-WIDTHxHEIGHT.png`` for every language and size. Use it on the main thread only.

    ``desk`` gives the pictures and the live frame; without it places for faces stay empty.
    """

    def __init__(
        self,
        folder: Path,
        languages: Sequence[str] = ("zh_TW", "en"),
        sizes: Sequence[tuple[int, int]] = SIZES,
        *,
        desk: Desk | None = None,
        theme: str = "day",
    ) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from inspection_station.ui.fonts import load_fonts
        from inspection_station.ui.qt_process import qt_application

        self._folder = folder
        self._languages = tuple(languages)
        self._sizes = tuple(sizes)
        self._desk = desk
        self._theme = theme
        self._application = qt_application()
        self._zone_family = load_fonts()
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, snapshot: DeskSnapshot, name: str, console: Console | None = None) -> list[Path]:
        """Draw a snapshot; ``console`` opens a panel or looks at another page. Returns the files."""
        files = []
        for language in self._languages:
            for size in self._sizes:
                path = self._folder / f"{name}-{language}-{size[0]}x{size[1]}.png"
                self._draw(snapshot, language, size, console, path)
                files.append(path)
        return files

    def take_opening(self, name: str, step: str, failure: StartFailure | None = None) -> list[Path]:
        """Draw the opening window, which has both languages at once, as ``NAME-WIDTHxHEIGHT.png``."""
        from inspection_station.ui.opening_window import OpeningWindow
        from inspection_station.ui.theme import ThemeName

        files = []
        for size in self._sizes:
            window = OpeningWindow(training=True, theme=ThemeName(self._theme))
            window.resize(*size)
            window.show()
            window.show_step(step)
            if failure is not None:
                window.show_failure(failure)
            for _ in range(3):
                self._application.processEvents()
            path = self._folder / f"{name}-{size[0]}x{size[1]}.png"
            save_small(window.grab().toImage(), path)
            files.append(path)
            window.finish()
            window.deleteLater()
        return files

    def _draw(
        self, snapshot: DeskSnapshot, language: str, size: tuple[int, int], console: Console | None, path: Path
    ) -> None:
        from PySide6.QtCore import QEvent

        from inspection_station.ui.bridge import DeskBridge
        from inspection_station.ui.main_window import MainWindow
        from inspection_station.ui.pages.page import Surface
        from inspection_station.ui.pictures import PictureStore
        from inspection_station.ui.theme import ThemeName

        still = _StillDesk(snapshot, self._desk)
        pictures = PictureStore(still.picture)
        for ref in _pictures_of(snapshot):
            pictures.load_now(ref)
        theme = ThemeName(console.theme if console is not None else self._theme)
        surface = Surface(pictures, still.frames, self._zone_family, still.finger_frames)
        window = MainWindow(DeskBridge(still), surface, language=language, theme=theme)
        if console is not None:
            window.console = replace(console, language=language)
        window.resize(*size)
        window.show()
        window.draw()
        self._settle(window)
        save_small(window.grab().toImage(), path)
        window.leave()
        pictures.close()
        window.deleteLater()
        self._application.processEvents()
        self._application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # no event loop runs that would

    def _settle(self, window: MainWindow) -> None:
        for _ in range(4):  # layouts with wrapped text need a second pass
            self._application.processEvents()
        window.draw()
        self._application.processEvents()


def save_small(image: QImage, path: Path) -> None:
    """Write a PNG with a palette, coarser until it is at most 150 kB: a manual holds dozens of them."""
    plain = image.convertToFormat(image.Format.Format_RGB888)
    data = bytes(plain.constBits())
    picture = Image.frombytes("RGB", (plain.width(), plain.height()), data, "raw", "RGB", plain.bytesPerLine())
    for colors in (256, 128, 64, 32):
        small = picture.quantize(colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        out = io.BytesIO()
        small.save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST_FILE:
            break
    path.write_bytes(out.getvalue())


def _pictures_of(snapshot: DeskSnapshot) -> tuple[BlobRef, ...]:
    inspection = snapshot.inspection
    if inspection is None:
        return ()
    document, chip, face, fingers = inspection.document, inspection.chip, inspection.face, inspection.fingers
    refs: list[BlobRef | None] = [
        document.page_image if document else None,
        chip.portrait if chip else None,
        inspection.clearance.portrait if inspection.clearance else None,
        face.image if face else None,
        *(sample.image for sample in (fingers.samples if fingers else ())),
        *(result.reference_image for result in inspection.comparisons),
        *(one.picture for one in (inspection.face_search.candidates if inspection.face_search else ())),
    ]
    return tuple(ref for ref in refs if ref is not None)
