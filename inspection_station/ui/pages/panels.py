"""Panels in the page: a list chosen by digit, a form, an officer's code in full. Never a window of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from inspection_station.desk.commands import Command
from inspection_station.desk.late_hits import LATE_HIT
from inspection_station.ui.pages.page import Card, scrolled
from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.console import Panel
from inspection_station.ui.presenters.forms import FieldKind, FormField, FormPanel, zone_complete, zone_progress
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.options import ListPanel, Option
from inspection_station.ui.presenters.step_pages import Trouble
from inspection_station.ui.theme import Look, ThemeName
from inspection_station.ui.widgets.facts import TroubleCard
from inspection_station.ui.widgets.key_button import KeyButton, RowButton
from inspection_station.ui.widgets.text import Text
from inspection_station.wording import Wording

Choose = Callable[["Command | Panel"], None]
ROWS = 5  # options a column


class BackButton(KeyButton):
    """Esc, for those who have no keyboard."""

    def __init__(self, back: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(Key.ESC, parent)
        self.clicked.connect(back)

    def show_words(self, wording: Wording) -> None:
        """Show its label."""
        self.show_action(Action(Key.ESC, wording.text("action.back"), Role.PLAIN))


class OptionRow(RowButton):
    """A digit, a text, a code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.option: Option | None = None
        self.digit, self.label, self.code = Text("heading"), Text("body", wrap=True), Text("label")
        self.digit.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._grid = QGridLayout(self)
        for column, widget in enumerate((self.digit, self.label, self.code)):
            self._grid.addWidget(
                widget, 0, column, Qt.AlignmentFlag(0) if column == 1 else Qt.AlignmentFlag.AlignVCenter
            )
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._grid.setColumnStretch(1, 1)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self._grid.setContentsMargins(look.px(10), look.px(2), look.px(12), look.px(2))
        self._grid.setHorizontalSpacing(look.px(12))
        self.digit.setMinimumWidth(look.px(26))

    def show_option(self, key: Key, option: Option) -> None:
        """Show one row."""
        self.option = option
        self.digit.show_text(key.value)
        self.label.show_text(option.label)
        self.code.show_text(option.code)
        self.setAccessibleName(f"{key.value} {option.label}")
        self.setAccessibleDescription(option.code)
        self.set_ground("surface", "accent" if option.suggested else "line", 2 if option.suggested else 1)


class ListPanelView(Card):
    """Nine options a page, in two columns so that all of them are on the screen."""

    def __init__(
        self, choose: Choose, turn: Callable[[], None], back: Callable[[], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._choose = choose
        self.back = BackButton(back)
        self.title, self.intro, self.by_enter = Text("name", wrap=True), Text("label", wrap=True), Text("strong")
        self.rows = [OptionRow() for _ in range(9)]
        self.more = QPushButton()
        self.more.clicked.connect(turn)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        inner = QWidget()
        self._options = QGridLayout(inner)
        self._options.setContentsMargins(0, 0, 0, 0)
        for n, row in enumerate(self.rows):
            row.clicked.connect(lambda _=False, r=row: self._take(r))
            self._options.addWidget(row, n % ROWS, n // ROWS)
        for column in (0, 1):
            self._options.setColumnStretch(column, 1)
        self._options.setRowStretch(ROWS, 1)
        head, foot = Card(row=True, plain=True), Card(row=True, plain=True)
        head.box.addWidget(self.title, 1)
        head.box.addWidget(self.more)
        head.box.addWidget(self.back)
        foot.box.addWidget(self.intro, 1)
        foot.box.addWidget(self.by_enter)
        self.box.addWidget(head)
        self.box.addWidget(scrolled(inner), 1)
        self.box.addWidget(foot)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self.box.setSpacing(look.px(8))
        self._options.setHorizontalSpacing(look.px(8))
        self._options.setVerticalSpacing(look.px(5))

    def show_panel(self, model: ListPanel, wording: Wording) -> None:
        """Show a list."""
        self.title.show_text(model.title)
        self.back.show_words(wording)
        self.intro.show_text(model.intro)
        for n, row in enumerate(self.rows):
            row.setVisible(n < len(model.rows))
            if n < len(model.rows):
                row.show_option(*model.rows[n])
        self.by_enter.show_text(model.enter_label)
        self.more.setText(wording.text("panel.page", page=model.page + 1, pages=model.pages))
        self.more.setVisible(model.pages > 1)

    def _take(self, row: OptionRow) -> None:
        if row.option is not None:
            self._choose(row.option.action)


_SHORT = (FieldKind.LINE, FieldKind.SECRET)


class ZoneEdit(QPlainTextEdit):
    """The zone as it is typed; Enter goes on once the lines have the lengths of a zone."""

    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter: a new line, or on."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and zone_complete(self.toPlainText()):
            self.done.emit()
            return
        super().keyPressEvent(event)


class NoteEdit(QPlainTextEdit):
    """Free text; Enter sends, Shift+Enter opens a line."""

    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends."""
        plain = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.done.emit()
            return
        super().keyPressEvent(event)


class FormPanelView(Card):
    """A form; rebuilt when another one opens, kept while the language changes."""

    def __init__(
        self,
        send: Callable[[Mapping[str, str]], None],
        back: Callable[[], None],
        zone_family: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._send = send
        self.back = BackButton(back)
        self._zone_family = zone_family
        self._look = Look(ThemeName.DAY, 1.0)
        self._wording: Wording | None = None
        self._shape: tuple[tuple[str, FieldKind], ...] = ()
        self._edits: dict[str, QLineEdit | QPlainTextEdit] = {}
        self._labels: dict[str, Text] = {}
        self.title, self.intro, self.progress = (
            Text("name", wrap=True),
            Text("body", wrap=True),
            Text("label", wrap=True),
        )
        self._fields, head, told = Card(plain=True), Card(row=True, plain=True), Card(plain=True)
        told.box.addWidget(self.title)
        told.box.addWidget(self.intro)
        head.box.addWidget(told, 1)
        head.box.addWidget(self.back)
        for widget in (head, self._fields, self.progress):
            self.box.addWidget(widget)
        self.box.addStretch(1)

    def set_look(self, look: Look) -> None:
        """Take a look."""
        super().set_look(look)
        self._look = look
        self.box.setSpacing(look.px(8))

    def show_panel(self, model: FormPanel, wording: Wording, *, fresh: bool) -> None:
        """Show a form. ``fresh``: it was just opened, so the fields are empty and the first has the focus."""
        self._wording = wording
        self.back.show_words(wording)
        self.title.show_text(model.title)
        self.intro.show_text(model.intro)
        shape = tuple((f.key, f.kind) for f in model.fields)
        if shape != self._shape:
            self._build(model.fields)
            self._shape = shape
        for field in model.fields:
            self._labels[field.key].show_text(field.label)
            self._edits[field.key].setAccessibleName(field.label)
        self._show_progress()
        if fresh:
            for edit in self._edits.values():
                edit.clear()
            first = next(iter(self._edits.values()))
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def values(self) -> dict[str, str]:
        """What was typed."""
        return {
            key: edit.text() if isinstance(edit, QLineEdit) else edit.toPlainText() for key, edit in self._edits.items()
        }

    def clear(self) -> None:
        """Forget what was typed."""
        for edit in self._edits.values():
            edit.clear()

    def type_key(self, key: Qt.Key, text: str) -> None:
        """A key of the keypad: into the field that has the focus, else into the first."""
        edits = list(self._edits.values())
        edit = next((edit for edit in edits if edit.hasFocus()), None) or edits[0]
        edit.setFocus(Qt.FocusReason.OtherFocusReason)
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(edit, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))

    def send(self) -> None:
        """Hand the values over."""
        self._send(self.values())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The first zone is hidden while the second has the focus, so that nobody copies it."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._veil()
        return False

    def _build(self, fields: tuple[FormField, ...]) -> None:
        while (item := self._fields.box.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._edits, self._labels = {}, {}
        short = Card(row=True, plain=True)
        if any(f.kind in _SHORT for f in fields):
            self._fields.box.addWidget(short)
        for field in fields:
            label, edit, column = Text("label"), self._edit(field.kind), Card(plain=True)
            label.setBuddy(edit)
            column.box.addWidget(label)
            column.box.addWidget(edit)
            (short if field.kind in _SHORT else self._fields).box.addWidget(column)
            self._labels[field.key], self._edits[field.key] = label, edit
        for card in (short, *self._fields.findChildren(Card)):
            card.set_look(self._look)
        edits = list(self._edits.values())
        for edit, following in zip(edits, [*edits[1:], None], strict=True):
            signal = edit.returnPressed if isinstance(edit, QLineEdit) else edit.done  # type: ignore[attr-defined]
            signal.connect(following.setFocus if following is not None else self.send)

    def _edit(self, kind: FieldKind) -> QLineEdit | QPlainTextEdit:
        if kind in (FieldKind.LINE, FieldKind.SECRET):
            line = QLineEdit()
            if kind is FieldKind.SECRET:
                line.setEchoMode(QLineEdit.EchoMode.Password)
            return line
        if kind is FieldKind.TEXT:
            return NoteEdit()
        zone = ZoneEdit()
        if self._zone_family:
            zone.setStyleSheet(f'font-family: "{self._zone_family}";')
        zone.textChanged.connect(self._show_progress)
        zone.installEventFilter(self)
        return zone

    def _veil(self) -> None:
        first, second = self._edits.get("first"), self._edits.get("second")
        if isinstance(first, QPlainTextEdit) and second is not None:
            first.viewport().setVisible(not second.hasFocus())

    def _show_progress(self) -> None:
        edits = [e for e in self._edits.values() if isinstance(e, ZoneEdit)]
        if not edits or self._wording is None:
            self.progress.show_text("")
            return
        wording = self._wording
        lines = (
            wording.text(
                "form.zone.progress", field=self._labels[key].text(), told=zone_progress(edit.toPlainText(), wording)
            )
            for key, edit in self._edits.items()
            if isinstance(edit, ZoneEdit)
        )
        self.progress.show_text("\n".join(lines))


class ExplainView(Card):
    """An officer's code in full."""

    def __init__(self, back: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.card = TroubleCard()
        self.back, self.reveal = QPushButton(), QPushButton()
        self.reveal.setObjectName("reveal")
        self.back.clicked.connect(back)
        self.box.addWidget(self.card)
        self.box.addStretch(1)
        self.box.addWidget(self.reveal)
        self.box.addWidget(self.back)

    def show_panel(self, model: Trouble, wording: Wording) -> None:
        """Show a code."""
        self.card.show_trouble(model, wording.text("trouble.why"), wording.text("trouble.do"))
        self.back.setText(f"{wording.text('action.back')}  {Key.ESC.value}")
        self.reveal.setText(f"{wording.text('action.reveal')}  {Key.F1.value}")
        self.reveal.setVisible(model.error.code == LATE_HIT)
