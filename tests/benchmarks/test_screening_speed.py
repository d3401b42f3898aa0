"""How fast headquarters holds a voyage's records against new lists, and makes its whitelist."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange_world import admitted, enrolled
from pack_world import Publisher, now
from screening_world import screening_gateway, today
from store_stories import record

from inspection_station.gateway.whitelists import Whitelists
from inspection_station.headquarters.messages import Request, seal_packet
from inspection_station.headquarters.packs import PackKind
from inspection_station.headquarters.receipts import Kind
from inspection_station.inspection.disposition import Disposition
from inspection_station.matching.watchlist_lists import load_lists
from inspection_station.matching.watchlist_parts import parts_of
from inspection_station.storage.envelope import Place, wrap

ENTRIES, RECORDS, STATION = 100_000, 3_000, "station-1"

pytestmark = pytest.mark.benchmark


def a_list(entries: int) -> str:
    issued = now() - timedelta(hours=1)
    rows = [
        {
            "entry_id": str(number),
            "documents": [{"number": f"L{number:08d}", "issuing_state": "UTO"}],
            "names": [{"primary": f"{chr(65 + number % 26)}ARO{number % 9973}", "secondary": f"MIRA{number % 613}"}],
            "born": [f"{1940 + number % 60}-{1 + number % 12:02d}-{1 + number % 28:02d}"],
        }
        for number in range(entries)
    ]
    head = {"list_id": "wanted", "kind": "wanted", "version": "1", "issued_at": issued.isoformat()}
    return json.dumps([{**head, "stale_after": (issued + timedelta(hours=48)).isoformat(), "entries": rows}])


def test_a_voyage_is_held_against_a_long_list(tmp_path: Path) -> None:
    publisher, clock = Publisher(tmp_path / "packs"), today()
    gateway = screening_gateway(tmp_path / "gateway", f"sqlite:///{tmp_path / 'g.db'}", clock, publisher.folder)
    identity = enrolled(gateway, STATION)
    key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    for start in range(0, RECORDS, 100):
        bodies = []
        for number in range(start, start + 100):
            made = record(f"i-{number:05d}", disposition=Disposition.PC)
            assert made.mrz is not None
            zone = replace(made.mrz, document_number=f"L{number * 997:08d}" if number % 100 == 0 else f"A{number:07d}")
            place = Place(STATION, False, "inc-1", number + 1, bytes(32), bytes(16), "2026", 1)
            bodies.append((Kind.DECISION, wrap(replace(made, mrz=zone), place).data))
        gateway.answer(admitted(gateway, STATION), Request(STATION, (), seal_packet(STATION, bodies, key)))
    publisher.publish(parts_of(load_lists(a_list(ENTRIES))), PackKind.CONTROL_LIST, "wanted")
    assert gateway.screening is not None
    began = time.perf_counter()
    first = gateway.screening.run(1)
    ready = time.perf_counter()
    rest = gateway.screening.run()
    ended = time.perf_counter()
    whitelists = Whitelists(
        gateway.database, gateway.pictures, publisher.repository, tmp_path / "none", None, clock.now
    )
    whitelists._file_records()
    filed = time.perf_counter()
    content = whitelists._content(("mission-1",), clock.now())
    made = time.perf_counter()
    gateway.database.close()
    print(
        f"\n{ENTRIES} entries: first {first.records} records with the index {ready - began:.1f} s, "
        f"then {rest.records / (ended - ready):.0f} records/s ({first.found + rest.found} late hits); "
        f"whitelist of {len(content) - 1}: {filed - ended:.2f} s to file, {made - filed:.2f} s to make"
    )
    assert first.found + rest.found > 0
    assert rest.records / (ended - ready) > 20
