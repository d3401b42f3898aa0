"""Where the cards of the cases lie while the station reads them: in process or on the PC/SC daemon's virtual reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final, Protocol, cast

from inspection_station.documents.emrtd.chip_session import Connection, read_chip
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.hardware.errors import DeviceError
from inspection_station.hardware.ports import ChipReader
from inspection_station.hardware.registry import DriverRegistry
from inspection_station.training.conformance_cases.case import (
    CaseResult,
    ConformanceCase,
    Observation,
    Outcome,
    Situation,
    outcome_of,
)
from inspection_station.training.devices.daemon_slot import DaemonSlot
from inspection_station.training.virtual_chip import VirtualChipConnection
from inspection_station.training.virtual_chip.card import VirtualChip

READER: Final = "Virtual PCD 00 00"
_PATIENCE_SECONDS: Final = 5.0


class Bench(Protocol):
    """Lays one card after the other on a reader."""

    def connect(self, card: VirtualChip) -> Connection:
        """A fresh connection to this card, which has just come into the field."""
        ...


class InProcessBench:
    """No reader at all."""

    def connect(self, card: VirtualChip) -> Connection:
        card.reset()
        return VirtualChipConnection(card)


class _ExchangedCard:
    """A card on the virtual reader whose chip is exchanged between readings: laying down a new one would take the
    daemon 0.6 s to notice.
    """

    def __init__(self) -> None:
        self.chip: VirtualChip | None = None

    def process(self, command: bytes) -> bytes:
        return self.chip.process(command) if self.chip is not None else b"\x6f\x00"

    def reset(self) -> None:
        if self.chip is not None:
            self.chip.reset()


class DaemonBench:
    """The driver ``pcsc-chip`` over the daemon's virtual reader."""

    def __init__(self, reader: ChipReader, card: _ExchangedCard) -> None:
        self._reader, self._card = reader, card

    def connect(self, card: VirtualChip) -> Connection:
        card.reset()
        self._card.chip = card
        return self._reader.connect(Event(), _PATIENCE_SECONDS)


@contextmanager
def daemon_bench(reader: str = READER) -> Iterator[DaemonBench]:
    """Lays a card on the daemon's virtual reader for as long as the bench is used. DeviceNotFound where there is no
    such reader or nobody listens at its door.
    """
    made = cast(ChipReader, DriverRegistry().make("pcsc-chip", {"reader": reader}))
    slot, card = DaemonSlot(), _ExchangedCard()
    made.open()
    try:
        slot.lay(cast(VirtualChip, card))
        yield DaemonBench(made, card)
    finally:
        made.close()
        slot.lift()


def observe(situation: Situation, bench: Bench) -> Observation:
    """One reading of everything the station can read, as the thorough inspection makes it."""
    card = situation.card
    try:
        outcome = read_chip(
            bench.connect(card),
            access_key=situation.key,
            trust=situation.trust,
            with_portrait=True,
            at=situation.at,
            printed_zone=situation.printed,
            everything=True,
            terminal_keys=situation.terminal_keys,
            with_fingers=situation.terminal_keys is not None,
        )
    except (ChipFault, DeviceError) as fault:
        detail = getattr(fault, "detail", str(fault))
        return Observation((), type(fault).__name__, detail, False, tuple(card.exchanges), situation.tolerated)
    return outcome_of(outcome, card.exchanges, situation.tolerated)


def run_case(case: ConformanceCase, bench: Bench, clock: Callable[[], float] = time.perf_counter) -> CaseResult:
    """Every situation of the case; the first complaint ends it. A case without situations is no case: ValueError."""
    started, readings, commands = clock(), 0, 0
    for situation in case.situations():
        seen = observe(situation, bench)
        readings, commands = readings + 1, commands + len(seen.exchanges)
        complaint = case.complaint(seen, situation)
        if complaint is not None:
            return CaseResult(case.id, Outcome.FAILED, complaint, readings, commands, (clock() - started) * 1e3)
    if not readings:
        raise ValueError(f"{case.id} lays no document on the reader")
    return CaseResult(case.id, Outcome.PASSED, "", readings, commands, (clock() - started) * 1e3)


def run_cases(cases: Iterable[ConformanceCase], bench: Bench) -> Iterator[CaseResult]:
    """One after the other, each told as it ends."""
    for case in cases:
        yield run_case(case, bench)
