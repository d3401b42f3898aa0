"""A station and a gateway with a satellite link between them: TCP, TLS, store and database are the real ones."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import sys
import threading
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

import satellite_link
from gateway_process import GatewayProcess
from satellite_link import SatelliteLink, Sky
from store_stories import KeysInMemory, decided, hit, record

from inspection_station.headquarters.enrolment import StationKeys, enrolment_for
from inspection_station.inspection.document import BlobRef
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore

STATION, STATION_SIDE, GATEWAY_SIDE = "voyage", "10.77.0.2", "10.77.0.1"


class Stage:
    """The calling thread, and what it starts after ``open``, stands on the station's side of the link."""

    def __init__(self, folder: Path) -> None:
        self.gateway = GatewayProcess(folder / "gateway", workers=2, host=GATEWAY_SIDE)
        self.store = StationStore.open(folder / "station", KeysInMemory(), station_id=STATION, clock=SystemClock())
        keys = StationKeys.new()
        ticket = self.gateway.inside.ticket(STATION, timedelta(hours=1))
        answer = self.gateway.inside.enrol(enrolment_for(ticket, STATION, False, keys))
        identity = answer.identity(keys, self.gateway.address)
        self.store.outbox.enrol(dataclasses.replace(identity, address=self.gateway.address))
        self.sealed: dict[str, str] = {}
        self._chance = random.Random(1)

    def seal(self, picture: int = 0, *, alarm: bool = False) -> None:
        """One record, with one picture of so many bytes that cannot be compressed."""
        name = f"{self._chance.getrandbits(32):08x}-0000-7000-8000-{len(self.sealed):012x}"
        data = self._chance.randbytes(picture)
        ref = BlobRef(hashlib.sha256(data).hexdigest(), "image/jpeg", picture)
        pictures = (("portrait", ref),) if picture else ()
        whole = record(name, pictures=pictures, hits=(hit(),) if alarm else ())
        contents = {ref.sha256: data} if picture else {}
        self.sealed[name] = self.store.seal(whole, contents, decided()).result().record_hash

    def open(self, sky: Sky) -> SatelliteLink:
        """Start the gateway on its side and join both sides."""
        sides = dict[str, int]()

        def gateway_side() -> None:
            sides["gateway"] = satellite_link.enter_new_side(GATEWAY_SIDE)
            self.gateway.start()

        starter = threading.Thread(target=gateway_side)
        starter.start()
        starter.join()
        sides["station"] = satellite_link.enter_new_side(STATION_SIDE)
        return SatelliteLink(sides["station"], sides["gateway"], sky)

    def waiting(self) -> list[int]:
        """Messages that wait, by lane."""
        return [lane.messages for lane in self.store.outbox.backlog()]

    def close(self) -> None:
        self.store.close()
        self.gateway.stop()
