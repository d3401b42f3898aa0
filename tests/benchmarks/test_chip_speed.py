"""Speed of reading a chip: the station's own share, apart from reader and chip."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT
from fakes.pcsc_daemon import READER, laid_on_the_reader, pcsc_daemon

from inspection_station.documents.emrtd.chip_session import ChipOutcome, Connection, read_chip
from inspection_station.hardware.drivers.pcsc_chip import factory
from inspection_station.hardware.ports import DriverSettings
from inspection_station.training.passport_issue import issue_passport
from inspection_station.training.virtual_chip import ChipLimits, VirtualChip, VirtualChipConnection

pytestmark = pytest.mark.benchmark
TRUST = AUTHORITY.trust_store()


def read(connection: Connection) -> ChipOutcome:
    return read_chip(connection, access_key=KEY, trust=TRUST, with_portrait=True, at=DAY, printed_zone=LINES)


def card(access: str, limits: ChipLimits) -> VirtualChip:
    return VirtualChip(issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, access=access), limits=limits)


def report(what: str, connect: Callable[[], Connection], runs: int = 30) -> None:
    outcomes, cpu = [], []
    for _ in range(runs):
        connection = connect()
        started = time.process_time()
        outcomes.append(read(connection))
        cpu.append((time.process_time() - started) * 1e3)
    own = statistics.median(o.total_ms - o.device_ms for o in outcomes)
    total = statistics.median(o.total_ms for o in outcomes)
    spent = statistics.median(cpu)
    print(f"{what}: {outcomes[0].commands} commands, {total:.1f} ms, of them own {own:.1f}, CPU {spent:.1f}")


@pytest.mark.parametrize("access", ["bac", "pace"])
@pytest.mark.parametrize("limits", [ChipLimits(), ChipLimits(extended=False)], ids=["extended", "short"])
def test_a_reading_in_process(access: str, limits: ChipLimits) -> None:
    chip = card(access, limits)
    report(f"in process, {access}, extended={limits.extended}", lambda: VirtualChipConnection(chip))


@pytest.mark.parametrize("access", ["bac", "pace"])
@pytest.mark.parametrize("limits", [ChipLimits(), ChipLimits(extended=False)], ids=["extended", "short"])
def test_a_reading_over_the_daemon(access: str, limits: ChipLimits) -> None:
    with pcsc_daemon():
        device = factory(DriverSettings({"reader": READER}))
        device.open()
        with laid_on_the_reader(card(access, limits)):
            report(f"over PC/SC, {access}, extended={limits.extended}", lambda: device.connect(Event(), 5), 10)
        device.close()
