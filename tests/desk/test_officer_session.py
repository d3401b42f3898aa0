"""Who may sign as the second person, and rosters that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspection_station.desk.officer_session import OfficerSession, RosterError, load_roster, new_entry
from inspection_station.resource_path import resource

ROSTER = (
    new_entry("a", "1", may_second=True),
    new_entry("b", "2", may_second=True),
    new_entry("c", "3", may_second=False),
)


@pytest.mark.parametrize(
    ("who", "code", "may"),
    [
        ("b", "2", True),
        ("b", "1", False),
        ("b", "", False),
        ("a", "1", False),  # nobody seconds himself
        ("c", "3", False),  # may not second
        ("nobody", "2", False),
        (None, "", False),
        ("b", "\ud800", False),
    ],
)
def test_only_another_officer_who_may_second_with_the_right_code_signs(who: str | None, code: str, may: bool) -> None:
    assert OfficerSession("a", ROSTER).confirm_second(who, code) is may


def test_without_a_roster_nobody_signs() -> None:
    assert not OfficerSession("a").confirm_second("b", "2")


def test_the_training_roster_is_read_and_its_codes_are_those_it_names() -> None:
    session = OfficerSession("T-001", load_roster(resource("tables", "training_roster.toml")))
    assert session.confirm_second("T-002", "2222")


def test_codes_are_not_kept() -> None:
    code = "no hexadecimal number"  # as the salt and the digest are, in which four digits lie now and then
    assert code not in repr(new_entry("x", code, may_second=True))


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "officer = 3",
        "officer = ['x']",
        "[[officer]]\nid = 'x'",
        "[[officer]]\nid = 'x'\nsalt = 'zz'\ndigest = '00'",
        "[[officer]]\nid = 'x'\nsalt = '00'\ndigest = 'é'",
        "[[officer]]\nid = 'x'\nsalt = ''\ndigest = '" + "00" * 32 + "'",
        "[[officer]]\nid = 'x'\nsalt = '00'\ndigest = '" + "00" * 32 + "'\nmay_second = 'no'",
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "roster.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RosterError):
        load_roster(path)


def test_a_missing_roster_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RosterError):
        load_roster(tmp_path / "none.toml")
