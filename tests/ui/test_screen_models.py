"""What the screen says, without a screen: states by word, grey for what was not checked, what to do next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk_props import FakeDesk, Script, a_hit, a_zone, candidates, chip_checks
from exchange_props import STANDING, STRANGER

from inspection_station.desk.commands import Decide
from inspection_station.desk.exchange_view import ExchangeView
from inspection_station.desk.view import DeviceView, ListView
from inspection_station.documents.emrtd.check_reasons import Why
from inspection_station.documents.emrtd.checks import Check
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.chip import CheckReason, CheckResult
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import CharacterDoubt
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    GroupNotSearched,
    GroupUse,
)
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import SCENARIOS, Step
from inspection_station.ui.presenters.checks import group_name
from inspection_station.ui.presenters.chip_page import ChipPage, reason_text
from inspection_station.ui.presenters.console import Console, Explain
from inspection_station.ui.presenters.identity import FieldRow, country_name
from inspection_station.ui.presenters.result_pages import ComparisonPage, DecisionPage, ListsPage, bar_places
from inspection_station.ui.presenters.screen import Screen, screen
from inspection_station.ui.presenters.step_pages import DocumentPage, FacePage, Trouble, trouble_of
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.presenters.top_bar import NoBattery, age_text
from inspection_station.wording import Wording

EN = Wording("en", strict=True)
NO_FINGERS = {Step.FINGERPRINTS: "DEV-02"}


def seen(desk: FakeDesk, *, now: float = 0.0, battery: int | None = None, **console: object) -> Screen:
    return screen(desk.snapshot(), Console(language="en", **console), EN, now=now, battery=battery)  # type: ignore[arg-type]


def begun(**script: object) -> FakeDesk:
    script.setdefault("failing", NO_FINGERS)
    return FakeDesk(Script(**script)).begin()  # type: ignore[arg-type]


def test_nothing_is_green_before_anything_was_checked() -> None:
    for desk in (FakeDesk(), FakeDesk(Script(hold=frozenset(Step))).begin()):
        shown = seen(desk)
        assert shown.banner.tone is not Tone.OK
        assert Tone.OK not in {row.tone for row in shown.checks}


@pytest.mark.parametrize("held", SCENARIOS["quayside"].steps)
def test_the_verdict_is_never_green_while_a_step_still_runs(held: Step) -> None:
    desk = FakeDesk(Script(hold=frozenset({held}))).begin()
    assert seen(desk).banner.tone is not Tone.OK


def test_a_clear_traveller_is_green_and_says_how_much_was_not_checked() -> None:
    shown = seen(begun())
    assert shown.banner.tone is Tone.OK
    assert "1 not checked" in shown.banner.reason
    fingers = next(row for row in shown.checks if row.step is Step.FINGERPRINTS)
    assert (fingers.tone, fingers.word) == (Tone.UNCHECKED, "Not checked")


def test_failures_come_first_and_tinted_red_before_amber() -> None:
    shown = seen(begun(band=ComparisonBand.NO_MATCH, stale=True, hits=(a_hit(),)))
    tinted = [row.tone for row in shown.checks if row.tinted]
    assert tinted == sorted(tinted, key=[Tone.BAR, Tone.LOOK, Tone.UNCHECKED].index)
    assert [row.tinted for row in shown.checks] == sorted((row.tinted for row in shown.checks), reverse=True)
    assert shown.banner.tone is Tone.BAR


def test_no_trust_anchor_is_grey_and_does_not_stop_the_traveller() -> None:
    shown = seen(begun(checks=chip_checks(signer_trust=CheckResult.UNDETERMINED)))
    chip = next(row for row in shown.checks if row.step is Step.CHIP)
    assert (chip.tone, chip.code) == (Tone.UNCHECKED, "CHP-04")
    assert shown.banner.tone is Tone.OK


def test_a_forged_chip_is_red_and_names_the_check_in_the_officers_language() -> None:
    shown = seen(begun(checks=chip_checks(data_group_hash=CheckResult.FAILED)))
    row = shown.checks[0]
    assert (row.tone, row.code, row.detail) == (Tone.BAR, "CHP-03", "Data integrity (hashes)")


def test_a_missing_required_step_stops_and_the_button_says_which() -> None:
    shown = seen(begun(failing={Step.FACE: "BIO-01", **NO_FINGERS}))
    assert shown.banner.tone is Tone.LOOK
    assert shown.actions[-1].why == "Not offered: Face is missing"
    assert shown.checks[0].word == "Missing"


def test_an_unread_document_shows_what_to_do_before_anything_else_is_asked() -> None:
    shown = seen(begun(failing={Step.DOCUMENT: "DOC-01"}))
    assert isinstance(shown.page, DocumentPage)
    assert shown.page.trouble is not None
    assert shown.panel is None
    assert "F5" in shown.banner.reason


def test_a_hits_list_and_identifiers_are_hidden_unless_the_key_is_held() -> None:
    desk = begun(hits=(a_hit(),))
    for revealed in (False, True):
        page = seen(desk, looked_at=Stage.WATCHLIST, revealed=revealed).page
        assert isinstance(page, ListsPage)
        text = " ".join((page.hits[0].kind, page.hits[0].matching, page.hits[0].differing))
        assert ("date of birth" in text) is revealed
        assert ("Wanted" in text) is revealed
    rows = " ".join(row.title + row.detail for row in seen(desk).checks)
    assert "Wanted" not in rows


def test_the_score_is_shown_only_on_request() -> None:
    desk = begun()
    for revealed in (False, True):
        page = seen(desk, looked_at=Stage.COMPARISON, revealed=revealed).page
        assert isinstance(page, ComparisonPage)
        assert bool(page.scores[0].numbers) is revealed
        assert page.scores[0].band == "Match"


@pytest.mark.parametrize(("score", "threshold"), [(0.96, 0.93), (-0.2, 0.93), (1.4, 0.93), (80.0, 40.0), (0.0, 40.0)])
def test_score_and_threshold_stay_on_the_bar_and_in_order(score: float, threshold: float) -> None:
    at, tick = bar_places(score, threshold)
    assert 0 <= at <= 1
    assert 0 <= tick <= 1
    assert (at >= tick) == (score >= threshold)


def test_a_capture_that_gave_no_face_says_what_was_wrong_at_the_end() -> None:
    page = seen(begun(failing={Step.FACE: "BIO-01 several-faces"}), looked_at=Stage.FACE).page
    assert isinstance(page, FacePage)
    assert (page.prompt, page.prompt_tone) == ("One person only, please", Tone.LOOK)
    page = seen(begun(failing={Step.FACE: "BIO-01"}), looked_at=Stage.FACE).page
    assert isinstance(page, FacePage)
    assert "hat or mask" in page.prompt


def test_a_strangers_cosine_is_visibly_short_of_the_threshold() -> None:
    at, tick = bar_places(0.86, 0.947)
    assert tick - at > 0.3
    assert bar_places(0.99, 0.947)[0] > tick


def test_doubted_characters_are_marked_where_they_stand() -> None:
    zone = a_zone()
    doubted = replace(zone, doubts=(CharacterDoubt(1, 4, "0", "0O", 0.5),))
    page = seen(begun(zone=doubted), looked_at=Stage.DOCUMENT).page
    assert isinstance(page, DocumentPage)
    assert page.lines[1].doubted == frozenset({4})
    assert page.lines[0].doubted == frozenset()


def test_a_field_without_a_check_digit_is_grey_not_green() -> None:
    page = seen(begun(), looked_at=Stage.DOCUMENT).page
    assert isinstance(page, DocumentPage)
    tones = {row.label: row.tone for row in page.fields}
    assert tones["Name"] is Tone.UNCHECKED
    assert tones["Number"] is Tone.OK


def test_an_expired_document_is_red_in_its_row() -> None:
    page = seen(begun(expired=True)).page
    assert isinstance(page, DecisionPage)
    assert FieldRow("Expires", "2031-08-30", Tone.BAR, "Expired") in page.fields


def test_a_chip_check_that_did_not_come_out_has_a_row_of_its_own_the_others_their_names() -> None:
    page = seen(begun(checks=chip_checks(signer_revocation=CheckResult.ABORTED)), looked_at=Stage.CHIP).page
    assert isinstance(page, ChipPage)
    aborted, passed = page.checks
    assert aborted == FieldRow("Signer revocation", "", Tone.UNCHECKED, "Aborted")
    assert (passed.label, passed.tone, passed.word) == ("Checks: 7", Tone.OK, "Passed")
    assert "Data integrity (hashes)" in passed.value


def test_failed_chip_checks_stand_first_and_say_why_in_the_officers_language() -> None:
    hashes = Check.DATA_GROUP_HASH.failed(Why.HASH_DIFFERS("SHA256", group="DG2"))
    trust = Check.SIGNER_TRUST.undetermined(Why.NO_ANCHOR_OF_STATE("nobody issued it", country="UT", version=""))
    page = seen(begun(checks=(trust, *chip_checks()[:2], hashes)), looked_at=Stage.CHIP).page
    assert isinstance(page, ChipPage)
    assert [(row.word, row.value) for row in page.checks][:2] == [
        ("Failed", "DG2 is not what was signed"),
        ("Undetermined", "No trust anchor of UT here"),
    ]


def test_names_inside_a_reason_are_worded_too() -> None:
    why = Why.ZONE_DIFFERS(fields="name, date_of_birth").reason
    assert reason_text(why, Wording("zh_TW")) == "不同欄位：姓名、出生日期"
    assert reason_text(why, EN) == "Different: Name, Date of birth"


def test_a_reason_of_a_newer_station_is_left_out_instead_of_shown_as_a_key() -> None:
    assert reason_text(CheckReason("never-heard-of"), EN) == ""


def test_what_a_fault_said_in_english_is_not_put_before_the_officer() -> None:
    assert trouble_of(begun(failing={Step.CHIP: "CHP-02"}).inspection, Step.CHIP, EN) == Trouble(  # type: ignore[arg-type]
        Tone.LOOK, EN.error("CHP-02")
    )


def test_a_country_whose_name_has_a_note_takes_its_code_into_the_same_brackets() -> None:
    assert country_name("UTO", EN) == "Utopia (specimen, UTO)"
    assert country_name("JPN", Wording("zh_TW")) == "日本（JPN）"


def test_what_was_not_searched_is_named_step_by_step() -> None:
    away = (GroupNotSearched("biometric-enrolled", HEADQUARTERS_ONLY),)
    shown = seen(begun(not_consulted=("wanted",), not_searched=away))
    told = {row.step: row.detail for row in shown.checks if row.code == "NET-01"}
    assert told == {
        Step.WATCHLIST: "Not searched: Wanted persons",
        Step.GROUPS: f"Not searched: {group_name('biometric-enrolled', EN)}",
    }


def test_the_bound_stands_at_the_bar_with_its_figure() -> None:
    page = seen(begun(), looked_at=Stage.COMPARISON).page
    assert isinstance(page, ComparisonPage)
    assert page.scores[0].bound == "Threshold 0.930"


def test_of_a_national_nothing_live_is_shown_and_the_reason_is() -> None:
    desk = begun(zone=a_zone(nationality="TWN", issuing_state="TWN"), taiwan_id=True)
    shown = seen(desk, looked_at=Stage.FACE)
    assert isinstance(shown.page, FacePage)
    assert (shown.page.live, shown.page.portrait.picture, shown.page.captured) == (False, None, None)
    assert "art. 91" in shown.identity.banner
    assert shown.banner.tone is Tone.OK


def test_presentation_attack_detection_is_said_not_to_have_been_done() -> None:
    page = seen(begun(), looked_at=Stage.FACE).page
    assert isinstance(page, FacePage)
    assert any(row.tone is Tone.UNCHECKED and "Not performed" in row.value for row in page.facts)


def test_the_health_strip_is_grey_for_what_is_not_there_and_red_for_what_broke() -> None:
    desk = FakeDesk(devices=(DeviceView(DeviceKind.CAMERA, "camera", DeviceState.FAULTY, "DEV-01"),))
    tones = {item.key: item.tone for item in seen(desk).top.health}
    assert tones["camera"] is Tone.BAR
    assert tones["chip reader"] is Tone.UNCHECKED
    assert (tones["network"], tones["clock"], tones["battery"]) == (Tone.UNCHECKED,) * 3


LEVELS = [
    (None, Tone.UNCHECKED),
    (NoBattery.NOTHING_NAMED, Tone.NOTE),
    (NoBattery.ON_MAINS, Tone.OK),
    (0, Tone.LOOK),
    (19, Tone.LOOK),
    (20, Tone.OK),
    (100, Tone.OK),
]


@pytest.mark.parametrize(("level", "tone"), LEVELS)
def test_the_battery_warns_below_a_fifth(level: int | None, tone: Tone) -> None:
    item = next(i for i in seen(FakeDesk(), battery=level).top.health if i.key == "battery")
    assert item.tone is tone


@pytest.mark.parametrize(
    ("offset", "tone", "label"),
    [
        (None, Tone.UNCHECKED, "Clock"),
        (0, Tone.OK, "Clock"),
        (-50, Tone.OK, "Clock"),
        (120, Tone.LOOK, "Clock 2 min slow"),
        (-7_200, Tone.BAR, "Clock 2 h fast"),
    ],
)
def test_the_clock_is_compared_with_headquarters_where_it_answered(offset: int | None, tone: Tone, label: str) -> None:
    desk = FakeDesk(exchange=ExchangeView(enrolled=True, online=True, clock_offset_seconds=offset))
    item = next(i for i in seen(desk).top.health if i.key == "clock")
    assert (item.tone, item.label) == (tone, label)


def test_the_oldest_list_sets_the_age_and_a_stale_one_is_amber() -> None:
    lists = (ListView("a", "wanted", "1", 2.0, False), ListView("b", "alert", "1", 30.0, True))
    item = next(i for i in seen(FakeDesk(lists=lists)).top.health if i.key == "lists")
    assert (item.label, item.tone) == ("Lists 30 h", Tone.LOOK)


@pytest.mark.parametrize(("hours", "text"), [(0.5, "30 min"), (3.9, "3 h"), (47, "47 h"), (50, "2 d")])
def test_ages_are_said_in_the_unit_that_fits(hours: float, text: str) -> None:
    assert age_text(hours, EN) == text


def test_unsent_records_are_a_note_until_they_are_old() -> None:
    for age, tone in ((60.0, Tone.NOTE), (7200.0, Tone.LOOK)):
        desk = FakeDesk(unsent=3, oldest_unsent_seconds=age)
        assert next(i for i in seen(desk).top.health if i.key == "unsent").tone is tone


def test_seconds_per_person_count_from_the_start() -> None:
    desk = begun()
    since = desk.snapshot().elapsed_since
    assert since is not None
    assert seen(desk, now=since + 7.9).top.seconds == "7 s"


def test_a_training_station_says_whether_anything_goes_to_a_headquarters() -> None:
    nobody_tells, alone, enrolled = (
        seen(FakeDesk(exchange=exchange)).top.training for exchange in (None, STRANGER, STANDING)
    )
    assert nobody_tells == "TRAINING: fictional data"
    assert alone.endswith("nothing is sent")
    assert enrolled.endswith("sent to a training headquarters only")
    assert seen(FakeDesk(exchange=STANDING, training=False)).top.training == ""


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_every_scenario_has_a_screen(scenario: str) -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS), scenario=scenario)
    assert seen(desk).top.scenario
    shown = seen(desk.begin())
    assert [mark.stage.value for mark in shown.path] == [*(s.value for s in SCENARIOS[scenario].steps), "decision"]


def test_a_full_disk_is_said_and_enter_tries_again() -> None:
    desk = begun()
    desk.seal_fault = "STO-01"
    desk.post(Decide(Disposition.AD))
    shown = seen(desk)
    assert (shown.banner.tone, shown.banner.code) == (Tone.BAR, "STO-01")
    assert shown.actions[-1].label == "Write again"


def test_a_check_made_for_every_data_group_is_one_row_with_its_worst_result() -> None:
    checks = (*chip_checks(), *chip_checks(data_group_hash=CheckResult.FAILED))
    page = seen(begun(checks=checks), looked_at=Stage.CHIP).page
    assert isinstance(page, ChipPage)
    rows = [row for row in page.checks if row.label == "Data integrity (hashes)"]
    assert [row.word for row in rows] == ["Failed"]
    assert all("Data integrity (hashes)" not in row.value for row in page.checks)


def test_every_check_the_chip_reader_makes_has_a_name_for_the_officer() -> None:
    assert all(EN.has(f"check.{check.value[1]}") for check in Check)


def test_a_list_that_is_too_old_is_named_in_the_officers_language() -> None:
    rows = [row for row in seen(begun(stale=True)).checks if row.code == "LST-01"]
    assert [row.detail for row in rows] == ["Wanted persons", "Lost and stolen documents", "Refused entry"]


def test_candidates_are_told_apart_by_the_rank_under_their_photograph() -> None:
    shown = seen(begun(candidates=candidates(GroupUse.ALERT, GroupUse.ALERT)))
    assert [row.detail for row in shown.checks if row.code == "BIO-04"] == ["candidate 1", "candidate 2"]
    assert isinstance(shown.page, DecisionPage)
    assert [trouble.detail for trouble in shown.page.troubles] == ["candidate 1", "candidate 2"]


def test_what_the_law_skips_for_one_reason_says_it_once() -> None:
    desk = begun(zone=a_zone(nationality="TWN", issuing_state="TWN"), taiwan_id=True)
    skipped = [row for row in seen(desk).checks if row.word == "By law"]
    assert len(skipped) > 1
    assert [bool(row.detail) for row in skipped] == [True] + [False] * (len(skipped) - 1)


def test_an_explained_check_follows_the_language() -> None:
    desk = begun(band=ComparisonBand.NO_MATCH)
    row = next(row for row in seen(desk).checks if row.code == "BIO-03")
    for wording, told in ((EN, "Chip portrait"), (Wording("zh_TW"), "晶片照片")):
        panel = screen(desk.snapshot(), Console(panel=Explain(row.code, key=row.key)), wording, now=0.0).panel
        assert isinstance(panel, Trouble)
        assert (panel.error.code, panel.detail) == ("BIO-03", told)
