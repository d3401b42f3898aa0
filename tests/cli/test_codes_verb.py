"""``codes`` tells support staff what the screen told the officer; the page in the docs is the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from inspection_station.cli import main
from inspection_station.wording import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "codes.md"


def test_one_code_is_told_in_full_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "chp-03", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["code"] == "CHP-03"
    assert told["zh_TW"]["do"] == catalogue("zh_TW")["error.CHP-03.do"]
    assert set(told["en"]) == {"what", "why", "do"}


def test_people_read_a_line_a_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "STO-01"]) == 0
    chinese, english = capsys.readouterr().out.splitlines()
    assert catalogue("zh_TW")["error.STO-01.what"] in chinese
    assert catalogue("en")["error.STO-01.why"] in english


def test_a_code_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "XYZ-99", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USE-01"


def test_the_page_in_the_docs_holds_every_code_as_the_officer_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "--page"]) == 0
    written = capsys.readouterr().out
    assert PAGE.read_text(encoding="utf-8") == written
    codes = {key.split(".")[1] for key in catalogue("en") if key.startswith("error.")} - {"UNKNOWN"}
    assert {code for code in codes if f"| `{code}` |" not in written} == set()


def test_every_code_that_the_documents_name_is_told() -> None:
    told = {key.split(".")[1] for key in catalogue("en") if key.startswith("error.")}
    for document in sorted(PAGE.parent.glob("*.md")):
        named = set(re.findall(r"\b[A-Z]{3}-\d\d\b", document.read_text(encoding="utf-8")))
        assert named - told == set(), document.name
