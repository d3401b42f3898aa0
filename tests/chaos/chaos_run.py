"""Kills of the station and of the gateway, resets and stalls of the link; then calm, and a count of what is there.

    python tests/chaos/chaos_run.py --station-kills 1000 --gateway-kills 25 --json      (``make chaos``)

The station is a process of its own that seals and exchanges until it is killed; it tells every sealed record down a
pipe once the store has answered. The gateway runs two workers. At the end everything that was sealed must be there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from link_proxy import LinkProxy, Weather
from sqlalchemy import func, select
from store_stories import decided, hit, picture, record

from inspection_station.gateway.tables import item, log_entry, quarantine
from inspection_station.headquarters.client import HttpsLink
from inspection_station.headquarters.enrolment import StationKeys, enrolment_for
from inspection_station.headquarters.loop import Conversation
from inspection_station.headquarters.plan import Rules
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

STATION = "chaos"
RULES = Rules(first_pause=0.02, longest_pause=0.3, poll_seconds=0.5, first_poison_pause=0.2, longest_poison_pause=1.0)
STORMY = Weather(delay=0.002, rate=0, reset=0.3, stall=0.05)


@dataclass
class Tally:
    station_kills: int = 0
    gateway_kills: int = 0
    resets: int = 0
    stalls: int = 0
    sealed: int = 0
    items: int = 0
    pictures: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def opened(folder: Path) -> StationStore:
    return StationStore.open(folder, TrainingFolderKeys(folder), station_id=STATION, clock=SystemClock())


def impatient(identity: StationIdentity) -> HttpsLink:
    return HttpsLink(identity, timeouts=(1.0, 1.0))


def live(folder: Path, seed: int, pipe: int) -> None:
    """The station's process. Never returns."""
    store = opened(folder)
    talk = Conversation(STATION, store.outbox, SystemClock(), RULES, random.Random(seed), impatient)
    number = 0
    while True:
        for _ in range(3):
            name = f"{seed}-{number}"
            ref, data = picture(name, 2_000 + 9_000 * (number % 9))
            whole = record(name, pictures=(("portrait", ref),), hits=(hit(),) if number % 7 == 0 else ())
            receipt = store.seal(whole, {ref.sha256: data}, decided()).result()
            os.write(pipe, f"{name} {receipt.record_hash}\n".encode())
            number += 1
        for _ in range(6):
            talk.step()


def live_and_die(folder: Path, seed: int, wait: float, meanwhile: Callable[[], None]) -> dict[str, str]:
    """Start the station, kill it after ``wait`` seconds, and give back what it had sealed."""
    child, reading = start_of_a_life(folder, seed)
    told = told_by(reading, wait)
    meanwhile()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    told |= told_by(reading, 0.0)
    os.close(reading)
    return told


def start_of_a_life(folder: Path, seed: int) -> tuple[int, int]:
    """The station's process, and the pipe down which it tells what it sealed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            live(folder, seed, writing)
        except BaseException as fault:
            sys.stderr.write(f"the station's process ended: {fault!r}\n")
        finally:
            os._exit(70)
    os.close(writing)
    os.set_blocking(reading, False)
    return child, reading


def told_by(pipe: int, wait: float) -> dict[str, str]:
    """What is told within ``wait`` seconds: hashes of records by inspection. A line is written whole."""
    told, deadline = bytearray(_drained(pipe)), time.monotonic() + wait
    while time.monotonic() < deadline:
        time.sleep(min(0.05, wait))
        told += _drained(pipe)
    lines = bytes(told).decode().splitlines(keepends=True)
    return dict(line.split() for line in lines if line.endswith("\n"))  # type: ignore[misc]


def _drained(pipe: int) -> bytes:
    try:
        return os.read(pipe, 1 << 20)
    except BlockingIOError:
        return b""


def enrolled_at(gateway: GatewayProcess, address: str, folder: Path) -> None:
    keys = StationKeys.new()
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1))
    identity = gateway.inside.enrol(enrolment_for(ticket, STATION, True, keys)).identity(keys, address)
    store = opened(folder)
    store.outbox.enrol(identity)
    store.close()


def calm(folder: Path, tally: Tally, patience: float) -> None:
    """Exchange on a good link until nothing waits."""
    store = opened(folder)
    talk = Conversation(STATION, store.outbox, SystemClock(), RULES)
    deadline = time.monotonic() + patience
    try:
        while store.outbox_status().unsent and time.monotonic() < deadline:
            if talk.step().rest_until is not None:
                time.sleep(0.05)
        if left := store.outbox_status().unsent:
            tally.problems.append(f"{left} messages never went")
        tally.problems.extend(store.check().problems)
    finally:
        talk.close()
        store.close()


def judge(gateway: GatewayProcess, sealed: dict[str, str], tally: Tally) -> None:
    inside = gateway.inside
    with inside.database.reading() as connection:
        rows = connection.execute(select(item.c.kind, item.c.item_id, item.c.sha256)).all()
        entries = connection.scalar(select(func.count()).select_from(log_entry))
        apart = connection.scalar(select(func.count()).select_from(quarantine))
    there = {item_id: bytes(digest).hex() for kind, item_id, digest in rows if kind == 1}
    tally.sealed, tally.items = len(sealed), len(rows)
    if lost := [name for name, digest in sealed.items() if there.get(name) != digest]:
        tally.problems.append(f"{len(lost)} of {len(sealed)} sealed records lost or changed")
    if entries != len(rows):
        tally.problems.append("log and items differ")
    if apart:
        tally.problems.append(f"{apart} items falsely quarantined")
    pictures = [bytes(digest) for kind, _, digest in rows if kind == 2]
    tally.pictures = len(pictures)
    bad = sum(hashlib.sha256(inside.pictures.read(digest) or b"").digest() != digest for digest in pictures)
    if bad or len(pictures) != len(there):
        tally.problems.append(f"{bad} bad pictures, {len(there) - len(pictures)} missing")


def run(folder: Path, station_kills: int, gateway_kills: int, seed: int, url: str | None = None) -> Tally:
    chance, tally, began = random.Random(seed), Tally(), time.monotonic()
    gateway = GatewayProcess(folder / "gateway", url, workers=2, training=True)
    gateway.start()
    proxy = LinkProxy(gateway.port, STORMY, seed)
    station = folder / "station"
    mark_training_folder(station)
    enrolled_at(gateway, f"https://127.0.0.1:{proxy.port}", station)
    sealed: dict[str, str] = {}
    every = max(1, station_kills // gateway_kills) if gateway_kills else station_kills + 1
    try:
        for number in range(station_kills):

            def meanwhile(number: int = number) -> None:
                if number % every == every - 1 and tally.gateway_kills < gateway_kills:
                    gateway.kill()
                    tally.gateway_kills += 1

            sealed.update(live_and_die(station, number, chance.uniform(0.1, 1.2), meanwhile))
            tally.station_kills += 1
            if gateway.process is None:
                gateway.start()
        proxy.weather = Weather()
        calm(station, tally, 120.0)
        judge(gateway, sealed, tally)
    finally:
        proxy.close()
        gateway.stop()
    tally.resets, tally.stalls = proxy.counts.resets, proxy.counts.stalls
    tally.seconds = round(time.monotonic() - began, 1)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--station-kills", type=int, default=200)
    parser.add_argument("--gateway-kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="a PostgreSQL address (default: SQLite)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = run(Path(folder), options.station_kills, options.gateway_kills, options.seed, options.database)
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
