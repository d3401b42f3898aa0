"""The verdict banner, the bar on top with its health strip, and the path over the page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from inspection_station.inspection.inspection import Stage
from inspection_station.ui.presenters.screen import StepMark
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.presenters.top_bar import HealthItem, TopBar
from inspection_station.ui.presenters.verdict import Banner
from inspection_station.ui.theme import TONE_TOKENS, Look, ThemeName
from inspection_station.ui.widgets.glyph import Glyph, draw_glyph
from inspection_station.ui.widgets.key_button import RowButton
from inspection_station.ui.widgets.text import Text


class BannerView(QWidget):
    """One verdict with its reason. The ground takes the tone; the text always keeps full contrast."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self._shown: Banner | None = None
        self.glyph = Glyph(44)
        self.title, self.reason, self.code = Text("verdict"), Text("body"), Text("strong")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.reason)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self.glyph)
        self._layout.addLayout(words, 1)
        self._layout.addWidget(self.code)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._layout.setContentsMargins(look.px(20), look.px(6), look.px(20), look.px(8))
        self._layout.setSpacing(look.px(16))
        self.setFixedHeight(look.px(84))
        self._ink()

    def show_model(self, model: Banner) -> None:
        """Show a verdict."""
        if model == self._shown:
            return
        self._shown = model
        self.glyph.set_tone(model.tone)
        self.title.show_text(model.title)
        self.reason.show_text(model.reason)
        self.code.show_text(model.code)
        self.setAccessibleName(model.title)
        self.setAccessibleDescription(model.reason)
        self._ink()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        tone = self._shown.tone if self._shown is not None else Tone.NOTE
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._look.tone_ground(tone))
        edge = "line" if tone in (Tone.NOTE, Tone.RUNNING) else TONE_TOKENS[tone][0]
        painter.setPen(QPen(self._look.color(edge), 1 if edge == "line" else 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self._look.px(8), self._look.px(8))
        painter.end()

    def _ink(self) -> None:
        tone = self._shown.tone if self._shown is not None else Tone.NOTE
        token = "ink" if tone in (Tone.NOTE, Tone.RUNNING) else TONE_TOKENS[tone][0]
        quiet = "ink2" if token == "ink" else token
        for label, name in ((self.title, token), (self.reason, quiet), (self.code, quiet)):
            label.set_ink(name)
        self.update()


class HealthMark(QWidget):
    """A glyph and a word for one part of the station."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(ThemeName.DAY, 1.0)
        self._item: HealthItem | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self.updateGeometry()
        self.update()

    def show_item(self, item: HealthItem) -> None:
        """Show one part."""
        if item != self._item:
            self._item = item
            self.setAccessibleName(item.said)
            self.setToolTip(item.said)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Glyph, gap and word."""
        label = self._item.label if self._item is not None else ""
        width = QFontMetrics(self._look.font(13)).horizontalAdvance(label)
        return QSize(width + self._look.px(19), self._look.px(30))

    def minimumSizeHint(self) -> QSize:
        """Never narrower than its word."""
        return self.sizeHint()

    def clipped(self) -> bool:
        """Whether the word does not fit (tests)."""
        return self.width() < self.sizeHint().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw glyph and word."""
        if self._item is None:
            return
        look, painter = self._look, QPainter(self)
        side = look.px(14)
        draw_glyph(painter, QRectF(0, (self.height() - side) / 2, side, side), self._item.tone, look)
        loud = self._item.tone in (Tone.BAR, Tone.LOOK)
        painter.setPen(look.color("bad" if self._item.tone is Tone.BAR else "ink" if loud else "ink2"))
        painter.setFont(look.font(13))
        place = self.rect().adjusted(look.px(18), 0, 0, 0)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self._item.label)
        painter.end()


class TopBarView(QWidget):
    """Training mark over the whole width, then scenario, officer, seconds a person, health, clock."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training = Text("body")
        self.training.setObjectName("trainingBar")
        self.training.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.scenario, self.officer, self.done = Text("heading"), Text("label"), Text("label")
        self.seconds, self.clock = Text("heading"), Text("heading")
        self.marks: list[HealthMark] = []
        bar = QWidget()
        bar.setObjectName("topBar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bar = bar
        self._row = QHBoxLayout(bar)
        for widget in (self.scenario, self.officer, self.done, self.seconds):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._health = QHBoxLayout()
        self._row.addLayout(self._health)
        self._row.addWidget(self.clock)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.training)
        column.addWidget(bar)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._row.setContentsMargins(look.px(24), 0, look.px(24), 0)
        self._row.setSpacing(look.px(14))
        self._health.setSpacing(look.px(9))
        self._bar.setFixedHeight(look.px(52))
        self.training.setFixedHeight(look.px(26))
        self.seconds.setMinimumWidth(look.px(48))

    def show_model(self, model: TopBar, clock: str) -> None:
        """Show the bar; ``clock`` is the wall clock's hour and minute."""
        self.training.show_text(model.training)
        self.scenario.show_text(model.scenario)
        self.officer.show_text(model.officer)
        self.done.show_text(model.done)
        self.seconds.show_text(model.seconds)
        self.clock.show_text(clock)
        while len(self.marks) < len(model.health):
            mark = HealthMark()
            self.marks.append(mark)
            self._health.addWidget(mark)
        for mark, item in zip(self.marks, model.health, strict=True):
            mark.show_item(item)


class PathMark(RowButton):
    """One step of the path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.glyph = Glyph(18)
        self.label = Text("body")
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(self.glyph)
        row.addWidget(self.label)
        row.addStretch(1)
        self.glyph.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.stage = Stage.DOCUMENT

    def show_mark(self, mark: StepMark) -> None:
        """Show one step."""
        self.stage = mark.stage
        self.glyph.set_tone(mark.tone)
        self.label.show_text(mark.label)
        self.setAccessibleName(mark.label)
        self.setAccessibleDescription(mark.word)
        self.set_ground("surface" if mark.here else "bg", "accent" if mark.here else "", 2)


class PathBar(QWidget):
    """The steps of this scenario; touching one looks at its page."""

    def __init__(self, look_at: Callable[[Stage], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look_at = look_at
        self._look = Look(ThemeName.DAY, 1.0)
        self.marks: list[PathMark] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        self._look = look
        self._row.setSpacing(look.px(4))
        for mark in self.marks:
            self._fit(mark)

    def show_model(self, path: tuple[StepMark, ...]) -> None:
        """Show the path; empty between two travellers."""
        while len(self.marks) < len(path):
            mark = PathMark()
            mark.clicked.connect(lambda _=False, m=mark: self._look_at(m.stage))
            self.marks.append(mark)
            self._row.addWidget(mark, 1)
            mark.set_look(self._look)
            mark.glyph.set_look(self._look)
            self._fit(mark)
        for n, mark in enumerate(self.marks):
            mark.setVisible(n < len(path))
            if n < len(path):
                mark.show_mark(path[n])
                self._row.setStretch(n, mark.sizeHint().width())  # a long word gets the room that short ones spare
        self.setVisible(bool(path))

    def _fit(self, mark: PathMark) -> None:
        layout = mark.layout()
        if layout is not None:
            layout.setContentsMargins(self._look.px(4), 0, self._look.px(4), 0)
            layout.setSpacing(self._look.px(6))
