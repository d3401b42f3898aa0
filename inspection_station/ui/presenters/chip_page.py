"""The page of the chip: what is not as it should be with its reason, then by name what was checked and is."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.chip import CheckReason, CheckResult, ChipCheck, ChipReading
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.step_pages import Trouble, portrait_absent, trouble_of
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording


@dataclass(frozen=True, slots=True)
class ChipPage:
    """The portrait from the chip, how it was opened, and every check (BSI TR-03135-1). ``checks``: a row for each that
    an officer has to think about, worst first, then one row for all that passed and one for what the chip has not.
    """

    portrait: BlobRef | None
    no_portrait: str
    opened: str
    checks: tuple[FieldRow, ...]
    guide: str
    trouble: Trouble | None


_TONE = {
    CheckResult.SUCCESSFUL: Tone.OK,
    CheckResult.FAILED: Tone.BAR,
    CheckResult.UNDETERMINED: Tone.UNCHECKED,
    CheckResult.NOT_SUPPORTED: Tone.UNCHECKED,
    CheckResult.ABORTED: Tone.UNCHECKED,
}
_TOLD = (CheckResult.FAILED, CheckResult.ABORTED, CheckResult.UNDETERMINED)
_QUIET = (CheckResult.SUCCESSFUL, CheckResult.NOT_SUPPORTED)
_VALUE_FAMILY = {"fields": "field", "defect": "defect"}
"""Values of a reason that are names to be worded themselves, several between commas."""


def chip_page(inspection: Inspection, wording: Wording) -> ChipPage:
    """Page of the chip step."""
    reading = inspection.chip
    none = portrait_absent(inspection, wording)
    trouble = trouble_of(inspection, Step.CHIP, wording)
    if reading is None:
        guide = wording.text("guide.chip") if Step.CHIP not in inspection.evidence else ""
        return ChipPage(None, none, "", (), guide, trouble)
    access = wording.text(f"access.{reading.access.value}")
    read = " ".join(group.name.removeprefix("EF.") for group in reading.data_groups) or "—"
    opened = wording.text("chip.opened", access=access, groups=read)
    return ChipPage(reading.portrait, none, opened, _checks(reading, wording), "", trouble)


def reason_text(reason: CheckReason | None, wording: Wording) -> str:
    """Why, in the officer's language; empty where there is no reason or a newer station gave it."""
    if reason is None or not wording.has(f"reason.{reason.code}"):
        return ""
    values = {name: _value(name, value, wording) for name, value in reason.values}
    return wording.text(f"reason.{reason.code}", **values)


def check_name(check: str, wording: Wording) -> str:
    """A check's name in the officer's language."""
    return wording.text_or(f"check.{check}", check)


def _value(name: str, value: str, wording: Wording) -> str:
    family = _VALUE_FAMILY.get(name)
    if family is None:
        return value
    return wording.text("list-separator").join(wording.text_or(f"{family}.{one}", one) for one in value.split(", "))


def _checks(reading: ChipReading, wording: Wording) -> tuple[FieldRow, ...]:
    """A check that was made several times (each data group's hash) counts with its worst result."""
    order = [*_TOLD, *_QUIET]
    worst: dict[str, ChipCheck] = {}
    for check in reading.checks:
        known = worst.get(check.name)
        if known is None or order.index(check.result) < order.index(known.result):
            worst[check.name] = check
    told = [_told(check, wording) for result in _TOLD for check in worst.values() if check.result is result]
    for result in _QUIET:
        names = [check_name(check.name, wording) for check in worst.values() if check.result is result]
        if names:
            count = wording.text("chip.checks", count=len(names))
            told.append(
                FieldRow(count, wording.text("chip.name-separator").join(names), _TONE[result], _word(result, wording))
            )
    return tuple(told)


def _told(check: ChipCheck, wording: Wording) -> FieldRow:
    why = reason_text(check.reason, wording)
    return FieldRow(check_name(check.name, wording), why, _TONE[check.result], _word(check.result, wording))


def _word(result: CheckResult, wording: Wording) -> str:
    return wording.text(f"result.{result.value}")
