"""Pages of the results: comparison, lists, decision, and the page between two travellers."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.desk.view import DeskSnapshot, LastDecision
from inspection_station.hardware.ports import DeviceState
from inspection_station.inspection.biometrics import ComparisonBand, ComparisonResult, ReferenceKind
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.face_search import FaceProbe
from inspection_station.inspection.finding_rules import barring
from inspection_station.inspection.findings import Severity
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.candidates_page import one_in_text, score_figure
from inspection_station.ui.presenters.checks import finding_detail
from inspection_station.ui.presenters.identity import FieldRow, field_rows
from inspection_station.ui.presenters.papers import paper_rows
from inspection_station.ui.presenters.step_pages import Reference, Trouble, reference_of, trouble_of
from inspection_station.ui.presenters.tone import TONE_OF_SEVERITY, Tone
from inspection_station.ui.presenters.top_bar import age_text
from inspection_station.ui.presenters.verdict import missing_steps
from inspection_station.wording import Wording


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One comparison: the word, how many strangers would do as well, and where score and threshold lie on the bar
    (0…1). ``bound`` is the threshold's figure; the score's is among the ``numbers``, only on request.
    """

    reference: str
    tone: Tone
    band: str
    score_at: float
    threshold_at: float
    numbers: str
    one_in: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Both photographs large, side by side, the history photograph beside them where there is one.

    ``notes``: what was not compared, and whether a group has candidates.
    """

    reference: Reference
    probe: BlobRef | None
    no_probe: str
    scores: tuple[ScoreRow, ...]
    guide: str
    trouble: Trouble | None
    history: BlobRef | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HitRow:
    """A possible hit. Texts are hidden until the officer holds the key."""

    kind: str
    matching: str
    differing: str


@dataclass(frozen=True, slots=True)
class ListsPage:
    """Lists searched with their age, possible hits, and what could not be searched."""

    lists: tuple[FieldRow, ...]
    hits: tuple[HitRow, ...]
    hits_title: str
    hidden: bool
    not_consulted: str
    guide: str
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Both faces, the document's rows, and the troubles with what to do, worst first."""

    reference: Reference
    probe: BlobRef | None
    no_probe: str
    fields: tuple[FieldRow, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """Between two travellers: what to do, the last decision with undo, and devices that need attention."""

    title: str
    guide: str
    undo: str
    troubles: tuple[Trouble, ...]


_BAND_TONE = {
    ComparisonBand.MATCH: Tone.OK,
    ComparisonBand.INCONCLUSIVE: Tone.LOOK,
    ComparisonBand.NO_MATCH: Tone.BAR,
    ComparisonBand.UNCALIBRATED: Tone.LOOK,
}


def comparison_page(inspection: Inspection, wording: Wording, *, revealed: bool) -> ComparisonPage:
    """Page of the comparison step."""
    face = inspection.face
    return ComparisonPage(
        reference_of(inspection, wording),
        face.image if face else None,
        live_absent(inspection, wording),
        tuple(_score(result, wording, revealed) for result in inspection.comparisons),
        "" if Step.COMPARISON in inspection.evidence else wording.text("guide.comparison"),
        trouble_of(inspection, Step.COMPARISON, wording),
        next((r.reference_image for r in inspection.comparisons if r.reference is ReferenceKind.HISTORY), None),
        _notes(inspection, wording),
    )


def _notes(inspection: Inspection, wording: Wording) -> tuple[str, ...]:
    notes = [
        wording.text("comparison.not-compared", why=wording.error(one.code).why)
        if one.code
        else wording.text("comparison.no-history")
        for one in inspection.not_compared
    ]
    search = inspection.face_search
    if search is not None and search.searched:
        found = len(search.candidates)
        some = wording.text("comparison.candidates", count=found)
        notes.append(some if found else wording.text("comparison.no-candidates"))
    return tuple(notes)


def live_absent(inspection: Inspection, wording: Wording) -> str:
    """Why there is no live face to show."""
    if inspection.collection.allowed is False:
        return wording.text("picture.not-collected")
    return wording.text("picture.no-live" if Step.FACE in inspection.evidence else "picture.live")


def _score(result: ComparisonResult, wording: Wording, revealed: bool) -> ScoreRow:
    numbers = ""
    if revealed:
        numbers = wording.text("comparison.numbers", score=f"{result.score:.3f}", threshold=f"{result.threshold:.3f}")
    reference = wording.text(f"reference.{result.reference.value}")
    if result.reference is ReferenceKind.HISTORY:
        live = result.probe is FaceProbe.LIVE
        reference = wording.text("comparison.live-with-history" if live else "comparison.chip-with-history")
    return ScoreRow(
        reference,
        _BAND_TONE[result.band],
        wording.text(f"band.{result.band.value}"),
        *bar_places(result.score, result.threshold),
        numbers,
        one_in_text(result.one_in, wording) if result.one_in is not None else "",
        wording.text("comparison.threshold", threshold=score_figure(result.threshold, result.threshold)),
    )


def bar_places(score: float, threshold: float) -> tuple[float, float]:
    """Places of score and threshold on a bar that ends at a perfect score (1.0 for a cosine).

    Cosines of strangers lie close below the threshold: the bar begins four times as far from a perfect score as the
    threshold lies, so that a stranger's is visibly short. Unbounded scores are drawn against twice the threshold.
    """
    bottom, top = (
        (max(0.0, 1.0 - 4.0 * (1.0 - threshold)), 1.0) if threshold < 1.0 else (0.0, max(2 * threshold, score))
    )
    score_at, threshold_at = ((one - bottom) / (top - bottom) for one in (score, threshold))
    return min(1.0, max(0.0, score_at)), min(1.0, max(0.0, threshold_at))


def lists_page(snapshot: DeskSnapshot, inspection: Inspection, wording: Wording, *, revealed: bool) -> ListsPage:
    """Page of the list step. Before the search every list at hand is grey."""
    result = inspection.watchlist
    ages = {view.list_id: view.age_hours for view in snapshot.lists}
    if result is None:
        rows = tuple(
            FieldRow(
                wording.text_or(f"list.{v.kind}", v.list_id),
                wording.text("lists.age", age=age_text(v.age_hours, wording)),
                Tone.UNCHECKED,
                wording.text("word.not-yet"),
            )
            for v in snapshot.lists
        )
        guide = "" if Step.WATCHLIST in inspection.evidence else wording.text("guide.watchlist")
        return ListsPage(rows, (), "", True, "", guide, trouble_of(inspection, Step.WATCHLIST, wording))
    hit_lists = {h.list_id for h in result.hits}
    searched = []
    for consulted in result.consulted:
        tone, word = Tone.OK, "no-hit"
        if consulted.list_id in hit_lists:
            tone, word = Tone.BAR, "hit"
        elif consulted.stale:
            tone, word = Tone.LOOK, "stale"
        age = ages.get(consulted.list_id)
        value = consulted.version
        if age is not None:
            value = wording.text("lists.age", age=age_text(age, wording))
        if consulted.online_at:
            value = wording.text("lists.online", system=wording.text_or(f"list.{consulted.system}", consulted.system))
        searched.append(
            FieldRow(wording.text(f"list.{consulted.kind.value}"), value, tone, wording.text(f"word.{word}"))
        )
    searched.extend(paper_rows(inspection, result, wording))
    separator = wording.text("list-separator")

    def names(parts: tuple[str, ...]) -> str:
        return separator.join(wording.text_or(f"identifier.{p}", p) for p in parts) or "—"

    hits = tuple(
        HitRow(
            wording.text(f"list.{h.kind.value}") if revealed else wording.text("lists.hidden"),
            wording.text("lists.matching", names=names(h.matching)) if revealed else "",
            wording.text("lists.differing", names=names(h.differing)) if revealed else "",
        )
        for h in result.hits
    )
    missing = ""
    if result.not_consulted:
        missing = wording.text(
            "lists.not-consulted", names=separator.join(wording.text_or(f"list.{n}", n) for n in result.not_consulted)
        )
    title = wording.text("lists.hits", count=len(hits)) if hits else ""
    return ListsPage(tuple(searched), hits, title, not revealed, missing, "", None)


def decision_page(inspection: Inspection, wording: Wording) -> DecisionPage:
    """Page of the decision."""
    face = inspection.face
    stopping = sorted(barring(inspection), key=lambda f: f.severity is not Severity.BAR)
    troubles = [
        Trouble(TONE_OF_SEVERITY[f.severity], wording.error(f.code), finding_detail(f, wording, inspection))
        for f in stopping
    ]
    for step in missing_steps(inspection):
        evidence = inspection.evidence[step]
        if isinstance(evidence, Missing) and evidence.code not in {t.error.code for t in troubles}:
            troubles.append(Trouble(Tone.LOOK, wording.error(evidence.code)))
    return DecisionPage(
        reference_of(inspection, wording),
        face.image if face else None,
        live_absent(inspection, wording),
        field_rows(inspection, wording)[:7],
        tuple(troubles),
        inspection.notes,
    )


def ready_page(snapshot: DeskSnapshot, wording: Wording, now: float) -> ReadyPage:
    """The page between two travellers."""
    troubles = tuple(
        Trouble(Tone.LOOK, wording.error(d.code), wording.text(f"health.{d.kind.value}"))
        for d in snapshot.devices
        if d.state is DeviceState.FAULTY and d.code
    )
    return ReadyPage(
        wording.text("ready.title"),
        wording.text("ready.guide"),
        undo_text(snapshot.last_decision, wording, now),
        troubles,
    )


def undo_text(last: LastDecision | None, wording: Wording, now: float) -> str:
    """The last decision and the seconds left to take it back; empty afterwards."""
    if last is None or now >= last.undo_until:
        return ""
    name = wording.text(f"disposition.{last.disposition}")
    return wording.text("undo.bar", decision=name, seconds=int(last.undo_until - now) + 1)
