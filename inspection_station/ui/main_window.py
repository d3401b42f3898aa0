"""The one window: it draws the screen of the newest snapshot and hands keys to the console. It decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QPushButton, QWidget

from inspection_station.desk.commands import Command
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.inspection import Stage
from inspection_station.ui.bridge import DeskBridge
from inspection_station.ui.pages.page import Surface
from inspection_station.ui.pictures import connect_queued
from inspection_station.ui.presenters.checks import CheckRow
from inspection_station.ui.presenters.console import Console, Explain, Fill, Panel, stage_shown
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.pass_by_itself import NEVER, PassByItself, counting, due, stopped
from inspection_station.ui.presenters.press import choose, press, send, settle
from inspection_station.ui.presenters.screen import screen
from inspection_station.ui.screen_view import ScreenView
from inspection_station.ui.theme import Look, ThemeName, scale_for, style_sheet
from inspection_station.ui.widgets.look_aware import spread_look
from inspection_station.ui.widgets.picture import PictureView
from inspection_station.wording import Wording

TICK_MS = 250
LEAST_SIZE = (960, 540)
"""Pixels; ``theme.scale_for`` makes everything fit."""


class MainWindow(QMainWindow):
    """Owns the console's state. ``battery`` is asked every tick and must return at once."""

    language_changed = Signal(str)
    closed = Signal()

    def __init__(
        self,
        bridge: DeskBridge,
        surface: Surface,
        *,
        language: str = "zh_TW",
        theme: ThemeName = ThemeName.DAY,
        touch: bool = False,
        kiosk: bool = False,
        battery: Callable[[], int | None] = lambda: None,
        by_itself: PassByItself = NEVER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._surface = surface
        self._touch = touch
        self._kiosk = kiosk
        self._battery = battery
        self._by_itself = by_itself
        self._clock = clock
        self._leaving = False
        self._snapshot: DeskSnapshot = bridge.snapshot
        self.console = Console(language=language, theme=theme.value)
        self._wording = Wording(language)
        self._look: Look | None = None
        self.view = ScreenView(self, surface)
        self.setCentralWidget(self.view)
        self.setMinimumSize(*LEAST_SIZE)  # else the scale of a larger window keeps this one from getting small
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        for button in self.findChildren(QPushButton, "reveal"):
            button.pressed.connect(lambda: self.reveal(True))
            button.released.connect(lambda: self.reveal(False))
        bridge.changed.connect(self._on_snapshot)
        connect_queued(surface.pictures, self._on_picture)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self._tick.start()
        self.restyle()
        self.draw()

    @property
    def wording(self) -> Wording:
        """The wording of the language on the screen."""
        return self._wording

    def press(self, key: Key) -> None:
        """A key of the officer, from the keyboard or from a button."""
        if key is Key.ENTER and isinstance(self.console.panel, Fill):
            self.view.form_panel.send()
            return
        self._apply(*press(self.console, key, self._snapshot, self._clock()))

    def choose(self, action: Command | Panel) -> None:
        """An option was touched."""
        self._apply(*choose(self.console, action))

    def send(self, values: Mapping[str, str]) -> None:
        """A form was sent."""
        self._apply(*send(self.console, values, self._snapshot))

    def reveal(self, held: bool) -> None:
        """Hits and scores are shown while the key is held."""
        if held is not self.console.revealed:
            self._apply(replace(self.console, revealed=held), ())

    def look_at(self, stage: Stage) -> None:
        """A step of the path was touched."""
        inspection = self._snapshot.inspection
        follows = inspection is not None and stage is stage_shown(inspection)
        console = stopped(self.console, self._snapshot)
        self._apply(replace(console, looked_at=None if follows else stage, panel=None), ())

    def explain(self, row: CheckRow) -> None:
        """A check was touched: its code in full, or its page."""
        if row.code and self._wording.has(f"error.{row.code}.what"):
            self._apply(replace(stopped(self.console, self._snapshot), panel=Explain(row.code, key=row.key)), ())
        elif self._snapshot.inspection is not None:
            self.look_at(Stage(row.step.value))

    def draw(self) -> None:
        """Compose the screen and show it; widgets skip what did not change."""
        model = screen(self._snapshot, self.console, self._wording, now=self._clock(), battery=self._battery())
        self.view.show_screen(model, self._wording, datetime.now().strftime("%H:%M"))

    def restyle(self) -> None:
        """Theme, scale and target sizes."""
        scale = scale_for(self.width(), self.height())
        look = Look(ThemeName(self.console.theme), scale, self._touch)
        if look == self._look:
            return
        self._look = look
        self.view.set_look(look)
        self.view.dress(style_sheet(look), look)
        spread_look(self, look)

    def leave(self) -> None:
        """Close for good, kiosk or not."""
        self._leaving = True
        self.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The scale follows the window."""
        super().resizeEvent(event)
        self.restyle()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A kiosk ignores Alt+F4; the composition root closes it with ``leave``."""
        if self._kiosk and not self._leaving:
            event.ignore()
            return
        self._tick.stop()
        self._bridge.close()
        super().closeEvent(event)
        self.closed.emit()

    def _apply(self, console: Console, commands: tuple[Command, ...]) -> None:
        before, self.console = self.console, console
        for command in commands:
            self._bridge.post(command)
        if console.language != before.language:
            self._retranslate(console.language)
        if console.theme != before.theme:
            self.restyle()
        if commands or (before.panel is not None and console.panel is None):
            self._release_focus()
        self.draw()

    def _retranslate(self, language: str) -> None:
        self._wording = Wording(language)
        self.setWindowTitle(self._wording.text("window.title"))
        self.language_changed.emit(language)

    def _release_focus(self) -> None:
        focus = QApplication.focusWidget()
        if isinstance(focus, QWidget) and focus.window() is self:
            focus.clearFocus()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_tick(self) -> None:
        now = self._clock()
        self.console = counting(self.console, self._snapshot, self._by_itself, now)
        decision = due(self.console, self._snapshot, self._by_itself, now)
        if decision is not None:
            self._apply(replace(self.console, green_since=None), (decision,))
        else:
            self.draw()

    def _on_snapshot(self) -> None:
        before, self._snapshot = self._snapshot, self._bridge.snapshot
        settled = settle(self.console, before, self._snapshot)
        old, new = before.inspection, self._snapshot.inspection
        if old is not None and (new is None or new.inspection_id != old.inspection_id):
            self._surface.pictures.forget()
            self.view.forget()
        if settled != self.console:
            self._apply(settled, ())
        else:
            self.draw()

    def _on_picture(self) -> None:
        for view in self.findChildren(PictureView):
            view.refresh()
