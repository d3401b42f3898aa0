"""The suite itself: a driver that breaks a rule is caught by the check of that rule."""

import threading
from threading import Event

import pytest
from fakes.scripted_devices import PluggableReader

from inspection_station.hardware.conformance import Ability, Outcome, run_conformance
from inspection_station.hardware.errors import DeviceError, DeviceGarbage, DeviceStalled
from inspection_station.hardware.ports import DocumentScan
from inspection_station.hardware.rehearsal import PromptingScript, StillScript
from inspection_station.inspection.document import MrzSource


class ReaderScript(StillScript):
    abilities = frozenset({Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE, Ability.STALL})
    personal_data = ("ERIKSSON",)

    def __init__(self, reader: PluggableReader) -> None:
        self.reader = reader

    def reset(self) -> None:
        self.reader.plugged = True
        self.reader.scans.clear()

    def present(self) -> None:
        self.reader.scans.append(DocumentScan(MrzSource.SWIPE, "P<UTOERIKSSON"))

    def unplug(self) -> None:
        self.reader.plugged = False

    def replug(self) -> None:
        self.reader.plugged = True

    def garbage(self) -> None:
        self.reader.scans.append(DeviceGarbage("nonsense"))

    def stall(self) -> None:
        self.reader.scans.append(DeviceStalled("silent"))


def failed(reader: PluggableReader, *only: str) -> set[str]:
    return {r.check for r in run_conformance(reader, ReaderScript(reader), only) if r.outcome is Outcome.FAILED}


def test_a_driver_that_keeps_the_rules_passes():
    assert failed(PluggableReader()) == set()


def test_a_driver_that_cannot_be_opened_twice_is_caught():
    class Reader(PluggableReader):
        def open(self):
            if self.is_open:
                raise DeviceError("already open")
            super().open()

    assert failed(Reader(), "opens twice")


def test_a_driver_that_cannot_be_closed_twice_is_caught():
    class Reader(PluggableReader):
        def close(self):
            if not self.is_open:
                raise RuntimeError("not open")
            super().close()

    assert failed(Reader(), "closes always")


def test_a_driver_that_ignores_the_cancel_event_is_caught():
    class Reader(PluggableReader):
        def await_document(self, cancel: Event) -> DocumentScan:
            Event().wait(0.8)
            return super().await_document(cancel)

    checks = {"cancel ends the wait", "cancelled beforehand"}
    assert failed(Reader(), *checks) == checks


def test_a_driver_that_gives_none_on_cancelling_is_caught():
    class Reader(PluggableReader):
        def await_document(self, cancel: Event) -> DocumentScan:
            return None if cancel.wait(0.02) else super().await_document(cancel)

    assert failed(Reader(), "cancelled beforehand")


def test_a_driver_that_leaks_a_thread_is_caught():
    end = Event()

    class Reader(PluggableReader):
        def open(self):
            super().open()
            threading.Thread(target=end.wait, daemon=True).start()

    caught = failed(Reader(), "opens twice")
    end.set()
    assert "opens twice" in caught


def test_a_driver_that_puts_a_name_into_its_error_is_caught():
    class Script(ReaderScript):
        def garbage(self) -> None:
            self.reader.scans.append(DeviceGarbage("cannot read P<UTOERIKSSON"))

    reader = PluggableReader()
    results = run_conformance(reader, Script(reader))
    assert [r.check for r in results if r.outcome is Outcome.FAILED] == ["no personal data in errors"]


@pytest.mark.parametrize("fault", [OSError("bus"), ZeroDivisionError("bug")])
def test_a_driver_that_lets_a_foreign_error_out_is_caught(fault):
    class Script(ReaderScript):
        def garbage(self) -> None:
            self.reader.scans.append(fault)

    reader = PluggableReader()
    results = run_conformance(reader, Script(reader))
    assert {"garbage is named", "works after garbage"} <= {r.check for r in results if r.outcome is Outcome.FAILED}


def test_what_a_script_cannot_play_is_reported_as_not_run():
    results = run_conformance(PluggableReader(), StillScript())
    outcomes = {r.check: r.outcome for r in results}
    assert outcomes["opens twice"] is Outcome.PASSED
    assert outcomes["comes back"] is Outcome.NOT_RUN
    assert outcomes["no personal data in errors"] is Outcome.NOT_RUN


def test_a_person_can_move_the_world_by_instructions():
    reader = PluggableReader()
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        reader.scans.append(DocumentScan(MrzSource.SWIPE, "P<UTO"))

    def ask(text: str) -> None:
        told.append(text)
        if "cable" in text:
            reader.plugged = False
        elif "Plug" in text:
            reader.plugged = True

    results = run_conformance(reader, PromptingScript(say, ask))
    assert [r.check for r in results if r.outcome is Outcome.FAILED] == []
    assert any("cable" in text for text in told)
