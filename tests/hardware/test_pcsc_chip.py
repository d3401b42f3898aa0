"""The chip reader's driver over the real PC/SC daemon, with a virtual chip on its virtual reader."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event, Thread, Timer

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT, chip
from fakes.pcsc_daemon import PATIENCE_SECONDS, READER, laid_on_the_reader, pcsc_daemon

from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.hardware.drivers.pcsc_chip import PcscChipReader, factory
from inspection_station.hardware.errors import (
    CaptureCancelled,
    CardRemoved,
    DeviceError,
    DeviceNotFound,
    NoCard,
)
from inspection_station.hardware.ports import DeviceKind, DriverSettings
from inspection_station.hardware.registry import DriverRegistry
from inspection_station.inspection.chip import CheckResult
from inspection_station.training import vpcd
from inspection_station.training.virtual_chip import ChipLimits

pytestmark = pytest.mark.xdist_group("pcsc")


@pytest.fixture(scope="module")
def daemon() -> Iterator[None]:
    with pcsc_daemon():
        yield


@pytest.fixture
def reader(daemon: None) -> Iterator[PcscChipReader]:
    made = factory(DriverSettings({"reader": READER}))
    made.open()
    yield made
    made.close()


def read(reader: PcscChipReader) -> ChipOutcome:
    return read_chip(
        reader.connect(Event(), PATIENCE_SECONDS),
        access_key=KEY,
        trust=AUTHORITY.trust_store(),
        with_portrait=True,
        at=DAY,
        printed_zone=LINES,
    )


@pytest.mark.parametrize("limits", [ChipLimits(), ChipLimits(extended=False, strict=True)], ids=["extended", "short"])
def test_a_passport_is_read_over_the_daemon(reader: PcscChipReader, limits: ChipLimits) -> None:
    with laid_on_the_reader(chip(limits=limits)):
        for _ in range(2):  # the second connection finds what the first one left
            outcome = read(reader)
            assert outcome.reading.overall is CheckResult.SUCCESSFUL
            assert outcome.portrait == PORTRAIT


def test_the_answer_to_reset_is_passed_on(reader: PcscChipReader) -> None:
    with laid_on_the_reader(chip()):
        assert reader.connect(Event(), PATIENCE_SECONDS).answer_to_reset.hex() == "3b80800101"


def test_a_document_lifted_in_mid_reading_is_card_removed_and_reads_afterwards(reader: PcscChipReader) -> None:
    with laid_on_the_reader(chip("torn_read")), pytest.raises(CardRemoved):
        read(reader)
    with laid_on_the_reader(chip()):
        assert read(reader).reading.overall is CheckResult.SUCCESSFUL


def test_a_chip_that_answers_garbage_is_malformed(reader: PcscChipReader) -> None:
    with laid_on_the_reader(chip("garbage")), pytest.raises(MalformedChipData):
        read(reader)


def test_no_document_is_no_card_after_the_time_limit(reader: PcscChipReader) -> None:
    started = time.monotonic()
    with pytest.raises(NoCard) as caught:
        reader.connect(Event(), 0.5)
    assert caught.value.code == "CHP-01"
    assert 0.4 < time.monotonic() - started < 20


def test_the_wait_ends_when_the_desk_cancels(reader: PcscChipReader) -> None:
    cancel = Event()
    Timer(0.2, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(CaptureCancelled):
        reader.connect(cancel, 30)
    assert time.monotonic() - started < 15  # of the 30 it would have waited


def test_a_document_laid_down_during_the_wait_is_found(reader: PcscChipReader) -> None:
    stop = Event()
    thread = Thread(target=lambda: time.sleep(0.3) or vpcd.serve(chip(), stop=stop, patience=PATIENCE_SECONDS))
    thread.start()
    try:
        assert len(reader.connect(Event(), PATIENCE_SECONDS).answer_to_reset) == 5
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        time.sleep(0.6)


def test_a_chip_that_left_makes_its_connection_say_so(reader: PcscChipReader) -> None:
    with laid_on_the_reader(chip()):
        connection = reader.connect(Event(), PATIENCE_SECONDS)
    with pytest.raises(CardRemoved):
        connection.transmit(bytes.fromhex("00A4040C07A0000002471001"))
    connection.disconnect()
    connection.disconnect()
    with pytest.raises(CardRemoved):
        connection.transmit(b"\0\0\0\0")


def test_a_reader_of_another_name_is_not_found_and_the_ones_there_are_named(daemon: None) -> None:
    with pytest.raises(DeviceNotFound, match="Virtual PCD"):
        factory(DriverSettings({"reader": "no such reader"})).open()


def test_opening_and_closing_twice_is_harmless(reader: PcscChipReader) -> None:
    reader.open()
    reader.probe()
    reader.close()
    reader.close()
    with pytest.raises(DeviceError):
        reader.probe()
    with pytest.raises(DeviceError):
        reader.connect(Event(), 1)


def test_the_readers_of_the_daemon_are_listed(daemon: None) -> None:
    assert READER in [info.name for info in factory.attached()]
    assert factory.kind is DeviceKind.CHIP_READER


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        factory(DriverSettings({"colour": "green"}))


def test_the_driver_announces_itself() -> None:
    assert "pcsc-chip" in DriverRegistry().names()


def test_a_missing_service_says_what_to_do() -> None:
    script = (
        "from inspection_station.hardware.drivers.pcsc_chip import factory\n"
        "from inspection_station.hardware.ports import DriverSettings\n"
        "from inspection_station.hardware.errors import DeviceNotFound\n"
        "try:\n    factory(DriverSettings()).open()\nexcept DeviceNotFound as fault:\n    print(fault.detail)\n"
    )
    nowhere = os.environ | {"PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}
    done = subprocess.run([sys.executable, "-c", script], env=nowhere, capture_output=True, text=True, check=True)
    assert "install pcscd and start it" in done.stdout


def test_nobody_at_the_virtual_reader_s_door_is_said_so() -> None:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
        with pytest.raises(vpcd.DaemonUnreachable, match="vsmartcard-vpcd"):
            vpcd.serve(chip(), port=port, stop=Event(), patience=0.3)
