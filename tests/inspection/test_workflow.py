"""One traveller through the machine, step by step."""

from __future__ import annotations

import pytest
from core_builders import (
    blob,
    born,
    chip_read,
    compared,
    document_read,
    face_captured,
    failed_check,
    groups_searched,
    searched,
    started,
)

from inspection_station.inspection import effects as fx
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.disposition import Decision, Disposition
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.evidence import Missing, Waived
from inspection_station.inspection.face_search import FaceProbe
from inspection_station.inspection.finding_rules import barring, findings
from inspection_station.inspection.findings import Override, Severity
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.offers import blockers, offered
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import ListKind, WatchlistHit
from inspection_station.inspection.workflow import advance, replay, resume


def run(*events: e.Event) -> tuple[Inspection, list[fx.Effect]]:
    inspection: Inspection | None = None
    effects: list[fx.Effect] = []
    for event in events:
        transition = advance(inspection, event)
        inspection = transition.inspection
        effects.extend(transition.effects)
    assert inspection is not None
    return inspection, effects


def no_fingers(attempt: int = 1) -> e.StepFailed:
    return e.StepFailed(Step.FINGERPRINTS, attempt, "DEV-02")


PLAIN = (
    started(),
    document_read(),
    chip_read(),
    face_captured(),
    no_fingers(),
    compared(),
    groups_searched(),
    searched(),
)


def admit(reasons: tuple[str, ...] = ()) -> e.DecisionTaken:
    return e.DecisionTaken(Decision(Disposition.AD, "o-1", reasons), "2026-11-23T08:00:09+00:00")


def test_a_plain_traveller_is_admitted_and_sealed_once() -> None:
    inspection, effects = run(*PLAIN, admit())
    sealed = [effect for effect in effects if isinstance(effect, fx.SealRecord)]
    assert len(sealed) == 1
    assert sealed[0].record.decision.disposition is Disposition.AD
    assert {kept.purpose for kept in sealed[0].record.blobs} == {"page", "portrait", "live face"}
    closed, _ = run(*PLAIN, admit(), e.RecordSealed("h"))
    assert inspection.stage is Stage.DECISION
    assert closed.stage is Stage.CLOSED


def test_everything_that_needs_only_the_document_is_asked_for_at_once() -> None:
    _, effects = run(started(), document_read())
    kinds = [type(effect) for effect in effects]
    assert kinds == [fx.ReadDocument, fx.ReadChip, fx.CaptureFace, fx.CaptureFingerprints, fx.SearchWatchlists]


def test_faces_are_compared_as_soon_as_portrait_and_live_face_are_there() -> None:
    inspection, effects = run(started(), document_read(), face_captured(), chip_read())
    assert effects[-2:] == [
        fx.SearchFaceGroups(1, blob("f"), FaceProbe.LIVE),  # asked for before the chip had answered
        fx.CompareFaces(1, blob("f"), blob("c"), "L898902C3"),
    ]
    assert inspection.stage is Stage.FINGERPRINTS


def test_a_late_chip_reading_of_an_older_attempt_is_dropped() -> None:
    inspection, _ = run(started(), document_read(), e.StepRetried(Step.CHIP, "o-1"))
    transition = advance(inspection, chip_read(attempt=1))
    assert transition.dropped
    assert transition.inspection == inspection
    assert not advance(inspection, chip_read(attempt=2)).dropped


def test_retaking_the_face_compares_again_and_voids_the_override_of_the_old_mismatch() -> None:
    mismatch = compared(band=ComparisonBand.NO_MATCH)
    inspection, _ = run(*PLAIN[:5], mismatch, *PLAIN[6:])
    key = next(f.key for f in findings(inspection) if f.code == "BIO-03")
    setting_aside = Override(key, "o-1", "o-2", "O01", "same person, new beard")
    inspection = advance(inspection, e.FindingOverridden(setting_aside)).inspection
    assert Disposition.AD in offered(inspection)
    inspection = advance(inspection, e.StepRetried(Step.FACE, "o-1")).inspection
    assert inspection.overrides == ()
    inspection = advance(inspection, face_captured(2)).inspection
    inspection = advance(inspection, compared(2, ComparisonBand.NO_MATCH)).inspection
    inspection = advance(inspection, groups_searched(2)).inspection
    assert Disposition.AD not in offered(inspection)


def test_no_chip_means_no_portrait_and_the_comparison_becomes_missing_by_itself() -> None:
    inspection, effects = run(
        *PLAIN[:2], e.StepFailed(Step.CHIP, 1, "CHP-01"), face_captured(), no_fingers(), groups_searched(), searched()
    )
    assert inspection.evidence[Step.COMPARISON] == Missing("BIO-07", "no portrait to compare with")
    assert not any(isinstance(effect, fx.CompareFaces) for effect in effects)
    assert blockers(inspection, Disposition.AD) == ("step:comparison",)
    waived = advance(inspection, e.StepWaived(Step.COMPARISON, "o-1", "O05")).inspection
    assert blockers(waived, Disposition.AD) == ()


def test_only_a_missing_step_can_be_waived() -> None:
    inspection, _ = run(*PLAIN)
    for step in (Step.FACE, Step.DOCUMENT, Step.COMPARISON):
        with pytest.raises(EventNotAllowed) as refusal:
            advance(inspection, e.StepWaived(step, "o-1", "O05"))
        assert refusal.value.reasons == ("not-missing",)


def test_waiving_the_face_waives_the_comparison_that_hangs_on_it() -> None:
    inspection, _ = run(
        started(),
        document_read(),
        chip_read(),
        e.StepFailed(Step.FACE, 1, "BIO-01"),
        no_fingers(),
        groups_searched(probe=FaceProbe.CHIP_PORTRAIT),
        searched(),
        e.StepWaived(Step.FACE, "o-1", "O05"),
    )
    assert inspection.evidence[Step.COMPARISON] == Waived("O05", "o-1")
    assert Disposition.AD in offered(inspection)


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("data-group-hash", "CHP-03"),
        ("security-object-signature", "CHP-05"),
        ("signer-revocation", "CHP-05"),
        ("mrz-against-chip", "CHP-06"),
        ("a-check-nobody-named", "CHP-08"),
    ],
)
def test_a_failed_chip_check_bars_admission_until_two_persons_set_it_aside(check: str, code: str) -> None:
    inspection, _ = run(
        started(),
        document_read(),
        chip_read(1, failed_check(check)),
        face_captured(),
        no_fingers(),
        compared(),
        groups_searched(),
        searched(),
    )
    (finding,) = barring(inspection)
    assert finding.code == code
    with pytest.raises(EventNotAllowed):
        advance(inspection, admit())
    alone = Override(finding.key, "o-1", None, "O02", "")
    with pytest.raises(EventNotAllowed) as refusal:
        advance(inspection, e.FindingOverridden(alone))
    assert refusal.value.reasons == ("second-officer",)
    same = Override(finding.key, "o-1", "o-1", "O02", "")
    with pytest.raises(EventNotAllowed):
        advance(inspection, e.FindingOverridden(same))
    together = Override(finding.key, "o-1", "o-2", "O02", "looked at under the lamp")
    inspection = advance(inspection, e.FindingOverridden(together)).inspection
    assert advance(inspection, admit()).inspection.decision is not None


def test_a_list_hit_bars_passing_but_never_a_referral() -> None:
    hit = WatchlistHit("wanted", ListKind.WANTED, "e-9", 0.9, ("name",), ("date of birth",))
    inspection, _ = run(*PLAIN[:-1], searched(hits=(hit,)))
    assert Disposition.AD not in offered(inspection)
    assert {Disposition.RF, Disposition.RE, Disposition.HD} <= set(offered(inspection))


def test_a_referral_needs_a_reason_and_can_come_before_everything_is_known() -> None:
    inspection, _ = run(started(), document_read())
    refer = Decision(Disposition.RF, "o-1")
    with pytest.raises(EventNotAllowed) as refusal:
        advance(inspection, e.DecisionTaken(refer, "t"))
    assert refusal.value.reasons == ("reason",)
    transition = advance(inspection, e.DecisionTaken(Decision(Disposition.RF, "o-1", ("S20",)), "t"))
    assert [type(effect) for effect in transition.effects].count(fx.CancelStep) == 4
    assert isinstance(transition.effects[-1], fx.SealRecord)
    # What was still running answers late and changes nothing.
    assert advance(transition.inspection, chip_read()).dropped


def test_an_expired_document_and_one_whose_expiry_is_unknown_both_stop_the_line() -> None:
    for expired, severity in ((True, Severity.BAR), (None, Severity.LOOK)):
        inspection, _ = run(started(), document_read(expired=expired), *PLAIN[2:])
        (finding,) = barring(inspection)
        assert (finding.code, finding.severity) == ("DOC-03", severity)


def test_no_trust_anchor_is_grey_and_does_not_bar() -> None:
    from inspection_station.inspection.chip import CheckResult, ChipCheck

    unknown = ChipCheck("5.6.4.3", "signer-trust", CheckResult.UNDETERMINED, "no anchor")
    inspection, _ = run(started(), document_read(), chip_read(1, unknown), *PLAIN[3:])
    assert [(f.code, f.severity) for f in findings(inspection) if f.key == "chip:signer-trust"] == [
        ("CHP-04", Severity.UNCHECKED)
    ]
    assert Disposition.AD in offered(inspection)


def test_setting_one_group_of_the_chip_aside_leaves_the_others_in_the_way() -> None:
    from inspection_station.inspection.chip import CheckReason, CheckResult, ChipCheck

    checks = [
        ChipCheck("5.6.4.4.2", "data-group-hash", CheckResult.FAILED, group, CheckReason(code, (("group", group),)))
        for group, code in (("DG15", "group-unsigned"), ("DG2", "group-not-as-signed"))
    ]
    inspection, _ = run(started(), document_read(), chip_read(1, *checks), *PLAIN[3:])
    assert [finding.detail for finding in barring(inspection)] == ["DG15", "DG2"]
    unsigned, altered = (finding.key for finding in barring(inspection))
    set_aside = Override(unsigned, "o-1", "o-2", "O02", "the state has said so")
    inspection = advance(inspection, e.FindingOverridden(set_aside)).inspection
    assert [finding.key for finding in barring(inspection)] == [altered]


def test_a_registered_national_gets_no_portrait_read_no_face_and_no_comparison() -> None:
    inspection, effects = run(started(), document_read(taiwan_id=True, nationality="TWN", issuing_state="TWN"))
    chips = [effect for effect in effects if isinstance(effect, fx.ReadChip)]
    assert [chip.with_portrait for chip in chips] == [False]
    assert not any(isinstance(effect, (fx.CaptureFace, fx.CaptureFingerprints)) for effect in effects)
    inspection = advance(inspection, chip_read(portrait=False)).inspection
    inspection = advance(inspection, searched()).inspection
    assert inspection.evidence[Step.FACE] == Waived("KHR")
    assert inspection.evidence[Step.COMPARISON] == Waived("KHR")
    decided = advance(inspection, admit())
    record = next(effect.record for effect in decided.effects if isinstance(effect, fx.SealRecord))
    assert record.blobs == ()
    assert record.collection_reason == "KHR"


def test_a_child_under_fourteen_is_not_collected_and_one_of_fourteen_is() -> None:
    _, young = run(started(), document_read(date_of_birth=born(2012, 11, 24)))
    _, old = run(started(), document_read(date_of_birth=born(2012, 11, 23)))
    assert not any(isinstance(effect, fx.CaptureFace) for effect in young)
    assert any(isinstance(effect, fx.CaptureFace) for effect in old)


def test_an_unregistered_national_waits_for_the_officer_before_anything_biometric() -> None:
    inspection, effects = run(started(), document_read(nationality="TWN", issuing_state="TWN"))
    assert [type(effect) for effect in effects] == [fx.ReadDocument, fx.SearchWatchlists]
    confirmed = advance(inspection, e.PersonClassConfirmed("o-1", PersonClass.NATIONAL_WITHOUT_REGISTRATION))
    assert {type(effect) for effect in confirmed.effects} == {fx.ReadChip, fx.CaptureFace, fx.CaptureFingerprints}
    registered = advance(inspection, e.PersonClassConfirmed("o-1", PersonClass.REGISTERED_NATIONAL))
    assert [effect.with_portrait for effect in registered.effects if isinstance(effect, fx.ReadChip)] == [False]
    assert any(isinstance(effect, fx.DiscardBiometrics) for effect in registered.effects)


def test_an_exemption_named_late_discards_what_was_taken_and_closes_the_portrait_again() -> None:
    inspection, _ = run(*PLAIN)
    transition = advance(inspection, e.PersonClassConfirmed("o-1", PersonClass.FOREIGNER, Exemption.ARTICLE_27))
    assert any(isinstance(effect, fx.DiscardBiometrics) for effect in transition.effects)
    assert [effect.with_portrait for effect in transition.effects if isinstance(effect, fx.ReadChip)] == [False]
    assert transition.inspection.face is None
    assert transition.inspection.comparisons == ()


def test_article_91_cannot_be_got_round_by_retrying_the_step() -> None:
    inspection, _ = run(started(), document_read(taiwan_id=True, nationality="TWN"))
    with pytest.raises(EventNotAllowed) as refusal:
        advance(inspection, e.StepRetried(Step.FACE, "o-1"))
    assert refusal.value.reasons == ("article-91",)


def test_another_document_starts_the_person_afresh() -> None:
    inspection, _ = run(*PLAIN, e.PersonClassConfirmed("o-1", PersonClass.MAINLAND))
    transition = advance(inspection, e.StepRetried(Step.DOCUMENT, "o-1"))
    assert transition.inspection.evidence == {}
    assert transition.inspection.confirmed_class is None
    assert transition.effects[-1] == fx.ReadDocument(2)


def test_a_store_that_cannot_write_keeps_the_decision_for_the_next_try() -> None:
    inspection, _ = run(*PLAIN, admit(), e.SealingFailed("STO-01"))
    assert inspection.stage is Stage.DECISION
    assert offered(inspection) == ()
    retried = advance(inspection, e.SealingRetried("o-1"))
    (again,) = retried.effects
    assert isinstance(again, fx.SealRecord)
    assert again.record.decision.disposition is Disposition.AD


def test_after_a_crash_the_running_steps_are_asked_for_again_under_their_own_number() -> None:
    before, effects = run(started(), document_read(), face_captured())
    again = replay((started(), document_read(), face_captured()))
    assert again == before
    assert set(resume(again)) == {
        effect
        for effect in effects
        if isinstance(effect, (fx.ReadChip, fx.CaptureFingerprints, fx.SearchFaceGroups, fx.SearchWatchlists))
    }


def test_at_disembarkation_the_document_is_not_waited_for() -> None:
    inspection, effects = run(started("disembarkation"))
    assert effects == []
    assert inspection.stage is Stage.FACE
    confirmed = advance(inspection, e.PersonClassConfirmed("o-1", PersonClass.FOREIGNER))
    assert [type(effect) for effect in confirmed.effects] == [fx.CaptureFace]


def test_pre_clearance_admits_nobody_and_compares_the_portrait_alone() -> None:
    inspection, effects = run(started("pre-clearance"), document_read(), chip_read())
    assert effects[-2:] == [
        fx.CompareFaces(1, blob("c"), None, "L898902C3"),
        fx.SearchFaceGroups(1, blob("c"), FaceProbe.CHIP_PORTRAIT),
    ]
    assert Disposition.AD not in inspection.scenario.dispositions


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(EventNotAllowed):
        advance(None, started("karaoke"))
