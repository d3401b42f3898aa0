"""Screens are tested without a display, with the bundled fonts, and with strict wording."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["STATION_STRICT_WORDING"] = "1"

import pytest
from desk_props import FakeDesk
from PySide6.QtCore import QCoreApplication, QEvent
from screen_events import settle_events

from inspection_station.ui.bridge import DeskBridge
from inspection_station.ui.fonts import load_fonts
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.pages.page import Surface
from inspection_station.ui.pictures import PictureStore
from inspection_station.ui.qt_process import qt_application


@pytest.fixture(scope="session")
def zone_family() -> str:
    qt_application()
    return load_fonts()


@pytest.fixture
def open_window(qtbot: object, zone_family: str) -> Iterator[Callable[..., MainWindow]]:
    """Open a window on a desk; everything is closed afterwards."""
    opened: list[tuple[MainWindow, PictureStore]] = []

    def make(desk: FakeDesk, size: tuple[int, int] = (1366, 768), **options: object) -> MainWindow:
        pictures = PictureStore(desk.picture)
        surface = Surface(pictures, desk.frames, zone_family, desk.finger_frames)
        window = MainWindow(DeskBridge(desk), surface, **options)  # type: ignore[arg-type]
        window.resize(*size)
        window.show()
        settle_events()
        opened.append((window, pictures))
        return window

    yield make
    for window, pictures in opened:
        window.leave()
        pictures.close()
        window.deleteLater()
    settle_events()
    # No event loop runs here, and without one nothing is deleted later: windows would pile up for the whole session.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
