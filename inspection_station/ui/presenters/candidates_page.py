"""The page of the face groups: the face looked for beside at most three candidates, and what was not searched."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    FaceCandidate,
    FaceProbe,
    FaceSearchResult,
    GroupSearched,
    GroupUse,
)
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.checks import group_name
from inspection_station.ui.presenters.identity import FieldRow
from inspection_station.ui.presenters.step_pages import Trouble, trouble_of
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording

CARDS = 3
"""Candidates beside each other: more cannot be compared at a glance."""

_TONE = {GroupUse.ALERT: Tone.BAR, GroupUse.PROMPT: Tone.LOOK, GroupUse.WHITELIST: Tone.NOTE}


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """One candidate. ``first`` and ``second`` say how many strangers would do as well and how far the next person lies
    behind; while the officer holds the key, the group with its reference and the numbers.
    """

    title: str
    picture: BlobRef | None
    no_picture: str
    tone: Tone
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class CandidatesPage:
    """The probe, a page of cards, the groups row by row, and one line of what was not searched."""

    probe: BlobRef | None
    probe_caption: str
    no_probe: str
    title: str
    title_tone: Tone
    cards: tuple[CandidateCard, ...]
    turn: str
    groups: tuple[FieldRow, ...]
    not_searched: str
    hidden: bool
    guide: str
    trouble: Trouble | None


def candidates_page(inspection: Inspection, wording: Wording, *, revealed: bool, page: int) -> CandidatesPage:
    """Page of the groups step; ``page`` counts up and comes round."""
    result = inspection.face_search
    if result is None:
        waived = inspection.waived(Step.GROUPS)
        by_law = waived is not None and waived.officer_id is None
        guide = wording.text("picture.not-collected") if by_law else wording.text("guide.groups")
        trouble = trouble_of(inspection, Step.GROUPS, wording)
        absent = wording.text("picture.not-collected" if by_law else "picture.live")
        caption = wording.text("picture.caption-live")
        return CandidatesPage(None, caption, absent, "", Tone.UNCHECKED, (), "", (), "", False, guide, trouble)
    pages = max(1, -(-len(result.candidates) // CARDS))
    at = page % pages
    shown = result.candidates[at * CARDS : (at + 1) * CARDS]
    title, tone = _title(result, wording)
    live = result.probe is FaceProbe.LIVE
    face, chip = inspection.face, inspection.chip
    probe = (face.image if face else None) if live else (chip.portrait if chip else None)
    return CandidatesPage(
        probe,
        wording.text("picture.caption-live" if live else "picture.caption-portrait"),
        wording.text("picture.no-live" if live else "picture.no-portrait"),
        title,
        tone,
        tuple(_card(n, one, result, wording, revealed) for n, one in enumerate(shown, at * CARDS + 1)),
        wording.text("groups.page", page=at + 1, pages=pages) if pages > 1 else "",
        _rows(result, wording) if not result.candidates else (),
        _not_searched(result, wording) if result.candidates else "",
        bool(result.candidates) and not revealed,
        "",
        None,
    )


def one_in_text(one_in: float, wording: Wording) -> str:
    """Never a percentage: of so many strangers one at most would match as well.

    To two digits, which is all it bears; beyond the last rate that was measured it stands still.
    """
    whole = 10 ** max(0, len(str(int(one_in))) - 2)
    return wording.text("comparison.one-in", one_in=f"{int(one_in) // whole * whole:,}")


def score_figure(value: float, bound: float) -> str:
    """A score or margin to as many digits as its scale bears: cosines of faces differ in the third."""
    return f"{value:.3f}" if bound <= 1.0 else f"{value:.2f}"


def _title(result: FaceSearchResult, wording: Wording) -> tuple[str, Tone]:
    if result.candidates:
        tones = [_TONE[one.use] for one in result.candidates]
        order = (Tone.BAR, Tone.LOOK, Tone.NOTE)
        return wording.text("groups.title", count=len(result.candidates)), min(tones, key=order.index)
    if not any(group.templates for group in result.searched):
        return wording.text("groups.nothing-searched"), Tone.UNCHECKED
    return wording.text("groups.none"), Tone.UNCHECKED if result.not_searched else Tone.OK


def _card(number: int, one: FaceCandidate, result: FaceSearchResult, wording: Wording, revealed: bool) -> CandidateCard:
    group = next((group for group in result.searched if group.group_id == one.group_id), None)
    likelihood = wording.text("groups.uncalibrated")
    if one.one_in is not None:
        likelihood = one_in_text(one.one_in, wording)
    margin = wording.text("groups.no-margin")
    if one.margin is not None:
        scale = group.bound if group is not None else one.score
        margin = wording.text("groups.margin", margin=score_figure(one.margin, scale))
    if revealed:
        name = group_name(one.group_id, wording)
        likelihood = wording.text("groups.identity", group=name, reference=one.reference_id)
        bound = score_figure(group.bound, group.bound) if group is not None else "—"
        score = score_figure(one.score, group.bound if group is not None else one.score)
        margin = wording.text("groups.numbers", score=score, bound=bound)
        if group is not None and not group.bound_measured:
            margin += wording.text("list-separator") + wording.text("groups.unmeasured")
    use = wording.text(f"group-use.{one.use.value}")
    return CandidateCard(
        wording.text("groups.candidate", rank=number, use=use),
        one.picture,
        wording.text("groups.no-picture"),
        _TONE[one.use],
        likelihood,
        margin,
    )


def _rows(result: FaceSearchResult, wording: Wording) -> tuple[FieldRow, ...]:
    grey = wording.text("word.not-checked")
    searched = [
        FieldRow(
            group_name(group.group_id, wording),
            wording.text("groups.size", count=f"{group.templates:,}", version=group.version),
            *_searched(group, wording),
        )
        for group in result.searched
    ]
    away = [
        FieldRow(group_name(one.group_id, wording), _reason(one.reason, wording), Tone.UNCHECKED, grey)
        for one in result.not_searched
    ]
    return (*searched, *away)


def _searched(group: GroupSearched, wording: Wording) -> tuple[Tone, str]:
    """A group without anybody in it vouches for nothing."""
    if not group.templates:
        return Tone.UNCHECKED, wording.text("word.empty")
    return Tone.NOTE if group.use is GroupUse.WHITELIST else Tone.OK, wording.text("word.no-hit")


def _not_searched(result: FaceSearchResult, wording: Wording) -> str:
    if not result.not_searched:
        return ""
    names = [group_name(g.group_id, wording) for g in result.not_searched if g.reason != HEADQUARTERS_ONLY]
    far = len(result.not_searched) - len(names)
    if far:
        names.append(wording.text("groups.far", count=far))
    return wording.text("lists.not-consulted", names=wording.text("list-separator").join(names))


def _reason(reason: str, wording: Wording) -> str:
    return wording.text_or(f"group-reason.{reason}", wording.text("group-reason.other"))
