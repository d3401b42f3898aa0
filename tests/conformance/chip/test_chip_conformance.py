"""The published cases of chip inspection over the real PC/SC daemon, and the table of them in the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.pcsc_daemon import READER, pcsc_daemon

from inspection_station.cli import main
from inspection_station.training.conformance_cases import (
    DEVIATIONS,
    Answer,
    CaseResult,
    InProcessBench,
    Outcome,
    cases,
    daemon_bench,
    index,
    run_case,
    run_cases,
    table,
)
from inspection_station.training.conformance_cases.documents import bac, eac, pace, pace_cam, plain

pytestmark = pytest.mark.xdist_group("pcsc")
TABLE = Path(__file__).resolve().parents[3] / "docs" / "chip-conformance.md"


@pytest.fixture(scope="module")
def results() -> Iterator[list[CaseResult]]:
    with pcsc_daemon(), daemon_bench(READER) as bench:
        yield list(run_cases(cases().values(), bench))


@pytest.mark.slow
def test_every_case_passes_over_the_daemon_but_those_failed_by_decision(results: list[CaseResult]) -> None:
    failed = {r.id: r.remark for r in results if r.outcome is not Outcome.PASSED}
    assert {id: remark for id, remark in failed.items() if id not in DEVIATIONS} == {}
    assert failed.keys() == DEVIATIONS.keys(), "a decision that no case needs any longer"
    assert all(r.readings and r.commands for r in results)


@pytest.mark.slow
def test_the_table_in_the_documentation_is_what_the_run_gave(results: list[CaseResult]) -> None:
    assert TABLE.read_text(encoding="utf-8") == table(results)


def test_the_index_has_every_identifier_of_the_plan_once() -> None:
    entries = index()
    assert len({entry.id for entry in entries}) == len(entries) == 338
    assert sum(entry.deleted for entry in entries) == 8
    assert sum(entry.moved_to is not None for entry in entries) == 183


def test_a_moved_case_says_where_its_content_is_from_and_a_defined_one_is_the_plan_s() -> None:
    moved = {entry.id for entry in index() if entry.moved_to is not None}
    for case in cases().values():
        assert case.basis.startswith("from the title and ") == (case.id in moved), case.id


@pytest.mark.parametrize("document", [plain, bac, eac, pace, pace_cam])
def test_a_default_document_is_inspected_successfully(document) -> None:
    case = cases()["ISO7816_A_02"]
    one = replace(case, expected=Answer.SUCCESSFUL, situations=lambda: [document().situation()])
    assert run_case(one, InProcessBench()).outcome is Outcome.PASSED
    assert run_case(replace(one, expected=Answer.FAILED), InProcessBench()).outcome is Outcome.FAILED


def test_a_case_that_fails_for_another_reason_has_not_passed() -> None:
    case = replace(cases()["ISO7816_B_03"], because=frozenset({"signer-trust"}))
    result = run_case(case, InProcessBench())
    assert result.outcome is Outcome.FAILED
    assert "another reason" in result.remark


def test_a_table_without_every_case_is_refused() -> None:
    with pytest.raises(ValueError, match="was not run"):
        table([])


def test_the_verb_runs_cases_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "chip", "--in-process", "--case", "ISO7816_A_02", "--case", "LDS_E_01", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["conforming"] is True
    assert told["over"] == "process"
    assert [(c["id"], c["outcome"]) for c in told["cases"]] == [
        ("ISO7816_A_02", "passed"),
        ("LDS_E_01", "not applicable"),
    ]


@pytest.mark.parametrize("arguments", [["--case", "LDS_Z_01"], ["--case", "LDS_H_01", "--table", "unwritten.md"]])
def test_the_verb_refuses_what_it_cannot_do(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "chip", "--in-process", "--json", *arguments]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USE-01"
