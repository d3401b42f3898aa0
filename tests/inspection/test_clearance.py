"""Landing: the list is asked by document number, the live face compared with the portrait that was read before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_builders import blob, born, document_read, face_captured, groups_searched, searched, started

from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    Modality,
    ReferenceKind,
)
from inspection_station.inspection.clearance import ClearanceResult, ClearanceStatus
from inspection_station.inspection.codec import from_plain, to_plain
from inspection_station.inspection.disposition import Decision, Disposition
from inspection_station.inspection.evidence import Missing
from inspection_station.inspection.finding_rules import findings
from inspection_station.inspection.findings import Severity
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.offers import offered
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.redaction import without_biometrics
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.workflow import advance

CLEARED = ClearanceResult(ClearanceStatus.CLEARED, "voyage 3", "i-0", "document number", blob("p"))


def run(*told: e.Event) -> tuple[Inspection, list[fx.Effect]]:
    inspection: Inspection | None = None
    effects: list[fx.Effect] = []
    for event in told:
        transition = advance(inspection, event)
        inspection = transition.inspection
        effects += transition.effects
    assert inspection is not None
    return inspection, effects


def checked(result: ClearanceResult = CLEARED, attempt: int = 1) -> e.ClearanceChecked:
    return e.ClearanceChecked(attempt, 5.0, 0.0, result)


def agrees(attempt: int = 1) -> e.FacesCompared:
    result = ComparisonResult(Modality.FACE, ReferenceKind.CLEARANCE, 0.97, 0.93, ComparisonBand.MATCH, "model")
    return e.FacesCompared(attempt, 10.0, 0.0, (result,))


HERE = (started("disembarkation"), e.StepRetried(Step.DOCUMENT, "o-1"), document_read(2))


def test_the_list_is_asked_as_soon_as_the_document_is_read() -> None:
    _, effects = run(*HERE)
    assert fx.CheckClearance(1, "L898902C3", "UTO", True) in effects
    assert fx.CaptureFace(1) in effects


def test_the_live_face_is_compared_with_the_portrait_of_the_pre_clearance() -> None:
    _, effects = run(*HERE, face_captured(), checked())
    assert fx.CompareFaces(1, blob("f"), blob("p"), "L898902C3", ReferenceKind.CLEARANCE) in effects


def test_who_was_cleared_and_is_the_same_person_lands_and_the_record_links_to_the_pre_clearance() -> None:
    inspection, _ = run(*HERE, face_captured(), checked(), agrees(), groups_searched(), searched())
    assert Disposition.LN in offered(inspection)
    landed = advance(inspection, e.DecisionTaken(Decision(Disposition.LN, "o-1"), "2026-11-23T08:00:09+00:00"))
    [sealed] = [effect for effect in landed.effects if isinstance(effect, fx.SealRecord)]
    assert sealed.record.clearance == replace(CLEARED, portrait=None)
    assert from_plain(InspectionRecord, to_plain(sealed.record)) == sealed.record


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (ClearanceStatus.ALREADY_LANDED, "PRE-01"),
        (ClearanceStatus.NOT_ON_LIST, "PRE-02"),
        (ClearanceStatus.REFERRED, "PRE-02"),
        (ClearanceStatus.REFUSED, "PRE-02"),
        (ClearanceStatus.HELD, "PRE-02"),
    ],
)
def test_whoever_else_is_barred_and_told_what_the_list_says(status: ClearanceStatus, code: str) -> None:
    answer = checked(replace(CLEARED, status=status))
    inspection, _ = run(*HERE, face_captured(), answer, agrees(), groups_searched(), searched())
    [found] = [finding for finding in findings(inspection) if finding.code.startswith("PRE-")]
    assert (found.code, found.severity, found.detail) == (code, Severity.BAR, status.value)
    assert Disposition.LN not in offered(inspection)


def test_an_old_list_clears_nobody_before_an_officer_has_looked() -> None:
    inspection, _ = run(
        *HERE, face_captured(), checked(replace(CLEARED, stale=True)), agrees(), groups_searched(), searched()
    )
    [found] = [finding for finding in findings(inspection) if finding.code.startswith("PRE-")]
    assert (found.code, found.severity) == ("PRE-05", Severity.LOOK)
    assert Disposition.LN not in offered(inspection)


def test_no_list_is_not_checked_and_nobody_lands_by_it() -> None:
    away = e.StepFailed(Step.CLEARANCE, 1, "PRE-04")
    inspection, _ = run(*HERE, face_captured(), away, groups_searched(), searched())
    assert [f.severity for f in findings(inspection) if f.code == "PRE-04"] == [Severity.UNCHECKED]
    assert inspection.evidence[Step.COMPARISON] == Missing("BIO-07", "no portrait to compare with")
    assert Disposition.LN not in offered(inspection)


def test_without_a_document_number_the_list_is_not_asked() -> None:
    confirmed = e.PersonClassConfirmed("o-1", PersonClass.FOREIGNER)
    inspection, effects = run(started("disembarkation"), confirmed, face_captured())
    assert inspection.evidence[Step.CLEARANCE] == Missing("PRE-03", "no document number")
    assert not any(isinstance(effect, fx.CheckClearance) for effect in effects)


def test_of_an_excluded_person_the_list_is_asked_without_the_portrait_and_nothing_is_compared() -> None:
    inspection, effects = run(
        started("disembarkation"),
        e.StepRetried(Step.DOCUMENT, "o-1"),
        document_read(2, date_of_birth=born(2015)),
        checked(replace(CLEARED, portrait=None)),
        searched(),
    )
    assert fx.CheckClearance(1, "L898902C3", "UTO", False) in effects
    assert Disposition.LN in offered(inspection)


def test_an_exemption_named_late_asks_the_list_again_without_the_portrait() -> None:
    inspection, _ = run(*HERE, face_captured(), checked(), agrees())
    exempt = advance(inspection, e.PersonClassConfirmed("o-1", PersonClass.FOREIGNER, Exemption.ARTICLE_27))
    assert fx.CheckClearance(2, "L898902C3", "UTO", False) in exempt.effects
    assert exempt.inspection.clearance is None


def test_of_the_lists_answer_the_portrait_does_not_stay_with_an_excluded_person() -> None:
    [kept] = without_biometrics([checked()])
    assert isinstance(kept, e.ClearanceChecked)
    assert kept.result.portrait is None


def test_asking_the_list_again_compares_again() -> None:
    inspection, _ = run(*HERE, face_captured(), checked(), agrees())
    again = advance(inspection, e.StepRetried(Step.CLEARANCE, "o-1")).inspection
    assert Step.COMPARISON not in again.evidence
    effects = advance(again, checked(attempt=2)).effects
    assert fx.CompareFaces(2, blob("f"), blob("p"), "L898902C3", ReferenceKind.CLEARANCE) in effects
