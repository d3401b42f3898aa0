"""Any order of sealing, exchanging, losing answers, copying and putting back stores and headquarters, purging and
crashing: what must hold at the end, whatever happened. Run by the suite with few examples; by hand with many:

    python tests/headquarters/exchange_machine.py 10000
"""

from __future__ import annotations

import copy
import random
import shutil
import sys
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from exchange_world import DirectLink, SharedClock, enrolled, gateway_again, gateway_in
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select
from store_stories import KeysInMemory, decided, hit, picture, record

from inspection_station.gateway.ledger import read_ledger, subtrees
from inspection_station.gateway.tables import doubled_number, item, log_entry, quarantine
from inspection_station.headquarters.exchange import Exchange
from inspection_station.headquarters.merkle import root_at
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import HeadquartersUnreachable
from inspection_station.storage.store import StationStore

STATION = "station-1"
RULES = Rules(packet_items=3, offers=2, poll_seconds=5.0)
MOST_STATIONS = 3


@cache
def template() -> Path:
    """A folder with an empty gateway and an enrolled, empty station: copied for each example."""
    folder = Path(tempfile.mkdtemp(prefix="exchange-machine-"))
    (folder / "gateway").mkdir()
    clock = SharedClock()
    gateway = gateway_in(folder / "gateway", f"sqlite:///{folder / 'gateway' / 'gateway.db'}", clock)
    keys = KeysInMemory()
    store = StationStore.open(folder / "station", keys, station_id=STATION, clock=clock)
    store.outbox.enrol(enrolled(gateway, STATION))
    store.close()
    gateway.database.close()
    (folder / "anchor").write_text(keys.anchor or "")
    return folder


class Station:
    """A store in a folder, open or not, with its own key store and link."""

    def __init__(self, machine: ExchangeMachine, folder: Path, keys: KeysInMemory, seed: int) -> None:
        self.machine, self.folder, self.keys = machine, folder, keys
        self.link = DirectLink(lambda: machine.gateway, STATION)
        self.chance = random.Random(seed)
        self.store = self.opened()
        self.backups: list[Path] = []

    def opened(self) -> StationStore:
        return StationStore.open(self.folder, self.keys, station_id=STATION, clock=self.machine.clock)

    def step(self) -> bool:
        """One round; False when it rests."""
        clock = self.machine.clock
        exchange = Exchange(STATION, self.store.outbox, self.link, clock, self.chance, RULES)
        return exchange.step().rest_until is None

    def copied(self, to: Path) -> Path:
        """A copy of the closed store."""
        self.store.close()
        to.mkdir(parents=True)
        shutil.copy(self.folder / "station.db", to / "station.db")
        self.store = self.opened()
        return to


class ExchangeMachine(RuleBasedStateMachine):
    """The model is short: what stands in a living store must stand at headquarters in the end, once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="exchange-run-", dir=_fast()))
        self.clock = SharedClock()
        self.clock.advance(60)
        self.stations: list[Station] = []
        self.number = 0

    @initialize()
    def begin(self) -> None:
        shutil.copytree(template() / "gateway", self.folder / "gateway")
        self.open_gateway()
        self.backup_of_headquarters: Path | None = None
        keys = KeysInMemory()
        keys.key(create=True)
        keys.anchor = (template() / "anchor").read_text()
        shutil.copytree(template() / "station", self.folder / "station-0")
        self.stations.append(Station(self, self.folder / "station-0", keys, 0))

    def open_gateway(self) -> None:
        place = self.folder / "gateway"
        self.gateway = gateway_again(place, f"sqlite:///{place / 'gateway.db'}", self.clock)

    def station(self, index: int) -> Station:
        return self.stations[index % len(self.stations)]

    which = st.integers(0, MOST_STATIONS - 1)

    @rule(index=which, pictures=st.integers(0, 2), alarm=st.booleans())
    def seal(self, index: int, pictures: int, alarm: bool) -> None:
        self.number += 1
        name = f"i-{self.number}"
        made = [picture(f"{name} {number}", 300) for number in range(pictures)]
        refs = tuple(("portrait", ref) for ref, _ in made)
        whole = record(name, pictures=refs, hits=(hit(),) if alarm else ())
        self.station(index).store.seal(whole, {ref.sha256: data for ref, data in made}, decided()).result()

    @rule(index=which, steps=st.integers(1, 4))
    def exchange(self, index: int, steps: int) -> None:
        for _ in range(steps):
            if not self.station(index).step():
                self.clock.advance(7)

    @rule(index=which, before=st.booleans(), after_calls=st.integers(0, 2))
    def exchange_over_a_link_that_breaks(self, index: int, before: bool, after_calls: int) -> None:
        station, left = self.station(index), after_calls

        def broken() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise HeadquartersUnreachable("cut by the test")

        station.link.before, station.link.after = (broken, _fine) if before else (_fine, broken)
        station.step()
        station.link.before = station.link.after = _fine
        self.clock.advance(700)

    @rule(index=which, chunks=st.integers(0, 12))
    def exchange_over_a_link_that_breaks_within_a_picture(self, index: int, chunks: int) -> None:
        station, left = self.station(index), chunks

        def broken() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise HeadquartersUnreachable("cut by the test")

        station.link.within, station.link.chunk = broken, 100
        station.step()
        station.link.within, station.link.chunk = _fine, 1 << 16
        self.clock.advance(700)

    @rule(index=which)
    def crash_and_start_again(self, index: int) -> None:
        station = self.station(index)
        station.store.close()
        station.store = station.opened()

    @precondition(lambda self: len(self.stations) < MOST_STATIONS)
    @rule(index=which, with_key_store=st.booleans())
    def clone(self, index: int, with_key_store: bool) -> None:
        station = self.station(index)
        folder = station.copied(self.folder / f"station-{len(self.stations)}")
        keys = copy.copy(station.keys)
        if not with_key_store:
            keys.anchor = None
        self.stations.append(Station(self, folder, keys, len(self.stations)))

    @rule(index=which)
    def back_up_a_station(self, index: int) -> None:
        station = self.station(index)
        self.number += 1
        station.backups.append(station.copied(self.folder / f"backup-{self.number}"))

    @precondition(lambda self: any(station.backups for station in self.stations))
    @rule(index=which)
    def put_a_station_back(self, index: int) -> None:
        station = self.station(index)
        if station.backups:
            station.store.close()
            for left in station.folder.glob("station.db*"):
                left.unlink()
            shutil.copy(station.backups[-1] / "station.db", station.folder / "station.db")
            station.store = station.opened()

    @rule()
    def back_up_headquarters(self) -> None:
        size = read_size(self)
        self.gateway.database.close()
        self.number += 1
        target = self.folder / f"headquarters-{self.number}"
        shutil.copytree(self.folder / "gateway", target)
        self.open_gateway()
        self.gateway.mark_durable(size)
        self.backup_of_headquarters = target

    @precondition(lambda self: self.backup_of_headquarters is not None)
    @rule()
    def put_headquarters_back(self) -> None:
        assert self.backup_of_headquarters is not None
        self.gateway.database.close()
        for left in (self.folder / "gateway").glob("gateway.db*"):
            left.unlink()
        shutil.copy(self.backup_of_headquarters / "gateway.db", self.folder / "gateway" / "gateway.db")
        self.open_gateway()

    @rule(index=which)
    def purge(self, index: int) -> None:
        self.station(index).store.outbox.purge_due(timedelta(0))

    def teardown(self) -> None:
        try:
            if self.stations:
                self.come_to_rest()
                self.judge()
        finally:
            for station in self.stations:
                station.store.close()
            if self.stations:
                self.gateway.database.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def come_to_rest(self) -> None:
        for _ in range(3):
            for station in self.stations:
                for _ in range(80):
                    if not station.step():
                        self.clock.advance(700)
                        if station.store.outbox_status().unsent == 0:
                            break

    def judge(self) -> None:
        with self.gateway.database.reading() as connection:
            there = {
                name: bytes(digest)
                for name, digest in connection.execute(select(item.c.item_id, item.c.sha256).where(item.c.kind == 1))
            }
            entries = connection.scalar(select(func.count()).select_from(log_entry))
            items = connection.scalar(select(func.count()).select_from(item))
            apart = connection.scalar(select(func.count()).select_from(quarantine))
            ledger = read_ledger(connection)
            whole = root_at(ledger.frontier.size, subtrees(connection))
            doubled = connection.scalar(select(func.count()).select_from(doubled_number))
            numbers = connection.execute(
                select(func.count()).where(item.c.kind == 1).group_by(item.c.incarnation, item.c.sequence)
            ).all()
        assert apart == 0, "something was quarantined that was the same"
        assert entries == items == ledger.frontier.size, "an item stands in the log twice, or not at all"
        assert whole == ledger.frontier.root, "the log's head is not that of its entries"
        assert doubled >= sum(count > 1 for (count,) in numbers), "a doubled number went unnoticed"
        for station in self.stations:
            status = station.store.outbox_status()
            assert status.unsent == 0, f"{status.unsent} messages never went"
            for stored in station.store.records(10_000):
                assert there.get(stored.inspection_id, b"").hex() == stored.record_hash, "a record was lost"
            assert station.store.check().problems == ()


def read_size(machine: ExchangeMachine) -> int:
    with machine.gateway.database.reading() as connection:
        return read_ledger(connection).frontier.size


def _fine() -> None:
    return None


def _fast() -> str | None:
    """Memory, where there is some: thousands of examples should not wear a disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def run(examples: int, steps: int = 30, *, shrink: bool = True) -> None:
    phases = [phase for phase in Phase if shrink or phase is not Phase.shrink]
    run_state_machine_as_test(
        ExchangeMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=phases,
            print_blob=False,
        ),
    )


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    run(wanted)
    sys.stdout.write(f"{wanted} runs clean\n")
