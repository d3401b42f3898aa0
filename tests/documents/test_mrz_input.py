"""Framing: what swipe readers, keyboard wedges and people send."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.errors import MalformedMrz
from inspection_station.documents.mrz import parse
from inspection_station.documents.mrz_input import DoubleEntry, frame, normalise

ONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
TWO = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
ZONE = (ONE, TWO)
CARD = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
SMALL = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}\n{TWO}",
        f"{ONE}\r\n{TWO}\r\n",
        f"{ONE}\r{TWO}\r",
        f"\x02{ONE}\r{TWO}\x03",
        f"\x1c\x02{ONE}\r\r\n{TWO}\r\x03\x00",
        f"  {ONE}  \n\n\t{TWO}\t",
        f"{ONE}{TWO}",
        f"{ONE}\n{TWO}".lower(),
        f"{ONE}\u2028{TWO}",
        "P < UTO ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n" + TWO,
        f"{ONE}\n{TWO}".replace("<", "‹"),
        f"{ONE}\n{TWO}".replace("<", "〈"),
        f"{ONE}\n{TWO}".replace("<", "＜"),
        f"{ONE}\n{TWO}".replace("<<", "«"),
        f"{ONE}\n{TWO}".replace("<", "«"),
        f"{ONE}\n{TWO}".translate({code: code + 0xFEE0 for code in range(0x30, 0x5B)}),
        f"\ufeff{ONE}\n{TWO}",
        f"{ONE}\r{TWO}\r{ONE}\r{TWO}\r",
    ],
)
def test_a_message_is_framed_into_its_zone(text: str) -> None:
    assert normalise(text) == [ZONE]
    assert parse(text, today=date(2026, 7, 1)).valid


@pytest.mark.parametrize("lines", [CARD, SMALL])
def test_a_run_without_separators_is_cut(lines: tuple[str, ...]) -> None:
    assert normalise("".join(lines)) == [lines]


def test_two_zones_in_one_message_are_two() -> None:
    assert normalise("\r".join((*ZONE, *CARD))) == [ZONE, CARD]
    assert normalise("\r".join((*SMALL, *ZONE))) == [SMALL, ZONE]


def test_a_torn_line_stays_torn_and_its_length_is_told() -> None:
    framing = frame(f"{ONE}\r{TWO[:20]}\r{TWO[20:]}\r")
    assert framing.zones == ()
    assert framing.rest == (44, 20, 24)


def test_a_line_that_belongs_to_no_zone_is_told_and_refused_by_the_parser() -> None:
    text = f"GARBAGE\r{ONE}\r{TWO}"
    assert normalise(text) == [ZONE]
    assert frame(text).rest == (7,)
    with pytest.raises(MalformedMrz, match="3 lines of 7, 44, 44"):
        parse(text, today=date(2026, 7, 1))


def test_a_message_without_end_is_refused_unread() -> None:
    assert frame("A" * 5000).rest == (5000,)


def test_a_framing_never_shows_what_was_read() -> None:
    assert "ERIKSSON" not in repr(frame(f"{ONE}\n{TWO}"))
    assert "ERIKSSON" not in repr(DoubleEntry(ONE, TWO))


@given(st.text(max_size=300))
def test_any_text_is_framed(text: str) -> None:
    for zone in normalise(text):
        assert len({len(line) for line in zone}) == 1


def test_two_typed_readings_that_agree_are_the_zone() -> None:
    entry = DoubleEntry(f"{ONE}\n{TWO}", f"{ONE.lower()}\n{TWO.lower()}")
    assert entry.differences() == ()
    assert entry.lines() == ZONE


def test_fillers_left_off_after_the_name_are_put_back() -> None:
    assert DoubleEntry(f"{ONE.rstrip('<')}\n{TWO}", f"{ONE}\n{TWO}").lines() == ZONE
    card = "\n".join((*CARD[:2], CARD[2].rstrip("<")))
    assert DoubleEntry(card, card).lines() == CARD


def test_two_typed_readings_that_differ_are_told_by_position_alone() -> None:
    entry = DoubleEntry(f"{ONE}\n{TWO}", f"{ONE}\n{TWO.replace('L89', 'L8S').replace('UTO', 'UTQ')}")
    assert entry.differences() == ((1, 2), (1, 12))
    with pytest.raises(MalformedMrz) as refusal:
        entry.lines()
    assert refusal.value.detail == "the two entries differ in 2 places, first in line 2, position 3"


def test_a_missing_line_differs_in_every_place() -> None:
    assert len(DoubleEntry(f"{ONE}\n{TWO}", ONE).differences()) == 44


def test_nothing_typed_twice_is_no_zone() -> None:
    with pytest.raises(MalformedMrz, match="no lines"):
        parse(DoubleEntry("", "").lines(), today=date(2026, 7, 1))
