"""Reason codes: every decision that needs a reason has some, for every class of person."""

from __future__ import annotations

import pytest

from inspection_station.desk.reasons import ReasonUse, codes_of, reason_table, suggested
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.findings import Finding, OverrideRule, Severity
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.scenario import SCENARIOS, Demand, Step
from inspection_station.wording import LANGUAGES

NEVER_REFUSED = (Disposition.RE, PersonClass.REGISTERED_NATIONAL)
"""A national with household registration is not refused entry (Immigration Act art. 5)."""


@pytest.mark.parametrize(
    ("disposition", "person_class"),
    [(d, p) for d in Disposition if d.needs_reason for p in PersonClass if (d, p) != NEVER_REFUSED],
)
def test_every_decision_that_needs_a_reason_finds_one(disposition: Disposition, person_class: PersonClass) -> None:
    assert reason_table().for_decision(disposition, person_class)


def test_a_registered_national_is_offered_no_ground_to_refuse_entry() -> None:
    assert reason_table().for_decision(*NEVER_REFUSED) == ()


REQUIRED = [step for step in Step if any(row.demand(step) is Demand.REQUIRED for row in SCENARIOS.values())]


@pytest.mark.parametrize("step", REQUIRED)
def test_every_required_step_can_be_let_go_with_a_reason(step: Step) -> None:
    assert reason_table().for_waiver(step)


def test_what_was_found_puts_its_reason_first() -> None:
    rows = reason_table().for_decision(Disposition.RF, PersonClass.FOREIGNER, ["LST-03", "CHP-06"])
    assert {r.code for r in rows[:2]} == {"S04", "S08"}
    assert {r.code for r in suggested(rows, ["LST-03"])} == {"S08"}


@pytest.mark.parametrize(("step", "ground"), [("fingerprints", "S07"), ("groups", "S06")])
def test_a_candidate_speaks_for_the_reason_of_what_found_it(step: str, ground: str) -> None:
    candidate = Finding(f"{step}:candidate:controlled:W-0", "BIO-04", Severity.BAR, OverrideRule.TWO_PERSONS)
    rows = reason_table().for_decision(Disposition.RF, PersonClass.FOREIGNER, codes_of([candidate]))
    assert {r.code for r in suggested(rows, codes_of([candidate]))} == {ground}
    assert rows[0].code == ground


def test_grounds_of_foreigners_are_not_offered_for_others() -> None:
    mainland = {r.code for r in reason_table().for_decision(Disposition.RE, PersonClass.MAINLAND)}
    assert "M-01" in mainland
    assert "F18-01" not in mainland
    assert "F18-16" in mainland


def test_an_override_that_judges_a_person_wants_an_explanation() -> None:
    table = reason_table()
    assert [table.of(code).note_needed for code in ("O01", "O03", "O05")] == [True, True, False]  # type: ignore[union-attr]


def test_every_reason_is_worded_in_both_languages_and_every_use_occurs() -> None:
    table = reason_table()
    assert all(r.text(language) for r in table.reasons for language in LANGUAGES)
    assert {r.use for r in table.reasons} == set(ReasonUse)
    assert table.version


def test_a_code_of_another_table_is_simply_not_known() -> None:
    assert reason_table().of("Z99") is None
