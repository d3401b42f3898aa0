"""The log: JSON lines without personal data, that never stop the program."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspection_station.log_setup import mask, set_up_logging

ZONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
SECOND = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[logging.Logger]:
    root = logging.getLogger("inspection_station")
    before = (root.handlers[:], root.level, root.propagate)
    root.handlers[:] = []
    set_up_logging(tmp_path / "data" / "log")
    yield logging.getLogger("inspection_station.test")
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level, root.propagate = before


def lines(tmp_path: Path) -> list[dict[str, object]]:
    text = (tmp_path / "data" / "log" / "station.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_one_json_object_with_its_extra_values(log: logging.Logger, tmp_path: Path) -> None:
    log.info("record sealed", extra={"milliseconds": 3.5, "code": "STO-01"})
    [line] = lines(tmp_path)
    assert line["event"] == "record sealed"
    assert line["level"] == "INFO"
    assert line["logger"] == "inspection_station.test"
    assert line["milliseconds"] == 3.5
    assert line["code"] == "STO-01"
    assert str(line["t"]).endswith("Z")


@pytest.mark.parametrize("leak", [ZONE, SECOND, "L898902C3", "A123456789", "ERIKSSON<<ANNA"])
def test_what_looks_like_a_zone_or_number_is_masked_wherever_it_stands(
    log: logging.Logger, tmp_path: Path, leak: str
) -> None:
    log.warning("read %s", leak)
    log.warning("read", extra={"what": leak})
    text = (tmp_path / "data" / "log" / "station.log").read_text(encoding="utf-8")
    assert leak not in text
    assert "[masked]" in text


def test_codes_and_plain_words_are_not_masked() -> None:
    assert mask("DOC-01 camera reader 42 items") == "DOC-01 camera reader 42 items"


def test_an_exception_keeps_its_kind_and_place_and_not_its_text(log: logging.Logger, tmp_path: Path) -> None:
    try:
        raise ValueError(f"cannot parse ANNA {SECOND}")
    except ValueError:
        log.exception("a step failed")
    [line] = lines(tmp_path)
    assert line["exception"] == "ValueError"
    assert "test_log_setup.py" in str(line["at"])
    assert "ANNA" not in json.dumps(line)


def test_the_folders_are_the_owners_alone(log: logging.Logger, tmp_path: Path) -> None:
    for folder in (tmp_path / "data", tmp_path / "data" / "log"):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_log_that_cannot_be_written_stops_nobody_and_prints_no_arguments(
    tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "data" / "log" / "station.log"
    blocked.mkdir()
    log.warning("read %s", SECOND)
    log.warning("read %s", SECOND)
    printed = capsys.readouterr().err
    assert SECOND not in printed
    assert printed.count("the log cannot be written") == 1
    blocked.rmdir()
    log.warning("still here")
    assert [line["event"] for line in lines(tmp_path)] == ["still here"]


def test_traffic_is_off_and_setting_up_twice_logs_once(log: logging.Logger, tmp_path: Path) -> None:
    set_up_logging(tmp_path / "data" / "log")
    log.debug("an APDU")
    log.info("once")
    assert [line["event"] for line in lines(tmp_path)] == ["once"]
