"""Page of the fingers: which one is to be laid down, what to do with it, and how every finger of both hands stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inspection_station.desk.commands import Command, NoteFinger, RefuseFingers
from inspection_station.desk.finger_capture import GOOD_ENOUGH, LEGAL_ORDER
from inspection_station.desk.finger_ports import FingersShown
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    FingerAbsence,
    FingerCandidate,
    FingerNotTaken,
    FingerPosition,
    FingerSearch,
)
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.evidence import Missing, Waived
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.matching.ports import FingerPrompt
from inspection_station.ui.presenters.action import Action, Role
from inspection_station.ui.presenters.candidates_page import one_in_text
from inspection_station.ui.presenters.checks import group_name
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.step_pages import Trouble, trouble_of
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording

NOTES: Final = {
    Key.D1: FingerAbsence.MISSING,
    Key.D2: FingerAbsence.INJURED,
    Key.D3: FingerAbsence.UNREADABLE,
}
REFUSAL: Final = Key.D4
_NAMED: Final = 3
"""Candidates that a laptop's screen has room for beneath the comparisons; each bars by itself, named or not."""


@dataclass(frozen=True, slots=True)
class FingersPage:
    """``live``: a finger is waited for. ``hands``: title and rows of the right and the left hand, in the order of the
    law. ``pictures``: the fingers taken, with what stands beneath. ``hits``: candidates stand among ``compared``, each
    told while the officer holds the key. ``keys``: what can be noted of the finger asked for.
    """

    live: bool
    prompt: str
    prompt_tone: Tone
    no_picture: str
    hands: tuple[tuple[str, tuple[FieldRow, ...]], ...]
    pictures: tuple[tuple[BlobRef, str], ...]
    compared: tuple[FieldRow, ...]
    hits: bool
    keys: tuple[Action, ...]
    trouble: Trouble | None


def fingers_page(
    snapshot: DeskSnapshot, inspection: Inspection, wording: Wording, *, revealed: bool = False
) -> FingersPage:
    """Page of the step. Nothing live is shown of a person from whom nothing may be collected."""
    shown = fingers_asked(snapshot, inspection)
    taken = inspection.fingers
    qualities = dict(shown.taken) if shown else {s.position: s.quality for s in (taken.samples if taken else ())}
    absent = shown.not_taken if shown else (taken.not_taken if taken else ())
    tone, prompt = _prompt(shown, inspection, wording)
    return FingersPage(
        shown is not None,
        prompt,
        tone,
        "" if shown else wording.text("fingers.nothing-live"),
        tuple(
            (wording.text(name), tuple(_row(finger, shown, qualities, absent, wording) for finger in hand))
            for name, hand in zip(("fingers.right", "fingers.left"), LEGAL_ORDER, strict=True)
        ),
        tuple((s.image, wording.text(f"finger.{s.position.value}")) for s in (taken.samples if taken else ())),
        _compared(inspection, wording, revealed),
        bool(_others(taken.search if taken else None)),
        _keys(wording) if shown else (),
        trouble_of(inspection, Step.FINGERPRINTS, wording),
    )


def fingers_asked(snapshot: DeskSnapshot, inspection: Inspection) -> FingersShown | None:
    """The finger that is waited for, while one is and may be."""
    running = Step.FINGERPRINTS in inspection.running and inspection.collection.allowed is True
    return snapshot.fingers if running else None


def noted(key: Key, shown: FingersShown) -> Command | None:
    """What a digit notes of the finger that is asked for."""
    if key is REFUSAL:
        return RefuseFingers()
    why = NOTES.get(key)
    return NoteFinger(shown.asked, why) if why is not None else None


def _prompt(shown: FingersShown | None, inspection: Inspection, wording: Wording) -> tuple[Tone, str]:
    if shown is not None:
        good = shown.prompt is FingerPrompt.GOOD
        finger, do = wording.text(f"finger.{shown.asked.value}"), wording.text(f"prompt.{shown.prompt.value}")
        return (Tone.OK if good else Tone.LOOK), wording.text("fingers.prompt", finger=finger, do=do)
    evidence = inspection.evidence.get(Step.FINGERPRINTS)
    if isinstance(evidence, Waived):
        by_law = evidence.officer_id is None
        return Tone.UNCHECKED, wording.text("picture.not-collected" if by_law else "word.waived")
    if isinstance(evidence, Missing):
        return Tone.UNCHECKED, wording.text("word.not-checked")
    if inspection.fingers is not None:
        samples = inspection.fingers.samples
        if samples:
            return Tone.OK, wording.text("fingers.taken", count=len(samples))
        return Tone.UNCHECKED, wording.text("fingers.none-taken")
    return Tone.NOTE, wording.text("guide.fingerprints")


def _row(
    finger: FingerPosition,
    shown: FingersShown | None,
    qualities: dict[FingerPosition, int],
    absent: tuple[FingerNotTaken, ...],
    wording: Wording,
) -> FieldRow:
    name = wording.text(f"finger.{finger.value}")
    if finger in qualities:
        quality = qualities[finger]
        tone = Tone.OK if quality >= GOOD_ENOUGH else Tone.LOOK
        return FieldRow(name, wording.text("unit.of-100", value=quality), tone, wording.text("word.taken"))
    why = next((one.why for one in absent if one.position is finger), None)
    if why is not None:
        return FieldRow(name, "", Tone.UNCHECKED, wording.text(f"absence.{why.value}"))
    if shown is not None and shown.asked is finger:
        last = wording.text("unit.of-100", value=shown.quality) if shown.quality is not None else ""
        return FieldRow(name, last, Tone.RUNNING, wording.text("fingers.try", number=shown.attempt))
    return FieldRow(name, "—")


_BANDS = {
    ComparisonBand.MATCH: Tone.OK,
    ComparisonBand.INCONCLUSIVE: Tone.LOOK,
    ComparisonBand.NO_MATCH: Tone.LOOK,
    ComparisonBand.UNCALIBRATED: Tone.LOOK,
}


def _compared(inspection: Inspection, wording: Wording, revealed: bool) -> tuple[FieldRow, ...]:
    taken = inspection.fingers
    if taken is None or not taken.samples:
        return ()
    rows = [
        FieldRow(
            wording.text(f"reference.{one.reference.value}"),
            one_in_text(one.one_in, wording) if one.one_in is not None else "",
            _BANDS[one.band],
            wording.text(f"band.{one.band.value}"),
        )
        for one in taken.comparisons
    ]
    word = wording.text("tone.not-checked")
    if not rows:
        chip = wording.text("reference.chip finger")
        rows.append(FieldRow(chip, wording.text("fingers.chip-gave-none"), Tone.UNCHECKED, word))
    rows.append(_searched(taken.search, wording))
    others = _others(taken.search)
    for rank, one in enumerate(others[:_NAMED], 1):
        who = wording.text("groups.identity", group=group_name(one.group, wording), reference=one.reference)
        label, hidden = wording.text("fingers.candidate", rank=rank), wording.text("lists.hidden")
        more = wording.text("exchange.strip.more", count=len(others) - rank) if rank == _NAMED < len(others) else ""
        rows.append(FieldRow(label, who if revealed else hidden, Tone.BAR, more))
    if taken.search is not None and not others and any(one.known for one in taken.search.candidates):
        rows.append(FieldRow("", wording.error("BIO-14").what, Tone.NOTE, "BIO-14"))
    return tuple(rows)


def _others(search: FingerSearch | None) -> tuple[FingerCandidate, ...]:
    """Candidates who are not the traveller's own earlier fingers, in the order in which they bar."""
    return tuple(one for one in search.candidates if not one.known) if search is not None else ()


def _searched(search: FingerSearch | None, wording: Wording) -> FieldRow:
    """Who else has these fingers: asked online, or not asked yet."""
    label = wording.text("fingers.search")
    if search is None or search.code:
        return FieldRow(label, wording.text("fingers.offline"), Tone.UNCHECKED, wording.text("tone.not-checked"))
    told = wording.text("fingers.searched", count=f"{search.searched:,}")
    if _others(search):
        return FieldRow(label, told, Tone.BAR, wording.text("word.hit"))
    looked = Tone.OK if search.searched else Tone.NOTE  # none kept there: an answer that says little
    return FieldRow(label, told, looked, wording.text("word.no-hit"))


def _keys(wording: Wording) -> tuple[Action, ...]:
    notes = tuple(Action(key, wording.text(f"absence.{why.value}"), Role.PLAIN) for key, why in NOTES.items())
    return (*notes, Action(REFUSAL, wording.text("fingers.refuses"), Role.STOP))
