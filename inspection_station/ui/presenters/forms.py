"""Forms in the page: a note, the zone typed twice, the second officer's code. What is wrong is said before posting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from inspection_station.desk.commands import AddNote, Command, Decide, OverrideFinding, TypeCan, TypeDocument
from inspection_station.desk.reasons import SHORTEST_NOTE, reason_table
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.findings import OverrideRule
from inspection_station.inspection.inspection import Inspection
from inspection_station.ui.presenters.console import Fill, Form
from inspection_station.ui.presenters.options import finding_of
from inspection_station.wording import Wording

CAN_DIGITS = 6  # Doc 9303 part 11 §4.4.3
ZONE_SHAPES = ((30, 30, 30), (36, 36), (44, 44))  # TD1, TD2 and MRV-B, TD3 and MRV-A (Doc 9303 parts 4 to 7)


class FieldKind(StrEnum):
    """LINE one line, TEXT several, SECRET hidden, ZONE the machine-readable zone, hidden while it is typed again."""

    LINE = "line"
    TEXT = "text"
    SECRET = "secret"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field; ``key`` names its value in ``submit``."""

    key: str
    label: str
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class FormPanel:
    """A form as it is drawn."""

    title: str
    intro: str
    fields: tuple[FormField, ...]


def form_panel(fill: Fill, inspection: Inspection, wording: Wording) -> FormPanel:
    """The fields a form asks for."""
    fields: list[FormField] = []
    if fill.what is Form.ZONE:
        fields = [
            FormField("first", wording.text("form.zone.first"), FieldKind.ZONE),
            FormField("second", wording.text("form.zone.second"), FieldKind.ZONE),
        ]
    elif fill.what is Form.CAN:
        fields = [FormField("can", wording.text("form.can.can"), FieldKind.LINE)]
    elif fill.what is Form.OVERRIDE and _two_persons(fill, inspection):
        fields = [
            FormField("second_officer", wording.text("form.override.officer"), FieldKind.LINE),
            FormField("second_code", wording.text("form.override.code"), FieldKind.SECRET),
        ]
    if fill.what not in (Form.ZONE, Form.CAN):
        fields.append(FormField("note", wording.text(f"form.{fill.what.value}.note"), FieldKind.TEXT))
    reason = reason_table().of(fill.reason)
    title = _title(fill, inspection, wording)
    alone = fill.what is Form.OVERRIDE and not _two_persons(fill, inspection)
    intro = "" if alone else wording.text(f"form.{fill.what.value}.intro")
    if reason is not None:
        intro = reason.text(wording.language)
    return FormPanel(title, intro, tuple(fields))


def _title(fill: Fill, inspection: Inspection, wording: Wording) -> str:
    """Who signs here reads what for: the finding that is set aside, the decision that is taken."""
    if fill.what is Form.OVERRIDE:
        finding = finding_of(inspection, fill.target)
        form = "two" if _two_persons(fill, inspection) else "one"
        what = wording.error(finding.code).what if finding is not None else ""
        return wording.text(f"form.override.title-{form}", what=what)
    if fill.what is Form.DECISION:
        return wording.text("form.decision.title", decision=wording.text(f"disposition.{fill.target}"))
    return wording.text(f"form.{fill.what.value}.title")


def submit(fill: Fill, values: Mapping[str, str], inspection: Inspection) -> Command | str:
    """The command of a filled form, or the wording key of what is missing."""
    note = values.get("note", "").strip()
    if fill.what is Form.ZONE:
        first, second = clean_zone(values.get("first", "")), clean_zone(values.get("second", ""))
        if not first or not second:
            return "hint.zone-twice"
        return TypeDocument(first, second)
    if fill.what is Form.CAN:
        can = values.get("can", "").strip()
        return TypeCan(can) if can.isascii() and can.isdigit() and len(can) == CAN_DIGITS else "hint.can"
    if fill.what is Form.NOTE:
        return AddNote(note) if note else "hint.note-empty"
    reason = reason_table().of(fill.reason)
    needs_note = reason is not None and reason.note_needed
    if needs_note and len(note) < SHORTEST_NOTE:
        return "hint.note-short"
    if fill.what is Form.DECISION:
        return Decide(Disposition(fill.target), (fill.reason,), note)
    if not _two_persons(fill, inspection):
        return OverrideFinding(fill.target, fill.reason, note)
    officer, code = values.get("second_officer", "").strip(), values.get("second_code", "")
    if not officer or not code:
        return "hint.second-officer"
    if officer == inspection.officer_id:
        return "hint.same-officer"
    return OverrideFinding(fill.target, fill.reason, note, officer, code)


def clean_zone(text: str) -> str:
    """Upper case, spaces as fillers inside a line, empty lines dropped."""
    lines = (line.strip().upper().replace(" ", "<") for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def zone_complete(text: str) -> bool:
    """Whether the lines have the lengths of a zone, so that Enter goes on instead of opening a new line."""
    return tuple(len(line) for line in clean_zone(text).splitlines()) in ZONE_SHAPES


def zone_progress(text: str, wording: Wording) -> str:
    """How many characters each line has, and how many it should have."""
    lines = clean_zone(text).splitlines()
    if not lines:
        return wording.text("form.zone.empty")
    wanted = next((shape for shape in ZONE_SHAPES if shape[0] >= len(lines[0])), ZONE_SHAPES[-1])
    parts = (
        wording.text("form.zone.line", line=n, count=len(line), wanted=wanted[0]) for n, line in enumerate(lines, 1)
    )
    return wording.text("list-separator").join(parts)


def _two_persons(fill: Fill, inspection: Inspection) -> bool:
    finding = finding_of(inspection, fill.target)
    return finding is not None and finding.override is OverrideRule.TWO_PERSONS
