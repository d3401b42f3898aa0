"""The window behind which the station starts: the step that runs with a bar, or why it cannot start and what to do."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.opening import OpeningScreen, StartFailure, opening_screen
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.theme import Look, ThemeName, scale_for, style_sheet
from inspection_station.ui.widgets.glyph import Glyph
from inspection_station.ui.widgets.key_button import KeyButton
from inspection_station.ui.widgets.look_aware import spread_look
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import LANGUAGES, ErrorWording, Wording

_TICK_MS = 100
_EASE = 0.12
"""Share of the way to the next step that the bar creeps at every tick: it must be seen to be alive."""


class StartBar(QWidget):
    """How far the start is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self.share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.updateGeometry()
        self.update()

    def show_share(self, share: float) -> None:
        """Show a share of the way, 0…1."""
        self.share = min(1.0, max(0.0, share))
        self.update()

    def sizeHint(self) -> QSize:
        """As thick as the score's bar."""
        return QSize(self._look.px(420), self._look.px(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        painter, half = QPainter(self), self.height() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(self._look.color("line"), 1))
        painter.setBrush(self._look.color("sunken"))
        painter.drawRoundedRect(bar, half, half)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.color("accent"))
        filled = QRectF(bar.left(), bar.top(), max(bar.height(), bar.width() * self.share), bar.height())
        painter.drawRoundedRect(filled, half, half)
        painter.end()


class _ErrorLines(QWidget):
    """What happened, why, do this, in one language."""

    def __init__(self, large: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what = Text("name" if large else "heading", wrap=True)
        self.why, self.do = Text("body", wrap=True), Text("strong", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for label in (self.what, self.why, self.do):
            box.addWidget(label)

    def show_error(self, error: ErrorWording, wording: Wording) -> None:
        """Show it."""
        self.what.show_text(f"{error.what}  {error.code}")
        self.why.show_text(wording.text("trouble.why") + error.why)
        self.do.show_text(wording.text("trouble.do") + error.do)


class OpeningWindow(QWidget):
    """Shows where the start stands. ``retry`` and ``give_up`` come from the officer, after a failure alone; closing
    the window gives up as well, unless it is a kiosk's.
    """

    retry = Signal()
    give_up = Signal()

    def __init__(
        self,
        *,
        training: bool,
        theme: ThemeName = ThemeName.DAY,
        touch: bool = False,
        kiosk: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.setObjectName("root")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme, self._touch, self._kiosk, self._clock = theme, touch, kiosk, clock
        self._look: Look | None = None
        self._step, self._since = "programs", clock()
        self._done = False
        self.failure: StartFailure | None = None
        self._wordings = tuple(Wording(language) for language in LANGUAGES)
        self.setWindowTitle(self._wordings[0].text("window.title"))
        self.training = QLabel(self._wordings[0].text("top.training"))
        self.training.setObjectName("trainingBar")
        self.training.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.training.setVisible(training)
        self.glyph = Glyph(56)
        self.titles = (Text("verdict"), Text("heading"))
        self.steps = (Text("name"), Text("body"))
        self.seconds, self.bar = Text("label"), StartBar()
        self.errors = (_ErrorLines(True), _ErrorLines(False))
        self.detail = Text("label", wrap=True)
        self.retry_button, self.quit_button = KeyButton(Key.ENTER), KeyButton(Key.ESC)
        self.retry_button.clicked.connect(self._try_again)
        self.quit_button.clicked.connect(self.give_up)
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.restyle()
        self._draw()

    def show_step(self, step: str) -> None:
        """A step has begun."""
        self._step = step
        self._draw()

    def show_failure(self, failure: StartFailure) -> None:
        """The start failed: why, and what the officer can do."""
        self.failure = failure
        self._draw()
        self.retry_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_again(self) -> None:
        """Another try."""
        self.failure, self._step, self._since = None, "programs", self._clock()
        self.bar.show_share(0.0)
        self._draw()

    def give_way(self, window: QWidget) -> None:
        """The station's own window takes this one's place on the screen."""
        if not (self.isFullScreen() or self.isMaximized()):
            window.move(self.pos())
        self.finish()

    def finish(self) -> None:
        """The station's own window is there."""
        self._done = True
        self._timer.stop()
        self.close()

    def restyle(self) -> None:
        """Theme and scale as the station's window will have them."""
        look = Look(self._theme, scale_for(self.width(), self.height()), self._touch)
        if look == self._look:
            return
        self._look = look
        self.setStyleSheet(style_sheet(look))
        self.training.setFixedHeight(look.px(26))
        self._column.setSpacing(look.px(10))
        self._card_box.setContentsMargins(look.px(40), look.px(34), look.px(40), look.px(30))
        self._card_box.setSpacing(look.px(8))
        self._card.setFixedWidth(look.px(760))
        spread_look(self, look)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """After a failure: Enter tries again (or presses the button that Tab reached), Esc quits."""
        if self.failure is None or event.isAutoRepeat():
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            (self.quit_button if self.quit_button.hasFocus() else self.retry_button).click()
        elif event.key() == Qt.Key.Key_Escape:
            self.quit_button.click()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The scale follows the window."""
        super().resizeEvent(event)
        self.restyle()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A kiosk cannot be closed; any other window that is closed gives up."""
        if self._done:
            super().closeEvent(event)
            return
        event.ignore()
        if not self._kiosk:
            self.give_up.emit()

    def _try_again(self) -> None:
        self.begin_again()
        self.retry.emit()

    def _tick(self) -> None:
        if self.failure is None:
            self._draw()

    def _draw(self) -> None:
        model = opening_screen(self._step, self._clock() - self._since, self.failure)
        failed = bool(model.errors)
        self.glyph.set_tone(Tone.BAR if failed else Tone.RUNNING)
        for label, text in zip(self.titles, model.titles, strict=True):
            label.show_text(text)
        for n, label in enumerate(self.steps):
            label.show_text(model.steps[n] if model.steps else "")
        self.seconds.show_text(model.seconds)
        self.bar.setVisible(not failed)
        if not failed:
            self.bar.show_share(max(model.share, self.bar.share + (model.share + 0.1 - self.bar.share) * _EASE))
        for error_lines in self.errors:
            error_lines.setVisible(failed)
        for error_lines, error, wording in zip(self.errors, model.errors, self._wordings, strict=False):
            error_lines.show_error(error, wording)
        self.detail.show_text(model.detail)
        self._show_buttons(model)

    def _show_buttons(self, model: OpeningScreen) -> None:
        for button, name, role in (
            (self.quit_button, "splash.quit", Role.PLAIN),
            (self.retry_button, "splash.retry", Role.PRIMARY),
        ):
            label = " ".join(wording.text(name) for wording in self._wordings)
            button.show_action(Action(button.key, label, role))
            button.setVisible(bool(model.errors))

    def _arrange(self) -> None:
        self._card = QWidget()
        self._card.setObjectName("card")
        self._card.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._card_box = QVBoxLayout(self._card)
        head, words, foot = QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        words.setSpacing(0)
        for title in self.titles:
            words.addWidget(title)
        head.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        head.addSpacing(16)
        head.addLayout(words, 1)
        foot.addWidget(self.quit_button)
        foot.addStretch(1)
        foot.addWidget(self.retry_button)
        self._card_box.addLayout(head)
        self._card_box.addSpacing(12)
        for widget in (*self.steps, self.bar, self.seconds, *self.errors, self.detail):
            self._card_box.addWidget(widget)
        self._card_box.insertSpacing(self._card_box.indexOf(self.errors[1]), 8)
        self._card_box.addSpacing(8)
        self._card_box.addLayout(foot)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.training)
        self._column.addStretch(2)
        across = QHBoxLayout()  # an aligned widget would get the height of lines that are not broken
        across.addStretch(1)
        across.addWidget(self._card)
        across.addStretch(1)
        self._column.addLayout(across)
        self._column.addStretch(3)
