"""What keys do, without a window: every action in at most two of them, and never one that was not offered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk_props import FakeDesk, Script, a_hit, a_zone, candidates, chip_checks
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.desk import commands as c
from inspection_station.desk.view import LastDecision
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.chip import CheckResult
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.face_search import GroupUse
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.offers import blockers
from inspection_station.inspection.person_class import Exemption, PersonClass
from inspection_station.inspection.scenario import Step
from inspection_station.ui.presenters.candidates_page import candidates_page
from inspection_station.ui.presenters.console import Choice, Choose, Console, Fill, Form
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.press import press, send, settle
from inspection_station.ui.presenters.screen import screen
from inspection_station.wording import Wording

NO_FINGERS = {Step.FINGERPRINTS: "DEV-02"}


def typed(desk: FakeDesk, *keys: Key, console: Console | None = None) -> tuple[Console, tuple[c.Command, ...]]:
    """Press keys one after the other, handing every command to the desk."""
    console = console or Console()
    sent: list[c.Command] = []
    for key in keys:
        before = desk.snapshot()
        console, commands = press(console, key, before, 0.0)
        for command in commands:
            desk.post(command)
            sent.append(command)
        console = settle(console, before, desk.snapshot())
    return console, tuple(sent)


def a_clear_traveller() -> FakeDesk:
    return FakeDesk(Script(failing=NO_FINGERS)).begin()


def a_stopped_traveller() -> FakeDesk:
    script = Script(failing=NO_FINGERS, band=ComparisonBand.NO_MATCH, score=0.8, hits=(a_hit(),))
    return FakeDesk(script).begin()


def test_enter_begins_and_enter_admits() -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS))
    _, sent = typed(desk, Key.ENTER, Key.ENTER)
    assert sent == (c.BeginInspection(), c.Decide(Disposition.AD))
    assert [d.disposition for d in desk.sealed] == [Disposition.AD]


def test_enter_does_nothing_while_a_finding_bars_passing_and_says_why() -> None:
    desk = a_stopped_traveller()
    console, sent = typed(desk, Key.ENTER)
    assert sent == ()
    shown = screen(desk.snapshot(), console, Wording("en"), now=0.0)
    assert "BIO-03" in shown.hint


def test_referring_takes_two_keys_and_takes_the_reasons_that_were_found() -> None:
    desk = a_stopped_traveller()
    _, sent = typed(desk, Key.F2, Key.ENTER)
    assert sent == (c.Decide(Disposition.RF, ("S05", "S08")),)


def test_a_digit_picks_one_reason() -> None:
    desk = a_stopped_traveller()
    _, sent = typed(desk, Key.F2, Key.D2)
    assert sent == (c.Decide(Disposition.RF, ("S08",)),)


def test_refusing_takes_two_keys() -> None:
    _, sent = typed(a_clear_traveller(), Key.F3, Key.D1)
    assert sent == (c.Decide(Disposition.RE, ("F18-01",)),)


def test_a_referral_without_findings_wants_a_digit() -> None:
    console, sent = typed(a_clear_traveller(), Key.F2, Key.ENTER)
    assert sent == ()
    assert console.hint == "why.choose"


def test_zero_turns_the_page_of_reasons_and_comes_round() -> None:
    desk = a_clear_traveller()
    console, sent = typed(desk, Key.F2, Key.D0, Key.D1)
    assert sent == (c.Decide(Disposition.RF, ("S10",)),)
    assert console.panel is None


def test_escape_closes_a_panel_without_doing_anything() -> None:
    console, sent = typed(a_clear_traveller(), Key.F2, Key.ESC)
    assert (console.panel, sent) == (None, ())


def test_a_missing_face_is_recaptured_with_one_key_and_let_go_with_two() -> None:
    script = Script(failing={Step.FACE: "BIO-01", **NO_FINGERS})
    _, sent = typed(FakeDesk(script).begin(), Key.F6)
    assert sent == (c.RetryStep(Step.FACE),)
    desk = FakeDesk(script).begin()
    console, _ = typed(desk, Key.F9)
    assert console.panel == Choose(Choice.SET_ASIDE)
    _, sent = typed(desk, Key.D1, Key.D2, console=console)
    assert sent == (c.WaiveStep(Step.FACE, "KDV"),)


def test_a_single_obstacle_goes_straight_to_its_reasons() -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, band=ComparisonBand.INCONCLUSIVE)).begin()
    console, _ = typed(desk, Key.F9)
    assert console.panel == Choose(Choice.OVERRIDE, "comparison:inconclusive:chip portrait")


def test_an_amber_finding_needs_one_person_and_an_explanation_of_ten_characters() -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, band=ComparisonBand.INCONCLUSIVE)).begin()
    console, _ = typed(desk, Key.F9, Key.D1)
    assert console.panel == Fill(Form.OVERRIDE, "comparison:inconclusive:chip portrait", "O01")
    refused, sent = send(console, {"note": "short"}, desk.snapshot())
    assert (refused.hint, sent) == ("hint.note-short", ())
    _, sent = send(console, {"note": "same scar over the left eye"}, desk.snapshot())
    assert sent == (c.OverrideFinding("comparison:inconclusive:chip portrait", "O01", "same scar over the left eye"),)


def test_a_red_finding_needs_another_officer() -> None:
    desk = a_stopped_traveller()
    console, _ = typed(desk, Key.F9, Key.D1, Key.D1)
    note = {"note": "looked at both for a minute"}
    for values, hint in (
        (note, "hint.second-officer"),
        (note | {"second_officer": "T-001", "second_code": "1"}, "hint.same-officer"),
    ):
        assert send(console, values, desk.snapshot())[0].hint == hint
    _, sent = send(console, note | {"second_officer": "T-002", "second_code": "4711"}, desk.snapshot())
    command = sent[0]
    assert isinstance(command, c.OverrideFinding)
    assert (command.second_officer_id, command.second_officer_code) == ("T-002", "4711")


def test_the_zone_is_typed_twice_before_it_is_sent() -> None:
    desk = FakeDesk(Script(failing={Step.DOCUMENT: "DOC-01"})).begin()
    console, _ = typed(desk, Key.F5)
    assert console.panel == Fill(Form.ZONE)
    lines = "\n".join(a_zone().lines)
    assert send(console, {"first": lines, "second": ""}, desk.snapshot())[0].hint == "hint.zone-twice"
    _, sent = send(console, {"first": lines.lower().replace("<", " "), "second": lines}, desk.snapshot())
    assert isinstance(sent[0], c.TypeDocument)
    assert sent[0].second == lines


def test_the_class_is_asked_for_before_anything_biometric_and_enter_confirms_what_the_document_says() -> None:
    desk = FakeDesk(Script(zone=a_zone(nationality="TWN", issuing_state="TWN"), failing=NO_FINGERS)).begin()
    assert desk.inspection is not None
    assert desk.inspection.stage is Stage.CHIP
    _, sent = typed(desk, Key.ENTER)
    assert sent == (c.ConfirmPersonClass(PersonClass.NATIONAL_WITHOUT_REGISTRATION),)


def test_a_digit_corrects_the_class_or_names_an_exemption() -> None:
    script = Script(zone=a_zone(nationality="TWN", issuing_state="TWN"), failing=NO_FINGERS)
    _, sent = typed(FakeDesk(script).begin(), Key.D5)
    assert sent == (c.ConfirmPersonClass(PersonClass.REGISTERED_NATIONAL),)
    _, sent = typed(FakeDesk(script).begin(), Key.D7)
    assert sent == (c.ConfirmPersonClass(PersonClass.NATIONAL_WITHOUT_REGISTRATION, Exemption.ARTICLE_27),)


def test_the_class_question_can_be_put_off_and_comes_back_with_enter() -> None:
    desk = FakeDesk(Script(zone=a_zone(nationality="TWN", issuing_state="TWN"))).begin()
    console, _ = typed(desk, Key.ESC)
    assert screen(desk.snapshot(), console, Wording("en"), now=0.0).panel is None
    console, sent = typed(desk, Key.ENTER, console=console)
    assert sent == ()
    assert screen(desk.snapshot(), console, Wording("en"), now=0.0).panel is not None


def test_other_decisions_are_two_or_three_keys_away() -> None:
    desk = a_clear_traveller()
    _, sent = typed(desk, Key.F7, Key.D3)
    assert sent == (c.Decide(Disposition.EX),)


def test_arrows_look_at_other_pages_and_escape_comes_back() -> None:
    desk = a_clear_traveller()
    console, _ = typed(desk, Key.LEFT)
    assert console.looked_at is Stage.WATCHLIST
    console, _ = typed(desk, Key.LEFT, Key.LEFT, Key.LEFT, console=console)
    assert console.looked_at is Stage.FINGERPRINTS
    console, _ = typed(desk, Key.ESC, console=console)
    assert console.looked_at is None


def test_zero_turns_the_page_of_candidates_three_at_a_time() -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, candidates=candidates(*[GroupUse.ALERT] * 4))).begin()
    console, sent = typed(desk, Key.D0, console=Console(looked_at=Stage.GROUPS))
    wording = Wording("en")
    pages = [
        candidates_page(desk.inspection, wording, revealed=False, page=page)  # type: ignore[arg-type]
        for page in (0, console.candidate_page, 2)
    ]
    assert [len(page.cards) for page in pages] == [3, 1, 3]
    assert sent == ()
    other, _ = typed(desk, Key.D0)
    assert other.candidate_page == 0


def test_a_candidates_group_is_told_only_while_the_key_is_held() -> None:
    desk = FakeDesk(Script(failing=NO_FINGERS, candidates=candidates(GroupUse.ALERT))).begin()
    said = {}
    for revealed in (False, True):
        page = candidates_page(desk.inspection, Wording("en"), revealed=revealed, page=0)  # type: ignore[arg-type]
        said[revealed] = f"{page.cards[0].first} {page.cards[0].second}"
    assert said[False] == "At most 1 stranger in 410,000 2.31 above the next"
    assert "%" not in said[False]
    assert "Controlled foreigners · A-00001" in said[True]


def test_on_the_pages_of_faces_f6_takes_another_picture() -> None:
    desk = a_clear_traveller()
    for stage in (Stage.COMPARISON, Stage.GROUPS):
        _, sent = typed(desk, Key.F6, console=Console(looked_at=stage))
        assert sent == (c.RetryStep(Step.FACE),)


def test_space_captures_again() -> None:
    _, sent = typed(a_clear_traveller(), Key.SPACE)
    assert sent == (c.RetryStep(Step.FACE),)


def test_space_never_captures_a_person_who_may_not_be_collected() -> None:
    national = a_zone(nationality="TWN", issuing_state="TWN")
    desk = FakeDesk(Script(zone=national, taiwan_id=True)).begin()
    _, sent = typed(desk, Key.SPACE)
    assert sent == ()


def test_undo_is_offered_for_ten_seconds_and_not_later() -> None:
    desk = a_clear_traveller()
    typed(desk, Key.ENTER)
    snapshot = replace(desk.snapshot(), last_decision=LastDecision("i-1", "AD", 100.0))
    assert press(Console(), Key.UNDO, snapshot, 99.0)[1] == (c.UndoDecision(),)
    late, sent = press(Console(), Key.UNDO, snapshot, 100.0)
    assert (late.hint, sent) == ("why.no-undo", ())


def test_a_record_that_could_not_be_written_is_written_again_with_enter() -> None:
    desk = a_clear_traveller()
    desk.seal_fault = "STO-01"
    typed(desk, Key.ENTER)
    assert desk.sealed == []
    desk.seal_fault = ""
    _, sent = typed(desk, Key.ENTER)
    assert sent == (c.RetrySealing(),)
    assert len(desk.sealed) == 1


def test_language_and_theme_go_round() -> None:
    console, _ = typed(FakeDesk(), Key.F10, Key.F11)
    assert (console.language, console.theme) == ("en", "dusk")
    console, _ = typed(FakeDesk(), Key.F10, Key.F11, Key.F11, console=console)
    assert (console.language, console.theme) == ("zh_TW", "day")


def test_the_printer_says_why_it_does_not_print() -> None:
    console, sent = typed(a_clear_traveller(), Key.F8)
    assert (console.hint, sent) == ("why.no-printer", ())


def test_a_new_traveller_closes_every_panel() -> None:
    desk = a_clear_traveller()
    console, _ = typed(desk, Key.F4)
    before = desk.snapshot()
    desk.begin()
    assert settle(console, before, desk.snapshot()).panel is None


@pytest.mark.parametrize("key", [Key.F2, Key.F3, Key.F4, Key.F5, Key.F6, Key.F7, Key.F9, Key.D1, Key.SPACE, Key.LEFT])
def test_nothing_can_be_done_to_nobody(key: Key) -> None:
    console, sent = typed(FakeDesk(), key)
    assert sent == ()
    assert console.hint == "why.nobody"


@settings(max_examples=150, deadline=None)
@given(
    keys=st.lists(st.sampled_from(list(Key)), max_size=14),
    band=st.sampled_from(list(ComparisonBand)),
    trust=st.sampled_from(list(CheckResult)),
    national=st.booleans(),
    failing=st.sampled_from([None, Step.DOCUMENT, Step.CHIP, Step.FACE, Step.WATCHLIST]),
)
def test_no_keys_whatever_pass_a_traveller_who_is_barred(
    keys: list[Key], band: ComparisonBand, trust: CheckResult, national: bool, failing: Step | None
) -> None:
    zone = a_zone(nationality="TWN", issuing_state="TWN") if national else a_zone()
    codes = {Step.DOCUMENT: "DOC-01", Step.CHIP: "CHP-01", Step.FACE: "BIO-01", Step.WATCHLIST: "SYS-01"}
    script = Script(
        zone=zone,
        band=band,
        checks=chip_checks(signer_trust=trust),
        failing={failing: codes[failing]} if failing else {},
    )
    desk = FakeDesk(script)
    console = Console()
    for key in keys:
        before = desk.snapshot()
        console, commands = press(console, key, before, 0.0)
        for command in commands:
            if isinstance(command, c.Decide) and before.inspection is not None:
                assert blockers(before.inspection, command.disposition) == ()
            desk.post(command)
        console = settle(console, before, desk.snapshot())
        for language in ("zh_TW", "en"):
            screen(desk.snapshot(), console, Wording(language), now=0.0)


def test_a_hint_goes_when_things_have_changed() -> None:
    desk = FakeDesk(Script(hold=frozenset({Step.FACE}), failing=NO_FINGERS)).begin()
    console, _ = typed(desk, Key.ENTER)
    assert console.hint == "why.not-offered"
    before = desk.snapshot()
    desk.release(Step.FACE)
    assert settle(console, before, desk.snapshot()).hint == ""


def test_faces_that_differ_are_mended_by_another_picture_and_a_missing_portrait_by_the_chip() -> None:
    _, sent = typed(FakeDesk(Script(failing=NO_FINGERS, band=ComparisonBand.NO_MATCH)).begin(), Key.F6)
    assert sent == (c.RetryStep(Step.FACE),)
    _, sent = typed(FakeDesk(Script(failing=NO_FINGERS, portrait=None)).begin(), Key.F6)
    assert sent == (c.RetryStep(Step.CHIP),)
