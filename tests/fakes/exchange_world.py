"""A station, a gateway and a link between them in one process, for tests. Every person here is invented."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from inspection_station.gateway.authority import Authority, KeysMissing, create_authority, load_authority
from inspection_station.gateway.database import Database
from inspection_station.gateway.picture_intake import PictureIntake
from inspection_station.gateway.pictures import FolderPictures
from inspection_station.gateway.service import Gateway, initialise, read_settings
from inspection_station.gateway.stations import KnownStation, known_station
from inspection_station.headquarters.enrolment import StationKeys, enrolment_for
from inspection_station.headquarters.exchange import Exchange
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import HeadquartersRefused, LinkFault, OutboxPort, Reached
from inspection_station.headquarters.rough_links import Flow
from inspection_station.headquarters.wire import WireError
from inspection_station.inspection.outbox import StationIdentity

START = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


class SharedClock:
    """One clock for both sides; tests move it."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start
        self.seconds = 100.0

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


class DirectLink:
    """Calls the gateway in the same process. ``before`` and ``after`` may raise LinkFault: a request that never came
    there, an answer that never came back. ``within``
    a stream of pictures it is asked at every ``chunk``."""

    def __init__(self, gateway: Callable[[], Gateway], station: str) -> None:
        self._gateway = gateway
        self._station = station
        self.before: Callable[[], None] = lambda: None
        self.chunk = 1 << 16
        self.brought = 0  # bytes of pictures in whole parts
        self.within: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.requests: list[bytes] = []
        self.answers: list[bytes] = []
        self.clock_offset_ms: int | None = 0

    def exchange(self, request: bytes) -> bytes:
        self.before()
        self.requests.append(request)
        gateway = self._gateway()
        try:
            answer = gateway.exchange(admitted(gateway, self._station), request)
        except WireError as error:
            raise HeadquartersRefused(str(error)) from error
        self.after()
        self.answers.append(answer)
        return answer

    def flow(self) -> Flow:
        return Flow()

    def stream(self, pieces: Iterator[bytes]) -> dict[bytes, Reached]:
        self.before()
        intake = PictureIntake(self._gateway().pictures)
        try:
            for piece in pieces:
                for at in range(0, len(piece), self.chunk):
                    self.within()
                    for part in intake.parts(piece[at : at + self.chunk]):
                        self.brought += len(part.data)
                        intake.keep(part)
        except WireError as error:
            raise HeadquartersRefused(str(error)) from error
        except LinkFault:
            intake.keep_rest()
            raise
        intake.end()
        self.after()
        return intake.reached


def admitted(gateway: Gateway, station: str) -> KnownStation:
    with gateway.database.reading() as connection:
        return known_station(connection, station)


@cache
def authority_in(folder: Path) -> Authority:
    try:
        return load_authority(folder, None)
    except KeysMissing:
        return create_authority(folder, ["localhost", "127.0.0.1"], datetime.now(UTC), None)


def gateway_in(folder: Path, url: str, clock: SharedClock, *, training: bool = False) -> Gateway:
    """A gateway with its keys and pictures in ``folder`` and its tables at ``url``."""
    database = Database(url)
    initialise(database, training)
    database.close()
    return gateway_again(folder, url, clock)


def gateway_again(folder: Path, url: str, clock: SharedClock) -> Gateway:
    """One that was made before: its schema is not looked at."""
    database = Database(url)
    settings = read_settings(database)
    return Gateway(database, FolderPictures(folder / "pictures"), authority_in(folder / "keys"), settings, clock.now)


def enrolled(gateway: Gateway, station: str, *, training: bool = False) -> StationIdentity:
    """Enrol a station as an operator would, and give back who it is now."""
    keys = StationKeys.new()
    ticket = gateway.ticket(station, timedelta(hours=1))
    answer = gateway.enrol(enrolment_for(ticket, station, training, keys))
    return answer.identity(keys, "https://localhost")


def exchange_for(
    station: str, outbox: OutboxPort, link: DirectLink, clock: SharedClock, rules: Rules | None = None, seed: int = 1
) -> Exchange:
    return Exchange(station, outbox, link, clock, random.Random(seed), rules or Rules())


def run_dry(exchange: Exchange, clock: SharedClock, steps: int = 60) -> int:
    """Step until the exchange wants to rest; returns what was confirmed."""
    confirmed = 0
    for _ in range(steps):
        progress = exchange.step()
        confirmed += progress.confirmed
        if progress.rest_until is not None:
            return confirmed
    raise AssertionError("the exchange does not come to rest")


def cut() -> None:
    raise LinkFault("cut by the test")
