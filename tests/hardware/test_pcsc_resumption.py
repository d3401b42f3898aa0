"""A document that is moved on the reader: over the real PC/SC daemon, the reading ends with the same document."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from fakes.chip_material import AUTHORITY, DAY, KEY, LINES, PORTRAIT
from fakes.finger_material import passport_with_fingers, terminals
from fakes.pcsc_daemon import READER, laid_on_the_reader, pcsc_daemon

from inspection_station.documents.emrtd.chip_session import Connection, Resumption, read_chip
from inspection_station.hardware.drivers.pcsc_chip import PcscChipReader, factory
from inspection_station.hardware.errors import CardRemoved
from inspection_station.hardware.ports import DriverSettings
from inspection_station.inspection.chip import CheckResult
from inspection_station.training.virtual_chip import ChipLeft, ChipLimits, VirtualChip

pytestmark = pytest.mark.xdist_group("pcsc")


class LiftedOnce(VirtualChip):
    """Leaves after so many commands, once, and is put back."""

    left_after: int | None = 50

    def process(self, command: bytes) -> bytes:
        if self.left_after is not None:
            self.left_after -= 1
            if self.left_after == 0:
                self.left_after = None
                raise ChipLeft("the document was lifted")
        return super().process(command)


@pytest.fixture
def reader() -> Iterator[PcscChipReader]:
    with pcsc_daemon():
        made = factory(DriverSettings({"reader": READER}))
        made.open()
        yield made
        made.close()


def test_a_document_lifted_and_put_back_is_read_to_its_end_fingers_and_all(reader: PcscChipReader) -> None:
    def connect() -> Connection:
        return reader.connect(Event(), 60)

    card = LiftedOnce(passport_with_fingers(), limits=ChipLimits(extended=False))
    with laid_on_the_reader(card):
        outcome = read_chip(
            connect(),
            access_key=KEY,
            trust=AUTHORITY.trust_store(),
            with_portrait=True,
            at=DAY,
            printed_zone=LINES,
            terminal_keys=terminals().keys(),
            with_fingers=True,
            resumption=Resumption(connect, (CardRemoved,)),
        )
    assert (outcome.portrait, outcome.interruptions) == (PORTRAIT, 1)
    assert [finger.position for finger in outcome.fingers] == [2, 7]
    assert outcome.reading.overall is CheckResult.SUCCESSFUL
    assert "DG2, broken off" in [timing.step for timing in outcome.timings]
