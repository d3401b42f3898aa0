"""A virtual passport before a daemon that takes it, keeps it waiting, or goes away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from threading import Event, Thread

import pytest

from inspection_station.training import vpcd
from inspection_station.training.specimen_passport import specimen_passport
from inspection_station.training.virtual_chip import VirtualChip
from inspection_station.training.virtual_chip.card import ANSWER_TO_RESET


class VirtualReader:
    """The daemon's side of one virtual reader: like the daemon, it talks with the first card only."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("localhost", 0))
        self._listening.settimeout(60)
        self._card: socket.socket | None = None
        self.port: int = self._listening.getsockname()[1]

    def answer_to_reset(self) -> bytes:
        if self._card is None:
            self._card, _ = self._listening.accept()
            self._card.settimeout(60)
        self._card.sendall(b"\x00\x01\x04")
        length = int.from_bytes(self._card.recv(2), "big")
        return self._card.recv(length)

    def hang_up(self) -> None:
        if self._card is not None:
            self._card.close()
        self._card = None

    def close(self) -> None:
        self.hang_up()
        self._listening.close()


@pytest.fixture
def reader() -> Iterator[VirtualReader]:
    made = VirtualReader()
    yield made
    made.close()


@pytest.fixture(scope="module")
def card() -> VirtualChip:
    return VirtualChip(specimen_passport(1, at=date(2026, 5, 4)))


class Laid:
    """A card that is laid on a reader by a thread of its own."""

    def __init__(self, card: VirtualChip, port: int, patience: float = 60.0) -> None:
        self.stop, self.inserted = Event(), Event()
        self.fault: Exception | None = None

        def run() -> None:
            try:
                vpcd.serve(
                    card,
                    port=port,
                    stop=self.stop,
                    inserted=self.inserted.set,
                    patience=patience,
                    lifted_for=0.1,
                )
            except OSError as fault:
                self.fault = fault

        self._thread = Thread(target=run)
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self.ended()

    def ended(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def test_a_passport_lies_there_once_the_daemon_has_asked_it_something(reader: VirtualReader, card: VirtualChip) -> None:
    laid = Laid(card, reader.port)
    try:
        assert not laid.inserted.wait(0.2)  # connected, which anybody can be
        assert reader.answer_to_reset() == ANSWER_TO_RESET
        assert laid.inserted.wait(60)
    finally:
        laid.end()
    assert laid.fault is None


def test_a_second_passport_on_the_same_reader_is_told_that_it_is_occupied(
    reader: VirtualReader, card: VirtualChip
) -> None:
    first = Laid(card, reader.port)
    try:
        reader.answer_to_reset()
        second = Laid(card, reader.port, patience=0.6)
        second.ended()
        assert isinstance(second.fault, vpcd.ReaderOccupied)
        assert not second.inserted.is_set()
        assert reader.answer_to_reset() == ANSWER_TO_RESET
    finally:
        first.end()


def test_a_daemon_that_goes_away_for_good_is_told_as_such(reader: VirtualReader, card: VirtualChip) -> None:
    laid = Laid(card, reader.port, patience=2.0)
    try:
        reader.answer_to_reset()
        assert laid.inserted.wait(60)
        reader.close()
        laid.ended()
    finally:
        laid.end()
    assert isinstance(laid.fault, vpcd.DaemonUnreachable)
    assert "went away" in str(laid.fault)


def test_a_daemon_that_comes_back_finds_the_passport_again(reader: VirtualReader, card: VirtualChip) -> None:
    laid = Laid(card, reader.port)
    try:
        reader.answer_to_reset()
        reader.hang_up()
        assert reader.answer_to_reset() == ANSWER_TO_RESET
    finally:
        laid.end()
    assert laid.fault is None


def test_a_passport_that_waits_for_its_reader_can_be_taken_back_at_once(
    reader: VirtualReader, card: VirtualChip
) -> None:
    laid = Laid(card, reader.port)
    laid.end()
    with suppress(OSError):
        reader.answer_to_reset()
    assert laid.fault is None
