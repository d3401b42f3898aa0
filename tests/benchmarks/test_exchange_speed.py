"""How fast and how small the exchange is: ``pytest -m benchmark tests/benchmarks/test_exchange_speed.py -s``.

``STATION_BENCH_POSTGRESQL=1`` measures ingest on a real PostgreSQL too.
"""

from __future__ import annotations

import os
import random
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from exchange_world import DirectLink, SharedClock, admitted, enrolled, exchange_for, gateway_in, run_dry
from store_stories import KeysInMemory, decided, picture, record

from inspection_station.gateway.bundles import import_bundle, write_return
from inspection_station.headquarters.bundle_exchange import export_bundle, import_return
from inspection_station.headquarters.messages import Request, seal_packet
from inspection_station.headquarters.packing import pack
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.receipts import Kind
from inspection_station.storage.envelope import Place, wrap
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.benchmark

PLAYED = os.environ.get("STATION_BENCH_PLAYED")
"""Data folder of a played lesson (``inspection-station play --data``): real records instead of the tests' own."""


def random_envelopes(count: int, station: str = "station-1") -> list[bytes]:
    incarnation, before = str(uuid.uuid4()), bytes(32)
    made = []
    for number in range(count):
        first, second = picture(f"{number}a", 64)[0], picture(f"{number}b", 64)[0]
        whole = record(str(uuid.uuid4()), pictures=(("portrait", first), ("live face", second)))
        envelope = wrap(
            whole,
            Place(station, False, incarnation, number + 1, before, os.urandom(16), "2026-05-04T03:02:01.000Z", number),
        )
        before = envelope.hash
        made.append(envelope.data)
    return made


def test_bytes_a_decision() -> None:
    bodies = random_envelopes(100)
    if PLAYED:
        sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "installer"))
        from exchange_dictionary import bodies as played

        bodies = [body for body in played(Path(PLAYED)) if b'"kind":"decision"' in body][-100:]
    began = time.perf_counter()
    text, raw = pack(bodies)
    spent = time.perf_counter() - began
    plain = sum(map(len, bodies)) / len(bodies)
    print(
        f"{len(bodies)} decisions of {plain:.0f} B JSON: {len(text) / len(bodies):.0f} B text"
        f" + {len(raw) / len(bodies):.0f} B hashes and ids = {(len(text) + len(raw)) / len(bodies):.0f} B;"
        f" {spent * 1000:.0f} ms"
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_ingest_in_one_process(kind: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    server = None
    if kind == "postgresql":
        if not os.environ.get("STATION_BENCH_POSTGRESQL"):
            pytest.skip("STATION_BENCH_POSTGRESQL is not set")
        import pgserver
        from gateway_databases import fresh_database

        server = pgserver.get_server(tmp_path / "pg", cleanup_mode="stop")
        url = fresh_database(server.get_uri())
    gateway = gateway_in(tmp_path / "gateway", url, SharedClock())
    identity = enrolled(gateway, "station-1")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(identity.station_key)
    requests = [
        Request(
            "station-1", (), seal_packet("station-1", [(Kind.DECISION, body) for body in random_envelopes(100)], key)
        ).encode()
        for _ in range(30)
    ]
    known = admitted(gateway, "station-1")
    spent = []
    for asked in requests:
        began = time.perf_counter()
        gateway.exchange(known, asked)
        spent.append(time.perf_counter() - began)
    spent.sort()
    print(f"{kind}: {3000 / sum(spent):.0f} records/s on one thread, median {spent[15] * 1000:.1f} ms a packet of 100")
    gateway.database.close()
    if server is not None:
        server.cleanup()


def test_an_idle_poll_and_a_bundle(tmp_path: Path) -> None:
    clock = SharedClock()
    gateway = gateway_in(tmp_path / "gateway", f"sqlite:///{tmp_path / 'gateway.db'}", clock)
    store = StationStore.open(tmp_path / "station", KeysInMemory(), station_id="station-1", clock=clock)
    store.outbox.enrol(enrolled(gateway, "station-1"))
    link = DirectLink(lambda: gateway, "station-1")
    exchange = exchange_for("station-1", store.outbox, link, clock)
    run_dry(exchange, clock)
    clock.advance(100)
    run_dry(exchange, clock)
    print(f"idle poll: {len(link.requests[-1])} + {len(link.answers[-1])} B of bodies")
    chance = random.Random(1)
    for number in range(500):
        data = chance.randbytes(90_000)
        import hashlib

        from inspection_station.inspection.document import BlobRef

        ref = BlobRef(hashlib.sha256(data).hexdigest(), "image/jpeg", len(data))
        store.seal(record(f"i-{number}", pictures=(("live face", ref),)), {ref.sha256: data}, decided()).result()
    out, back = tmp_path / "out.bundle", tmp_path / "back.bundle"
    began = time.perf_counter()
    export_bundle(out, "station-1", store.outbox, clock)
    exported = time.perf_counter()
    taken = import_bundle(gateway, out)
    imported = time.perf_counter()
    write_return(gateway, taken, back)
    done = import_return(back, store.outbox, clock, Rules())
    print(
        f"bundle of {out.stat().st_size / 1e6:.0f} MB: out {exported - began:.2f} s, in {imported - exported:.2f} s,"
        f" receipts {time.perf_counter() - imported:.2f} s, {done.confirmed} confirmed"
    )
    assert store.outbox.purge_due(timedelta(0)) == 0
    store.close()
    gateway.database.close()


SATELLITE = 32_000.0  # bytes a second: 256 kbit/s


def test_a_voyage_over_a_satellite_link(tmp_path: Path) -> None:
    """256 kbit/s and 600 ms there and back over a TCP proxy, which loses no packets; real TLS, gateway and store."""
    import dataclasses

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "chaos"))
    from gateway_process import GatewayProcess
    from link_proxy import LinkProxy, Weather
    from store_stories import hit

    from inspection_station.headquarters.client import HttpsLink
    from inspection_station.headquarters.loop import Conversation
    from inspection_station.storage.clock import SystemClock

    gateway = GatewayProcess(tmp_path / "gateway")
    gateway.start()
    proxy = LinkProxy(gateway.port, Weather(delay=0.3, rate=SATELLITE))
    store = StationStore.open(tmp_path / "station", KeysInMemory(), station_id="station-1", clock=SystemClock())
    identity = dataclasses.replace(enrolled(gateway.inside, "station-1"), address=f"https://127.0.0.1:{proxy.port}")
    store.outbox.enrol(identity)
    talk = Conversation("station-1", store.outbox, SystemClock(), Rules(poll_seconds=3600), link_for=HttpsLink)

    def drained() -> float:
        began = time.perf_counter()
        while (progress := talk.step()).rest_until is None:
            pass
        assert not progress.fault, progress.fault
        return time.perf_counter() - began

    def alarm(name: str) -> float:
        store.seal(record(name, hits=(hit(),)), {}, decided()).result()
        began = time.perf_counter()
        talk.step()
        return time.perf_counter() - began

    try:
        print(f"first alert: cold {alarm('cold'):.2f} s, warm ", end="")
        drained()
        print(f"{alarm('warm'):.2f} s")
        drained()
        for number in range(500):
            store.seal(record(str(uuid.uuid4()), note=f"{number}"), {}, decided()).result()
        before = proxy.counts.up
        spent = drained()
        print(f"500 decisions: {spent:.1f} s, {(proxy.counts.up - before) / 500:.0f} B each on the wire")
        for size, count in ((12_000, 60), (90_000, 20)):
            for number in range(count):
                ref, _ = picture(f"{size}-{number}", size)
                data = random.Random(f"{size}-{number}").randbytes(size)
                import hashlib

                ref = dataclasses.replace(ref, sha256=hashlib.sha256(data).hexdigest())
                whole = record(str(uuid.uuid4()), pictures=(("live face", ref),))
                store.seal(whole, {ref.sha256: data}, decided()).result()
            spent = drained()
            print(f"{count} pictures of {size / 1000:.0f} kB: {count * size / spent / SATELLITE:.2f} of the link")
        assert store.outbox_status().unsent == 0
    finally:
        talk.close()
        store.close()
        proxy.close()
        gateway.stop()
