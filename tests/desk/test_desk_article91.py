"""Of whom nothing may be collected, nothing stays: not in memory, not in the journal, not in the store."""

from __future__ import annotations

from collections.abc import Callable

from core_builders import born, zone
from desk_bench import Bench, blobs_of

from inspection_station.desk import commands as c
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.evidence import Waived
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step

ADMIT = c.Decide(Disposition.AD)
NATIONAL = c.ConfirmPersonClass(PersonClass.REGISTERED_NATIONAL)


def test_a_registered_national_gets_no_portrait_read_and_no_face_taken(bench: Bench) -> None:
    bench.zones.taiwan_id = True
    bench.zones.answers.append(zone(nationality="TWN", issuing_state="TWN"))
    bench.place()
    snapshot = bench.until_stage(Stage.DECISION)
    assert snapshot.inspection is not None
    assert bench.chips.with_portrait == [False]
    assert isinstance(snapshot.inspection.evidence[Step.FACE], Waived)
    bench.post(ADMIT)
    bench.until_ready()
    stored = bench.store.record(bench.records()[0].inspection_id)
    assert stored is not None
    assert blobs_of(stored) == set()
    assert stored.record is not None
    assert stored.record.collection_reason == "KHR"
    assert bench.store.check().blobs == 0


def test_a_minor_gets_nothing_taken(bench: Bench) -> None:
    bench.zones.answers.append(zone(date_of_birth=born(2016)))
    bench.place()
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    bench.until_ready()
    assert bench.chips.with_portrait == [False]
    assert bench.store.check().blobs == 0


def test_of_an_unregistered_national_nothing_is_taken_before_the_class_is_confirmed(bench: Bench) -> None:
    bench.zones.answers.append(zone(nationality="TWN"))
    bench.place()
    waiting = bench.until(lambda s: s.inspection is not None and Step.WATCHLIST in s.inspection.evidence)
    assert waiting.inspection is not None
    assert bench.chips.with_portrait == []
    assert Step.FACE not in waiting.inspection.running
    bench.post(c.ConfirmPersonClass(PersonClass.NATIONAL_WITHOUT_REGISTRATION))
    bench.until_stage(Stage.DECISION)
    bench.post(ADMIT)
    bench.until_ready()
    assert bench.chips.with_portrait == [True]
    assert bench.store.check().blobs == 3


def test_an_exemption_named_late_wipes_what_was_taken(bench: Bench) -> None:
    bench.place()
    before = bench.until_stage(Stage.DECISION).inspection
    assert before is not None
    assert before.face is not None
    bench.post(c.ConfirmPersonClass(PersonClass.FOREIGNER, Exemption.ARTICLE_27))
    after = bench.until(lambda s: s.inspection is not None and s.inspection.collection.allowed is False).inspection
    assert after is not None
    assert bench.desk.picture(before.face.image) is None
    bench.until_stage(Stage.DECISION)
    assert bench.desk.pictures_held == 1  # the page, still before the officer
    bench.post(ADMIT)
    bench.until_ready()
    assert bench.store.check().blobs == 0


def test_a_portrait_that_comes_late_of_an_excluded_person_is_forgotten(bench: Bench) -> None:
    bench.chip.heeds_cancel = False
    bench.chip.gate.shut()
    bench.place()
    assert bench.chip.gate.reached.wait(60)
    bench.post(NATIONAL)
    bench.until(lambda s: s.inspection is not None and s.inspection.collection.allowed is False)
    bench.chip.gate.open()
    bench.until_stage(Stage.DECISION)
    assert bench.chips.with_portrait[-1] is False
    assert bench.desk.pictures_held == 1
    bench.post(ADMIT)
    bench.until_ready()
    assert bench.store.check().blobs == 0


def test_a_face_that_was_just_taken_when_the_class_was_confirmed_is_forgotten(bench: Bench) -> None:
    bench.faces.gate.shut()  # the comparison holds both pictures
    bench.place()
    assert bench.faces.gate.reached.wait(60)
    bench.post(NATIONAL)
    bench.until(lambda s: s.inspection is not None and s.inspection.collection.allowed is False)
    bench.faces.gate.open()
    bench.until_stage(Stage.DECISION)
    assert bench.desk.pictures_held == 1
    bench.post(ADMIT)
    bench.until_ready()
    stored = bench.store.record(bench.records()[0].inspection_id)
    assert stored is not None
    assert stored.record is not None
    assert stored.record.comparisons == ()
    assert bench.store.check().blobs == 0


def test_a_portrait_that_comes_after_the_traveller_has_gone_is_forgotten(bench: Bench) -> None:
    bench.chip.heeds_cancel = False
    bench.chip.gate.shut()
    bench.place()
    assert bench.chip.gate.reached.wait(60)
    bench.post(c.Decide(Disposition.RF, ("S20",)))
    done = bench.until_ready()
    kept_by_undo = bench.desk.pictures_held
    bench.chip.gate.open()
    bench.until(lambda s: bench.chips.with_portrait)
    bench.until(lambda s: s.sequence > done.sequence)
    bench.settle()
    assert bench.desk.pictures_held == kept_by_undo


def test_a_face_taken_again_replaces_the_older_one_at_once(bench: Bench) -> None:
    bench.place()
    before = bench.until_stage(Stage.DECISION).inspection
    assert before is not None
    assert before.face is not None
    bench.post(c.RetryStep(Step.FACE))
    bench.until(lambda s: s.inspection is not None and s.inspection.face not in (None, before.face))
    assert bench.desk.picture(before.face.image) is None


def test_no_picture_is_named_or_held_anywhere_in_the_folder(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench()
    bench.zones.taiwan_id = True
    for excluded in (zone(date_of_birth=born(2016)), zone(nationality="TWN", issuing_state="TWN")):
        bench.zones.answers.append(excluded)
        bench.place()
        bench.until_stage(Stage.DECISION)
        bench.post(ADMIT)
        bench.until_ready()
    bench.close()
    needles = (b"a chip portrait", b"a live face", b"the page")
    for file in bench.folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(needle in data for needle in needles), file.name
