"""Stations and gateways of before and after streams of pictures, side by side: everything arrives, whole and once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gateway_process import GatewayProcess
from store_stories import KeysInMemory, decided, picture, record

from inspection_station.headquarters.client import HttpsLink
from inspection_station.headquarters.loop import Conversation
from inspection_station.headquarters.picture_stream import OPENING, Part
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import Reached
from inspection_station.headquarters.single_parts import send_apart
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.xdist_group("gateway-over-tls")

STATION = "station-1"
RULES = Rules(first_pause=0.05, longest_pause=0.2)
SIZES = (12_000, 700_000, 1, 90_000)


class LinkOfBefore(HttpsLink):
    """As stations of before streams send pictures: each part in a request of its own."""

    def stream(self, pieces: Iterator[bytes]) -> dict[bytes, Reached]:
        return send_apart(pieces, self._part)


class Station:
    """A store that is enrolled at the gateway, and its exchange."""

    def __init__(
        self, folder: Path, gateway: GatewayProcess, link_for: Callable[[StationIdentity], HttpsLink] = HttpsLink
    ) -> None:
        self.gateway = gateway
        self.store = StationStore.open(folder, KeysInMemory(), station_id=STATION, clock=SystemClock())
        self.store.outbox.enrol(gateway.enrolled(STATION))
        self.talk = Conversation(STATION, self.store.outbox, SystemClock(), RULES, link_for=link_for)
        self.pictures: dict[bytes, bytes] = {}

    def seal(self, name: str) -> None:
        for size in SIZES:
            ref, data = picture(f"{name}-{size}", size)
            whole = record(f"{name}-{size}", pictures=(("portrait", ref),))
            self.store.seal(whole, {ref.sha256: data}, decided()).result()
            self.pictures[bytes.fromhex(ref.sha256)] = data

    def exchange_all(self) -> None:
        deadline = time.monotonic() + 90
        while any(lane.messages for lane in self.store.outbox.backlog()):
            assert time.monotonic() < deadline, self.store.outbox.state().fault
            if self.talk.step().rest_until is not None:
                time.sleep(0.02)
        for sha256, data in self.pictures.items():
            assert self.gateway.inside.pictures.read(sha256) == data

    def close(self) -> None:
        self.talk.close()
        self.store.close()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path / "gateway")
    yield made
    made.stop()


def test_a_gateway_of_before_streams_gets_each_picture_in_parts(
    gateway: GatewayProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.streams = False
    gateway.start()
    station = Station(tmp_path / "station", gateway)
    try:
        with caplog.at_level(logging.INFO, "inspection_station.headquarters"):
            for name in ("a", "b"):
                station.seal(name)
                station.exchange_all()
        assert "headquarters takes no streams of pictures: each part goes by itself" in caplog.messages
        assert "a round failed" not in caplog.messages  # it is no fault, and nothing rests because of it
        assert gateway.inside.pictures.unfinished() == (0, 0)
    finally:
        station.close()


def test_an_older_gateway_that_takes_a_newer_ones_place_gets_the_rest_in_parts(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    gateway.start()
    station = Station(tmp_path / "station", gateway)
    try:
        for name, streams in (("new", True), ("old", False), ("new-again", True)):
            gateway.kill()
            gateway.streams = streams
            gateway.start()
            station.seal(name)
            station.exchange_all()
    finally:
        station.close()


def test_a_station_of_before_streams_gets_on_with_a_gateway_of_today(gateway: GatewayProcess, tmp_path: Path) -> None:
    gateway.start()
    station = Station(tmp_path / "station", gateway, LinkOfBefore)
    try:
        station.seal("a")
        station.exchange_all()
    finally:
        station.close()


def test_parts_that_headquarters_has_already_are_left_out_where_each_goes_by_itself(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    """The offset told with a part is the truth, whatever the offer said before."""
    gateway.streams = False
    gateway.start()
    station = Station(tmp_path / "station", gateway)
    try:
        identity = station.store.outbox.identity()
        assert identity is not None
        ref, data = picture("half", 3000)
        sha256 = bytes.fromhex(ref.sha256)
        gateway.inside.pictures.append(sha256, 3000, 0, data[:2000])
        parts = [Part(sha256, 3000, at, data[at : at + 1000]).encode() for at in (0, 1000, 2000)]
        link = HttpsLink(identity)
        assert link.stream(iter([OPENING, *parts])) == {sha256: Reached(3000, True)}
        assert link.stream(iter([OPENING, *parts])) == {sha256: Reached(3000, True)}
        link.close()
        assert gateway.inside.pictures.read(sha256) == data
    finally:
        station.close()
