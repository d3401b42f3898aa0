"""A station, its gateway and the link between them, played in one process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from exchange_world import DirectLink, SharedClock, run_dry
from store_stories import KeysInMemory, decided, hit, picture, record

from inspection_station.gateway.service import Gateway
from inspection_station.headquarters.exchange import Exchange
from inspection_station.storage.store import StationStore

STATION = "station-1"


@dataclass
class World:
    clock: SharedClock
    store: StationStore
    gateway: Gateway
    link: DirectLink
    exchange: Exchange
    keys: KeysInMemory
    folder: Path

    def seal(self, name: str, *, pictures: int = 0, alarm: bool = False, size: int = 3000) -> str:
        made = [picture(f"{name} {number}", size) for number in range(pictures)]
        purposes = ("portrait", "live face", "page")
        whole = record(
            name,
            pictures=tuple((purposes[number % 3], ref) for number, (ref, _) in enumerate(made)),
            hits=(hit(),) if alarm else (),
        )
        return self.store.seal(whole, {ref.sha256: data for ref, data in made}, decided()).result().record_hash

    def run(self) -> int:
        return run_dry(self.exchange, self.clock)

    def waiting(self) -> int:
        return self.store.outbox_status().unsent
