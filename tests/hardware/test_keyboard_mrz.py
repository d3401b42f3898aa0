"""A reader that types is told from a person by its speed; what a person typed comes back unharmed and in order."""

import pytest
from fakes.unhurried import meanwhile, shortest, took
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.hardware.drivers.keyboard_mrz import KeyboardMrzReader, factory
from inspection_station.hardware.errors import DeviceError, DeviceGarbage
from inspection_station.hardware.ports import DriverSettings
from inspection_station.hardware.wedge import LONGEST_SCAN, WedgeAssembler
from inspection_station.inspection.document import MrzSource

TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


class Typist:
    """Types into an assembler at set times and collects what comes out, as the screen's event filter would."""

    def __init__(self) -> None:
        self.assembler = WedgeAssembler()
        self.now = 10.0
        self.replayed = ""
        self.scans: list[str] = []

    def type(self, text: str, gap: float) -> None:
        for character in text:
            self.rest(gap)
            self._note(self.assembler.key(character, self.now))

    def rest(self, seconds: float) -> None:
        until = self.now + seconds
        due = self.assembler.due
        if due is not None and due < until:
            self._note(self.assembler.settle(due + 1e-6))
        self.now = until

    def _note(self, outcome) -> None:
        assert not (outcome.replay and outcome.scan)
        self.replayed += outcome.replay
        if outcome.scan is not None:
            self.scans.append(outcome.scan)


def test_a_zone_typed_by_a_reader_is_one_scan_and_nothing_is_replayed():
    typist = Typist()
    typist.type("\r".join([*TD3, ""]), gap=0.004)
    assert typist.scans == ["\r".join([*TD3, ""])]
    assert typist.replayed == ""


def test_a_whole_zone_is_given_at_its_last_terminator_without_waiting():
    typist = Typist()
    typist.type("\r".join([*TD3, ""]), gap=0.004)
    assert typist.assembler.due is None


def test_a_reader_that_pauses_between_lines_still_gives_one_scan():
    typist = Typist()
    typist.type(TD3[0] + "\r", gap=0.004)
    typist.rest(0.1)
    typist.type(TD3[1] + "\r", gap=0.004)
    typist.rest(1)
    assert typist.scans == ["\r".join([*TD3, ""])]


def test_a_person_typing_gets_every_key_back_in_order():
    typist = Typist()
    typist.type("L898902C", gap=0.12)
    typist.rest(1)
    assert typist.replayed == "L898902C"
    assert typist.scans == []


def test_a_short_fast_burst_is_replayed():
    typist = Typist()
    typist.type("0123456789012345678", gap=0.01)
    typist.rest(1)
    assert typist.replayed == "0123456789012345678"


def test_twenty_fast_characters_are_a_scan():
    typist = Typist()
    typist.type("01234567890123456789", gap=0.034)
    typist.rest(1)
    assert typist.scans == ["01234567890123456789"]


def test_a_key_held_down_is_no_reader():
    typist = Typist()
    typist.type("x" * 60, gap=0.03)
    typist.rest(1)
    assert typist.replayed == "x" * 60
    assert typist.scans == []


def test_what_a_person_typed_just_before_a_scan_is_replayed_and_the_scan_is_clean():
    typist = Typist()
    typist.type("F", gap=0.2)
    typist.rest(0.05)
    typist.type("\r".join([*TD3, ""]), gap=0.004)
    assert typist.replayed == "F"
    assert typist.scans == ["\r".join([*TD3, ""])]


def test_a_function_key_flushes_what_is_held():
    assembler = WedgeAssembler()
    assembler.key("A", 1.0)
    assert assembler.flush().replay == "A"
    assert assembler.flush().replay == ""


def test_a_reader_that_never_stops_is_cut_off():
    typist = Typist()
    typist.type("AB" * LONGEST_SCAN, gap=0.001)
    typist.rest(1)
    assert max(map(len, typist.scans)) <= LONGEST_SCAN


@given(st.lists(st.tuples(st.characters(codec="utf-8"), st.floats(0.0, 0.3)), max_size=80))
def test_no_key_is_ever_lost_doubled_or_reordered(keys):
    assembler, now, out = WedgeAssembler(), 0.0, ""
    for character, gap in keys:
        now += gap
        outcome = assembler.key(character, now)
        out += outcome.replay + (outcome.scan or "")
    last = assembler.flush()
    assert out + last.replay + (last.scan or "") == "".join(c for c, _ in keys)


@pytest.fixture
def reader() -> KeyboardMrzReader:
    made = factory(DriverSettings())
    made.open()
    return made


def test_a_fed_scan_becomes_a_document_of_the_wedge(reader):
    scan = reader.await_document(meanwhile(reader.feed, "\r".join([*TD3, ""])))
    assert scan.source is MrzSource.KEYBOARD_WEDGE
    assert scan.text == "\n".join(TD3)


def test_a_scan_that_nobody_waits_for_is_not_kept(reader):
    assert reader.feed("".join(TD3)) is False
    assert reader.await_document(meanwhile(reader.feed, TD3[1])).text == TD3[1]


@pytest.mark.parametrize("text", ["A" * (LONGEST_SCAN + 1), "\r\n"])
def test_an_overlong_or_empty_scan_is_garbage(reader, text):
    with pytest.raises(DeviceGarbage):
        reader.await_document(meanwhile(reader.feed, text))


def test_closing_ends_the_wait(reader):
    def wait() -> None:
        reader.open()
        with pytest.raises(DeviceError):
            reader.await_document(meanwhile(reader.close))

    assert shortest(lambda: took(wait), 1.0) < 1
