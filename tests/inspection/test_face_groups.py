"""Face groups in the inspection: what a candidate does to a decision, and what is never looked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_builders import (
    blob,
    candidate,
    chip_read,
    compared,
    document_read,
    face_captured,
    groups_searched,
    searched,
    started,
)

from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import ComparisonBand, NotCompared, ReferenceKind
from inspection_station.inspection.codec import event_from_plain, from_plain, to_plain
from inspection_station.inspection.disposition import Decision, Disposition
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.evidence import Missing, Waived
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    FaceCandidate,
    FaceProbe,
    GroupNotSearched,
    GroupUse,
)
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.findings import Override, Severity
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.offers import offered
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.workflow import advance

ADMIT = e.DecisionTaken(Decision(Disposition.AD, "o-1"), "2026-11-23T08:00:09+00:00")


def run(*events: e.Event) -> tuple[Inspection, list[fx.Effect]]:
    inspection: Inspection | None = None
    effects: list[fx.Effect] = []
    for event in events:
        transition = advance(inspection, event)
        inspection = transition.inspection
        effects.extend(transition.effects)
    assert inspection is not None
    return inspection, effects


def with_search(found: e.FaceGroupsSearched) -> Inspection:
    fingers = e.StepFailed(Step.FINGERPRINTS, 1, "DEV-02")
    return run(started(), document_read(), chip_read(), face_captured(), fingers, compared(), found, searched())[0]


def severities(inspection: Inspection) -> dict[str, Severity]:
    return {f.key: f.severity for f in findings(inspection) if f.key.startswith("groups:")}


def test_an_alert_bars_admission_until_two_persons_set_it_aside() -> None:
    inspection = with_search(groups_searched(1, candidate()))
    (finding,) = barring(inspection)
    assert (finding.code, finding.severity) == ("BIO-04", Severity.BAR)
    with pytest.raises(EventNotAllowed):
        advance(inspection, ADMIT)
    with pytest.raises(EventNotAllowed) as refusal:
        advance(inspection, e.FindingOverridden(Override(finding.key, "o-1", None, "O03", "another nose")))
    assert refusal.value.reasons == ("second-officer",)
    together = Override(finding.key, "o-1", "o-2", "O03", "another nose")
    inspection = advance(inspection, e.FindingOverridden(together)).inspection
    assert Disposition.AD in offered(inspection)


def test_a_prompt_asks_for_a_look_by_one_person() -> None:
    inspection = with_search(groups_searched(1, candidate(GroupUse.PROMPT)))
    (finding,) = barring(inspection)
    assert (finding.code, finding.severity) == ("GRP-03", Severity.LOOK)
    looked = advance(inspection, e.FindingOverridden(Override(finding.key, "o-1", None, "O03", "another nose")))
    assert Disposition.AD in offered(looked.inspection)


@pytest.mark.parametrize("listed", [True, False])
def test_a_whitelist_informs_and_neither_bars_nor_clears(listed: bool) -> None:
    found = groups_searched()
    white = replace(found.result.searched[0], group_id="voyage", use=GroupUse.WHITELIST)
    entry = (candidate(GroupUse.WHITELIST, "voyage"),) if listed else ()
    search = groups_searched(1, *entry, searched=(white,))
    inspection = with_search(search)
    assert set(severities(inspection).values()) == {Severity.NOTE}
    assert Disposition.AD in offered(inspection)
    mismatch = compared(band=ComparisonBand.NO_MATCH)
    fingers = e.StepFailed(Step.FINGERPRINTS, 1, "DEV-02")
    other, _ = run(started(), document_read(), chip_read(), face_captured(), fingers, mismatch, search, searched())
    assert Disposition.AD not in offered(other)


def test_a_group_that_was_not_searched_is_grey_and_named() -> None:
    away = (GroupNotSearched("alerts", "expired"), GroupNotSearched("far", HEADQUARTERS_ONLY))
    inspection = with_search(groups_searched(not_searched=away, searched=()))
    assert severities(inspection) == {
        "groups:not-searched": Severity.UNCHECKED,
        "groups:headquarters-only": Severity.UNCHECKED,
    }
    assert {f.code for f in findings(inspection) if f.key.startswith("groups:")} == {"GRP-01", "NET-01"}


def test_without_a_live_face_the_chip_portrait_is_looked_for_and_without_either_nothing() -> None:
    _, effects = run(started(), document_read(), e.StepFailed(Step.FACE, 1, "DEV-01"), chip_read())
    assert fx.SearchFaceGroups(1, blob("c"), FaceProbe.CHIP_PORTRAIT) in effects
    inspection, _ = run(
        started(), document_read(), e.StepFailed(Step.FACE, 1, "DEV-01"), e.StepFailed(Step.CHIP, 1, "CHP-01")
    )
    assert inspection.evidence[Step.GROUPS] == Missing("GRP-02", "no face to look for")


def test_nobody_whom_article_91_excludes_is_looked_for() -> None:
    inspection, effects = run(
        started(), document_read(taiwan_id=True, nationality="TWN", issuing_state="TWN"), chip_read(portrait=False)
    )
    assert inspection.evidence[Step.GROUPS] == Waived("KHR")
    assert not any(isinstance(effect, fx.SearchFaceGroups) for effect in effects)


def test_another_face_is_looked_for_anew_and_voids_what_was_set_aside() -> None:
    inspection = with_search(groups_searched(1, candidate()))
    aside = Override(barring(inspection)[0].key, "o-1", "o-2", "O03", "another nose")
    inspection = advance(inspection, e.FindingOverridden(aside)).inspection
    inspection = advance(inspection, e.StepRetried(Step.FACE, "o-1")).inspection
    assert inspection.overrides == ()
    transition = advance(inspection, face_captured(2))
    assert fx.SearchFaceGroups(2, blob("f"), FaceProbe.LIVE) in transition.effects


def test_the_record_keeps_groups_versions_and_candidates() -> None:
    inspection = with_search(groups_searched(1, candidate(GroupUse.WHITELIST)))
    sealed = advance(inspection, ADMIT).effects[-1]
    assert isinstance(sealed, fx.SealRecord)
    record = from_plain(InspectionRecord, to_plain(sealed.record))
    assert record == sealed.record
    assert record.face_search is not None
    assert record.face_search.searched[0].version == 3
    found = record.face_search.candidates[0]
    assert isinstance(found, FaceCandidate)
    assert (found.reference_id, found.score, found.margin, found.one_in) == ("r-7", 7.125, 3.5, 400_000.0)


def test_what_could_not_be_compared_is_grey_and_survives_the_journal() -> None:
    plain = compared()
    event = replace(plain, not_compared=(NotCompared(ReferenceKind.HISTORY, "HIS-01", "expired"),))
    assert event_from_plain(to_plain(event)) == event
    fingers = e.StepFailed(Step.FINGERPRINTS, 1, "DEV-02")
    inspection, _ = run(
        started(), document_read(), chip_read(), face_captured(), fingers, event, groups_searched(), searched()
    )
    found = [f for f in findings(inspection) if f.code == "HIS-01"]
    assert [f.severity for f in found] == [Severity.UNCHECKED]
    assert Disposition.AD in offered(inspection)


def test_a_history_photograph_of_somebody_else_bars_for_live_face_and_portrait_apart() -> None:
    plain = compared().results[0]
    live = replace(plain, reference=ReferenceKind.HISTORY, band=ComparisonBand.NO_MATCH)
    chip = replace(live, probe=FaceProbe.CHIP_PORTRAIT)
    event = replace(compared(), results=(plain, live, chip))
    inspection, _ = run(started(), document_read(), chip_read(), face_captured(), event)
    assert {f.key for f in barring(inspection)} == {
        "comparison:no-match:history photograph",
        "comparison:no-match:chip portrait with history photograph",
    }
