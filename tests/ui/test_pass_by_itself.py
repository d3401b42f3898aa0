"""Where the scenario lets it, a green verdict passes without a key; what is odd or touched waits for the officer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk_props import FakeDesk, Script, a_hit, chip_checks

from inspection_station.desk import commands as c
from inspection_station.desk.reasons import reason_table
from inspection_station.inspection.biometrics import ComparisonBand
from inspection_station.inspection.chip import CheckResult
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import MrzSource
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.ui.presenters.console import Console
from inspection_station.ui.presenters.keys import Key
from inspection_station.ui.presenters.pass_by_itself import BY_ITSELF, PassByItself, counting, due
from inspection_station.ui.presenters.press import press, settle
from inspection_station.ui.presenters.screen import screen
from inspection_station.wording import Wording

RULE = PassByItself(1.0, 20)


def in_the_pile(script: Script | None = None, **station: object) -> FakeDesk:
    return FakeDesk(script or Script(), scenario="pre-clearance", **station).begin()


def after(desk: FakeDesk, console: Console | None = None, rule: PassByItself = RULE) -> c.Decide | None:
    """What happens by itself once the verdict has stood for longer than the rule asks."""
    console = counting(console or Console(), desk.snapshot(), rule, 100.0)
    return due(console, desk.snapshot(), rule, 102.0)


def test_a_clear_passport_of_a_pile_passes_by_itself_and_the_record_says_so() -> None:
    decision = after(in_the_pile())
    assert decision == c.Decide(Disposition.PC, (BY_ITSELF,))
    row = reason_table().of(BY_ITSELF)
    assert row is not None
    assert row.dispositions == frozenset()  # nobody can choose it


def test_it_stands_for_a_moment_first_and_the_officer_reads_how_to_stop_it() -> None:
    desk = in_the_pile()
    console = counting(Console(), desk.snapshot(), RULE, 100.0)
    assert due(console, desk.snapshot(), RULE, 100.9) is None
    shown = screen(desk.snapshot(), console, Wording("en"), now=100.5)
    assert "Space" in shown.hint


@pytest.mark.parametrize("key", [Key.SPACE, Key.F2, Key.F4, Key.F7, Key.F12, Key.LEFT, Key.F1])
def test_whoever_presses_anything_is_not_overtaken(key: Key) -> None:
    desk = in_the_pile()
    console = counting(Console(), desk.snapshot(), RULE, 100.0)
    console, sent = press(console, key, desk.snapshot(), 100.5)
    console, sent_too = press(console, Key.ESC, desk.snapshot(), 100.6)
    assert (sent, sent_too) == ((), ())
    assert after(desk, console) is None
    _, passed = press(console, Key.ENTER, desk.snapshot(), 103.0)
    assert passed == (c.Decide(Disposition.PC),)


def test_the_next_traveller_gets_the_whole_moment_again() -> None:
    desk = in_the_pile()
    before = desk.snapshot()
    console = counting(Console(), before, RULE, 100.0)
    desk.post(c.Decide(Disposition.PC))
    desk.begin()
    console = settle(console, before, desk.snapshot())
    console = counting(console, desk.snapshot(), RULE, 101.5)
    assert due(console, desk.snapshot(), RULE, 102.0) is None
    assert due(console, desk.snapshot(), RULE, 102.6) is not None


NOT_CLEAN = {
    "hit": Script(hits=(a_hit(),)),
    "expired": Script(expired=True),
    "no trust anchor": Script(checks=chip_checks(signer_trust=CheckResult.UNDETERMINED)),
    "altered": Script(checks=chip_checks(data_group_hash=CheckResult.FAILED)),
    "old list": Script(stale=True),
    "typed": Script(source=MrzSource.MANUAL),
    "uncalibrated": Script(band=ComparisonBand.UNCALIBRATED),
}


@pytest.mark.parametrize("odd", list(NOT_CLEAN))
def test_what_is_odd_waits_for_the_officer(odd: str) -> None:
    assert after(in_the_pile(NOT_CLEAN[odd])) is None


def test_what_nobody_can_reach_at_sea_stops_nobody() -> None:
    assert after(in_the_pile(Script(not_consulted=("RMAS",)))) is not None


def test_one_in_so_many_waits_although_nothing_is_wrong() -> None:
    assert after(in_the_pile(done_today=19)) is None
    assert after(in_the_pile(done_today=20)) is not None
    assert after(in_the_pile(done_today=19), rule=replace(RULE, every=0)) is not None


def test_it_never_happens_where_the_profile_or_the_scenario_does_not_want_it() -> None:
    assert after(in_the_pile(), rule=PassByItself(0.0)) is None
    assert after(FakeDesk(Script()).begin()) is None  # the quayside
    assert [name for name, row in SCENARIOS.items() if row.passes_by_itself] == ["pre-clearance", "disembarkation"]


def test_a_page_that_is_being_looked_at_is_not_taken_away() -> None:
    assert after(in_the_pile(), Console(looked_at=Stage.CHIP)) is None
