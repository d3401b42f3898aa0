"""What officers do on the real station: take back, set aside by two, refer; and a list that hits."""

from __future__ import annotations

from real_station import RealStation, codes, person

from inspection_station.composition.training_side import TrainingDesk
from inspection_station.desk import commands as c
from inspection_station.inspection.disposition import Disposition
from inspection_station.training.control_lists import training_lists

NO_MATCH = "comparison:no-match:chip portrait"


def test_an_admission_taken_back_becomes_three_records_in_a_chain(station: RealStation) -> None:
    station.step_up(person(4800))
    station.until_decision()
    admission = station.decide(Disposition.AD)
    station.desk.post(c.UndoDecision())
    back = station.until(
        lambda s: (
            s.inspection is not None
            and s.inspection.decision is None
            and s.inspection.supersedes not in (None, admission.inspection_id)
        )
    ).inspection
    assert back is not None
    assert back.supersedes is not None
    referral = station.decide(Disposition.RF, "S20")
    void = station.record(back.supersedes)
    assert void.decision.disposition is Disposition.VD
    assert void.supersedes == admission.inspection_id
    assert referral.supersedes == void.inspection_id
    assert len(referral.blobs) == len(admission.blobs) == 2


def test_an_impostor_passes_only_by_two_officers_with_a_reason(station: RealStation) -> None:
    station.step_up(person(4801, fault="impostor"))
    ended = station.until_decision()
    station.desk.post(c.Decide(Disposition.AD))
    refused = station.until(lambda s: "REF-01" in {n.code for n in s.notices})
    assert f"finding:{NO_MATCH}" in next(n.detail for n in refused.notices if n.code == "REF-01")
    note = "compared by eye with two more documents"
    station.desk.post(c.OverrideFinding(NO_MATCH, "O01", note, "T-002", "0000"))
    station.until(lambda s: "SEC-02" in {n.code for n in s.notices})
    station.desk.post(c.OverrideFinding(NO_MATCH, "O01", note, "T-002", "2222"))
    station.until(lambda s: s.inspection is not None and s.inspection.overrides)
    record = station.decide(Disposition.AD)
    assert record.inspection_id == ended.inspection_id
    assert [(o.officer_id, o.second_officer_id) for o in record.overrides] == [("T-001", "T-002")]
    assert "BIO-03" in codes(record)


def test_a_wanted_person_is_not_admitted_and_is_referred(station: RealStation) -> None:
    who = person(4802)
    now = station.desk._tools.clock.now()
    station.station.lists.replace(training_lists(now, wanted=[who.persona]))
    try:
        record = station.by_the_book(who)
    finally:
        station.station.lists.replace(training_lists(now))
    assert record.decision.disposition is Disposition.RF
    assert "LST-03" in codes(record)


def test_a_list_that_is_too_old_is_amber_on_everybody(station: RealStation) -> None:
    now = station.desk._tools.clock.now()
    station.station.lists.replace(training_lists(now, stale=True))
    try:
        record = station.by_the_book(person(4803))
    finally:
        station.station.lists.replace(training_lists(now))
    assert "LST-01" in codes(record)
    assert record.decision.disposition is Disposition.RF


def test_asking_twice_for_the_next_traveller_brings_one(station: RealStation) -> None:
    desk = TrainingDesk(station.desk, station.director)
    desk.post(c.BeginInspection())
    first = station.director.current
    desk.post(c.BeginInspection())
    assert station.director.current is first
    station.until(lambda s: s.inspection is not None and s.inspection.document is not None)
    desk.post(c.BeginInspection())
    assert station.director.current is first
