"""The full reading of a chip with every proof: commands against the least possible, and the station's own time."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from threading import Event

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT
from fakes.pcsc_daemon import READER, laid_on_the_reader, pcsc_daemon

from inspection_station.documents.emrtd.chip_session import ChipOutcome, Connection, read_chip
from inspection_station.hardware.drivers.pcsc_chip import factory
from inspection_station.hardware.ports import DriverSettings
from inspection_station.training.passport_issue import AccessOffer
from inspection_station.training.virtual_chip import PROFILES, ChipLimits, VirtualChip, VirtualChipConnection

pytestmark = pytest.mark.benchmark
TRUST = AUTHORITY.trust_store()
PROFILE = PROFILES["pace-ca-aa"]
EXTENDED_ROOM, SHORT_ROOM = 8159, 223
# By profile: what access, SELECT and the proofs take besides reading files. PACE: EF.CardAccess 1, MSE and four
# authentications 5, SELECT 1; BAC: asking for EF.CardAccess and the master file 2, SELECT 1, access 2. CA 2; AA 1.
# Asking in vain for extended lengths, and opening the session that is lost over it, is not counted: it is our own cost.
LEAST = {"pace-ca-aa": (10, EXTENDED_ROOM), "aa-rsa": (6, SHORT_ROOM), "no-extended-length": (9, SHORT_ROOM)}


def read(connection: Connection) -> ChipOutcome:
    return read_chip(
        connection, access_key=KEY, trust=TRUST, with_portrait=True, at=DAY, printed_zone=LINES, everything=True
    )


def least_reads(outcome: ChipOutcome, room: int) -> int:
    """Answers that the application's files need at that room; those before it count as access."""
    inside = [content for name, content in outcome.files.items() if "Card" not in name]
    return sum(-(-len(content) // room) for content in inside)


@pytest.mark.parametrize("limits", [ChipLimits(), ChipLimits(extended=False)], ids=["extended", "short"])
def test_a_full_reading_over_the_daemon(limits: ChipLimits) -> None:
    issued = PROFILE.issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    assert issued.offer is AccessOffer.BOTH
    cpu: list[float] = []
    own: list[float] = []
    with pcsc_daemon():
        device = factory(DriverSettings({"reader": READER}))
        device.open()
        with laid_on_the_reader(VirtualChip(issued, limits=limits)):
            for _ in range(10):
                connection = device.connect(Event(), 5)
                outcome = read(connection)
                own.append(outcome.total_ms - outcome.device_ms)
        device.close()
    for _ in range(10):
        started = time.process_time()
        read(VirtualChipConnection(VirtualChip(issued, limits=limits)))
        cpu.append((time.process_time() - started) * 1e3)
    room = 8159 if limits.extended else 223
    least = LEAST["pace-ca-aa"][0] + least_reads(outcome, room)
    print(
        f"full reading, extended={limits.extended}: {outcome.commands} commands, least {least} "
        f"({outcome.commands / least - 1:+.0%}), own {statistics.median(own):.1f} ms, "
        f"CPU of station and card together {statistics.median(cpu):.1f} ms"
    )
    for timing in outcome.timings:
        print(f"  {timing.step}: {timing.total_ms:.1f} ms, of them device {timing.device_ms:.1f}")


@pytest.mark.parametrize("name", list(LEAST))
def test_commands_against_the_least_possible(name: str) -> None:
    """COM, SOD, DG1, DG2 of 15 KB, DG14 and DG15 where they are there."""
    profile, (protocol, room) = PROFILES[name], LEAST[name]
    issued = profile.issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    outcome = read(VirtualChipConnection(VirtualChip(issued, limits=profile.limits)))
    if profile.access is AccessOffer.BAC or room == SHORT_ROOM:
        room = room + 8 if profile.access is AccessOffer.BAC else room  # 3DES pads to eight bytes, AES to sixteen
    least = protocol + least_reads(outcome, room)
    print(f"{name}: {outcome.commands} commands, least {least} ({outcome.commands / least - 1:+.1%})")
    assert outcome.commands <= 1.1 * least


@pytest.mark.parametrize("name", list(PROFILES))
def test_every_kind_of_chip_in_process(name: str) -> None:
    profile = PROFILES[name]
    issued = profile.issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    own = []
    for _ in range(5):
        chip = VirtualChip(issued, limits=profile.limits, sleep=lambda _: None)
        outcome = read_chip(
            VirtualChipConnection(chip), access_key=KEY, trust=TRUST, with_portrait=True, at=DAY, printed_zone=LINES
        )
        own.append(outcome.total_ms - outcome.device_ms)
    print(f"{name}: {outcome.commands} commands, own {statistics.median(own):.1f} ms")
