"""The printed zone against DG1 (TR-03135-1 §5.7.2): what fails, what is left open, what does not count."""

from __future__ import annotations

import pytest
from fakes.chip_material import KEY, LINES

from inspection_station.documents.emrtd.access_keys import CanKey
from inspection_station.documents.emrtd.zone_comparison import compare_zones
from inspection_station.inspection.chip import CheckResult

OK, FAILED, UNKNOWN = CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED
TD1 = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
LONG = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")


def put(lines: tuple[str, ...], line: int, column: int, text: str) -> tuple[str, ...]:
    changed = lines[line][:column] + text + lines[line][column + len(text) :]
    return (*lines[:line], changed, *lines[line + 1 :])


@pytest.mark.parametrize(
    ("chip", "printed", "result"),
    [
        (LINES, LINES, OK),
        (LINES, put(LINES, 0, 5, "X"), FAILED),
        (LINES, put(LINES, 1, 20, "M"), FAILED),
        (LINES, put(LINES, 1, 28, "Y"), UNKNOWN),
        (LINES, put(put(LINES, 1, 28, "Y"), 0, 5, "X"), FAILED),
        (LINES, put(LINES, 1, 43, "9"), FAILED),
        (LINES, put(LINES, 1, 13, "7408<<"), OK),
        (LINES, put(LINES, 1, 13, "7508<<"), FAILED),
        (TD1, put(TD1, 0, 20, "A"), UNKNOWN),
        (TD1, put(TD1, 1, 20, "A"), UNKNOWN),
        (LONG, put(LONG, 0, 16, "9"), FAILED),
        (TD1, LINES, FAILED),
        (("X",), LINES, FAILED),
    ],
)
def test_every_field_counts_but_optional_data_alone_are_left_open(
    chip: tuple[str, ...], printed: tuple[str, ...], result: CheckResult
) -> None:
    assert compare_zones(chip, printed, KEY).result is result


def test_a_chip_opened_with_the_card_s_number_has_nothing_to_compare() -> None:
    assert compare_zones(LINES, None, CanKey("123456")).result is CheckResult.NOT_SUPPORTED


def test_evidence_names_fields_and_never_their_content() -> None:
    told = compare_zones(LINES, put(LINES, 0, 5, "XXXXX"), KEY).evidence
    assert "name" in told
    assert "XXX" not in told
    assert "check digits" in compare_zones(LINES, put(LINES, 1, 43, "9"), KEY).evidence
