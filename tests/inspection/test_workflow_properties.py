"""What holds for every order of events, asserted on the effects that leave the machine, not on its own opinion.

Half of a story is what the machine asked for, answered well or badly, so that stories get deep; the rest is anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core_builders import (
    blob,
    born,
    candidate,
    chip_read,
    compared,
    document_read,
    face_captured,
    failed_check,
    groups_searched,
    searched,
    started,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.clearance import ClearanceResult, ClearanceStatus
from inspection_station.inspection.disposition import Decision, Disposition
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.face_search import GroupUse
from inspection_station.inspection.finding_rules import barring
from inspection_station.inspection.findings import Override, Severity
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import SCENARIOS, Demand, Step
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit
from inspection_station.inspection.workflow import Transition, advance, replay

attempts = st.integers(1, 3)
officers = st.sampled_from(["o-1", "o-2"])
hit = WatchlistHit("wanted", ListKind.WANTED, "e-9", 0.9, ("name",), ())
stale = (ListConsulted("lost", ListKind.LOST_DOCUMENT, "1", "2026-01-01T00:00:00+00:00", True),)

documents = st.builds(
    lambda attempt, nation, taiwan, year, expired: document_read(
        attempt, taiwan_id=taiwan, expired=expired, nationality=nation, date_of_birth=born(year)
    ),
    attempts,
    st.sampled_from(["UTO", "TWN", "CHN", "HKG", ""]),
    st.booleans(),
    st.sampled_from([1960, 1999, 2012, 2015]),
    st.sampled_from([True, False, False, False, None]),
)
chips = st.one_of(
    st.builds(lambda a: chip_read(a), attempts),
    st.builds(
        lambda a, name: chip_read(a, failed_check(name)), attempts, st.sampled_from(["data-group-hash", "access"])
    ),
    st.builds(lambda a: chip_read(a, portrait=False), attempts),
)
keys = st.sampled_from(
    [
        "chip:data-group-hash",
        "chip:access",
        "comparison:no-match:chip portrait",
        "comparison:inconclusive:chip portrait",
        "groups:candidate:alerts:r-7",
        "watchlist:hit:wanted:e-9",
        "watchlist:stale:lost",
        "document:expired",
        "document:expiry-unknown",
        "face:missing",
    ]
)
decisions = st.builds(
    lambda d, o, r: e.DecisionTaken(Decision(d, o, r), "2026-11-23T09:00:00+00:00"),
    st.sampled_from(list(Disposition)),
    officers,
    st.sampled_from([(), ("S20",)]),
)
events = st.one_of(
    documents,
    chips,
    st.builds(face_captured, attempts),
    st.builds(compared, attempts, st.sampled_from(list(ComparisonBand))),
    st.builds(
        lambda a, h, c: searched(a, hits=h, **({"consulted": c} if c else {})),
        attempts,
        st.sampled_from([(), (), (hit,)]),
        st.sampled_from([None, None, stale]),
    ),
    st.builds(
        lambda a, found: groups_searched(a, *found),
        attempts,
        st.sampled_from([(), (candidate(),), (candidate(GroupUse.PROMPT),), (candidate(GroupUse.WHITELIST),)]),
    ),
    st.builds(lambda s, a: e.StepFailed(s, a, "DEV-01"), st.sampled_from(list(Step)), attempts),
    st.builds(e.StepRetried, st.sampled_from(list(Step)), officers),
    st.builds(
        lambda s, o, r: e.StepWaived(s, o, r), st.sampled_from(list(Step)), officers, st.sampled_from(["", "O05"])
    ),
    st.builds(
        e.PersonClassConfirmed, officers, st.sampled_from(list(PersonClass)), st.sampled_from([None, None, *Exemption])
    ),
    st.builds(
        lambda k, o, s: e.FindingOverridden(Override(k, o, s, "O01", "")),
        keys,
        officers,
        st.sampled_from([None, "o-1", "o-2"]),
    ),
    st.builds(e.NoteAdded, officers, st.just("seen")),
    decisions,
    st.just(e.RecordSealed("h")),
    st.just(e.SealingFailed("STO-01")),
    st.just(e.SealingRetried("o-1")),
)


@dataclass(frozen=True)
class Served:
    """The first running step is answered under its own attempt; ``badly`` picks a bad result."""

    badly: bool


@dataclass(frozen=True)
class AllServed:
    """Everything the machine asks for is answered until it asks for nothing; one step perhaps badly."""

    bad: Step | None


@dataclass(frozen=True)
class SetAside:
    """The officer sets the first barring finding aside, with or without a second person."""

    second: str | None


@dataclass(frozen=True)
class Passing:
    """The officer tries every disposition that lets the traveller go on."""


Told = e.Event | Served | AllServed | SetAside | Passing
tokens = st.one_of(
    st.builds(Served, st.sampled_from([False, False, False, True])),
    st.builds(AllServed, st.sampled_from([None, None, *Step])),
    st.builds(AllServed, st.just(None)),
    st.builds(SetAside, st.sampled_from(["o-2", "o-2", None, "o-1"])),
    st.just(Passing()),
    events,
)
told_freely = st.lists(tokens, max_size=40)
told_to_the_end = st.builds(
    lambda bad, retold, signed, after: [
        AllServed(bad),
        *(token for again in retold for token in (e.StepRetried(again, "o-1"), AllServed(None))),
        *(SetAside(second) for second in signed),
        Passing(),
        *after,
    ],
    st.sampled_from([None, *Step]),
    st.lists(st.sampled_from(list(Step)), max_size=2),
    st.lists(st.sampled_from(["o-2", "o-2", None, "o-1"]), max_size=3),
    st.lists(tokens, max_size=10),
)
stories = st.tuples(
    st.sampled_from(["quayside", "quayside", *sorted(SCENARIOS)]), st.one_of(told_freely, told_to_the_end)
)


def interpret(inspection: Inspection, token: Told) -> list[e.Event]:
    """The events a token stands for, given where the story is."""
    if isinstance(token, Served):
        for step in Step:
            if step in inspection.running:
                return [serve(step, inspection.attempt(step), token.badly)]
        return []
    if isinstance(token, SetAside):
        return [e.FindingOverridden(Override(f.key, "o-1", token.second, "O01", "")) for f in barring(inspection)[:1]]
    if isinstance(token, Passing):
        return [e.DecisionTaken(Decision(d, "o-1"), "2026-11-23T09:00:00+00:00") for d in Disposition if d.lets_pass]
    return [token]


def serve(step: Step, attempt: int, badly: bool) -> e.Event:
    if step is Step.DOCUMENT:
        return document_read(attempt, expired=badly)
    if step is Step.CHIP:
        return chip_read(attempt, failed_check("data-group-hash")) if badly else chip_read(attempt)
    if step is Step.FACE:
        return e.StepFailed(step, attempt, "BIO-01") if badly else face_captured(attempt)
    if step is Step.COMPARISON:
        return compared(attempt, ComparisonBand.NO_MATCH if badly else ComparisonBand.MATCH)
    if step is Step.GROUPS:
        return groups_searched(attempt, candidate()) if badly else groups_searched(attempt)
    if step is Step.WATCHLIST:
        return searched(attempt, hits=(hit,) if badly else ())
    if step is Step.CLEARANCE:
        status = ClearanceStatus.ALREADY_LANDED if badly else ClearanceStatus.CLEARED
        return e.ClearanceChecked(attempt, 1.0, 0.0, ClearanceResult(status, "w-1", portrait=blob("c")))
    return e.StepFailed(step, attempt, "DEV-02")


def walk(scenario: str, told: list[Told]) -> Iterator[tuple[e.Event, Transition]]:
    """Every event of a story that the machine takes, with where it led."""
    first = started(scenario)
    transition = advance(None, first)
    yield first, transition
    for token in told:
        if isinstance(token, AllServed):
            while running := [step for step in Step if step in transition.inspection.running]:
                event = serve(running[0], transition.inspection.attempt(running[0]), token.bad is running[0])
                transition = advance(transition.inspection, event)
                yield event, transition
            continue
        for event in interpret(transition.inspection, token):
            try:
                transition = advance(transition.inspection, event)
            except EventNotAllowed:
                continue
            yield event, transition


def play(scenario: str, told: list[Told]) -> tuple[Inspection, list[e.Event], list[fx.Effect]]:
    """Run a story, leaving out what is refused; gives the end, the events that were taken, and every effect."""
    taken: list[e.Event] = []
    effects: list[fx.Effect] = []
    for event, transition in walk(scenario, told):
        taken.append(event)
        effects.extend(transition.effects)
        inspection = transition.inspection
    return inspection, taken, effects


@given(stories)
@settings(max_examples=300, deadline=None)
def test_nobody_passes_while_a_finding_bars_it(story: tuple[str, list[Told]]) -> None:
    _, _, effects = play(*story)
    for effect in effects:
        if isinstance(effect, fx.SealRecord) and effect.record.decision.disposition.lets_pass:
            record = effect.record
            set_aside = {o.finding_key: o for o in record.overrides}
            for finding in record.findings:
                if finding.severity in (Severity.BAR, Severity.LOOK):
                    override = set_aside[finding.key]
                    if finding.severity is Severity.BAR:
                        assert override.second_officer_id not in (None, override.officer_id)
            demands = SCENARIOS[record.scenario]
            for summary in record.steps:
                if demands.demand(summary.step) is Demand.REQUIRED:
                    assert summary.outcome in ("taken", "waived")


def test_the_stories_reach_admissions_with_and_without_overrides() -> None:
    """The properties below would say little of stories that never get anywhere."""
    reached: dict[str, int] = {"passed": 0, "passed over a bar": 0, "retaken": 0}

    @given(stories)
    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    def count(story: tuple[str, list[Told]]) -> None:
        inspection, _, effects = play(*story)
        for effect in effects:
            if isinstance(effect, fx.SealRecord) and effect.record.decision.disposition.lets_pass:
                reached["passed"] += 1
                reached["passed over a bar"] += bool(effect.record.overrides)
        reached["retaken"] += any(n > 1 for n in inspection.attempts.values())

    count()
    assert min(reached.values()) >= 10, reached


@given(stories)
@settings(max_examples=300, deadline=None)
def test_replaying_the_journal_gives_the_same_inspection(story: tuple[str, list[Told]]) -> None:
    inspection, taken, _ = play(*story)
    assert replay(taken) == inspection


@given(stories)
@settings(max_examples=300, deadline=None)
def test_there_is_no_dead_end(story: tuple[str, list[Told]]) -> None:
    """From wherever a story ends, a referral (or a new try at sealing) still closes the inspection."""
    inspection, _, _ = play(*story)
    if inspection.decision is None:
        refer = e.DecisionTaken(Decision(Disposition.RF, "o-1", ("S20",)), "t")
        inspection = advance(inspection, refer).inspection
    if inspection.sealing_fault:
        inspection = advance(inspection, e.SealingRetried("o-1")).inspection
    if inspection.stage is not Stage.CLOSED:
        inspection = advance(inspection, e.RecordSealed("h")).inspection
    assert inspection.stage is Stage.CLOSED


@given(stories)
@settings(max_examples=300, deadline=None)
def test_every_step_is_settled_running_or_waiting_for_the_officer(story: tuple[str, list[Told]]) -> None:
    inspection, _, _ = play(*story)
    if inspection.decision is not None:
        return
    for step in inspection.scenario.steps:
        if step in inspection.evidence or step in inspection.running:
            continue
        waits_for_class = inspection.collection.allowed is None
        waits_for_input = bool(inspection.running)
        assert waits_for_class or waits_for_input


@given(stories)
@settings(max_examples=300, deadline=None)
def test_an_answer_to_an_older_attempt_never_changes_anything(story: tuple[str, list[Told]]) -> None:
    inspection, _, _ = play(*story)
    for step, answer in ((Step.CHIP, chip_read()), (Step.FACE, face_captured()), (Step.COMPARISON, compared())):
        if inspection.attempt(step) > 1:
            late = advance(inspection, replace(answer, attempt=inspection.attempt(step) - 1))
            assert late.dropped
            assert late.inspection is inspection
            assert late.effects == ()


@given(stories)
@settings(max_examples=300, deadline=None)
def test_nothing_biometric_of_an_excluded_person_is_asked_for_or_recorded(story: tuple[str, list[Told]]) -> None:
    for _, transition in walk(*story):
        allowed = transition.inspection.collection.allowed
        for effect in transition.effects:
            if isinstance(effect, (fx.CaptureFace, fx.CaptureFingerprints)):
                assert allowed is True
            if isinstance(effect, fx.ReadChip):
                assert allowed is not None
                assert effect.with_portrait is (allowed is True)
            if isinstance(effect, fx.SealRecord) and allowed is not True:
                assert effect.record.blobs == ()
                assert effect.record.comparisons == ()


@given(stories)
@settings(max_examples=300, deadline=None)
def test_a_decision_is_sealed_at_most_once_unless_sealing_failed(story: tuple[str, list[Told]]) -> None:
    _, taken, effects = play(*story)
    seals = [effect for effect in effects if isinstance(effect, fx.SealRecord)]
    retries = sum(isinstance(event, e.SealingRetried) for event in taken)
    decisions_taken = sum(isinstance(event, e.DecisionTaken) for event in taken)
    assert decisions_taken <= 1
    assert len(seals) == decisions_taken + retries
    assert len({effect.record for effect in seals}) <= 1
