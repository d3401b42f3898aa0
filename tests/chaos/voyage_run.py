"""A voyage's records over a satellite link that is cut three times: what came first, how much of the link was used, and
whether anything came twice.

    python tests/chaos/voyage_run.py --records 3000 --json      (``make voyage``; needs root, takes 25 minutes)

Station and gateway stand in network namespaces of their own; TCP, TLS, store and database are the real ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import satellite_link
from chaos_run import Tally, judge
from gateway_process import GatewayProcess
from satellite_link import SatelliteLink, Sky
from satellite_stage import STATION, Stage
from sqlalchemy import func, select

from inspection_station.gateway.tables import log_entry
from inspection_station.headquarters.loop import Conversation
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.receipts import Kind
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.store import StationStore


@dataclass
class Voyage:
    records: int = 0
    alerts: int = 0
    seconds: float = 0.0
    cuts: int = 0
    cut_seconds: float = 0.0
    alerts_after: float = 0.0
    decisions_after: float = 0.0
    decisions_first: bool = False
    payload: int = 0
    on_the_link: int = 0
    lost_packets: float = 0.0
    share_of_link: float = 0.0
    share_of_pictures: float = 0.0
    share_deliverable: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Cutter:
    """Cuts the link when so many of the voyage's bytes have gone up."""

    def __init__(self, link: SatelliteLink, moments: list[int], seconds: float) -> None:
        self._link, self._moments, self._seconds = link, moments, seconds
        self.cuts, self.ended = 0, threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._moments and not self.ended.wait(0.5):
            if self._link.up.octets >= self._moments[0]:
                self._moments.pop(0)
                self._link.cut(self._seconds)
                self.cuts += 1


class Sampler:
    """Looks into the store twice a second for the moment when alerts, and then decisions, were through."""

    def __init__(self, store: StationStore, voyage: Voyage) -> None:
        self._store, self._voyage = store, voyage
        self._began, self._ended = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        voyage = self._voyage
        while not self._ended.wait(0.5) and not voyage.decisions_after:
            waiting = [lane.messages for lane in self._store.outbox.backlog()]
            spent = round(time.monotonic() - self._began, 1)
            if not waiting[0] and not voyage.alerts_after:
                voyage.alerts_after = spent
            if not waiting[0] and not waiting[1]:
                voyage.decisions_after = spent


def exchange(store: StationStore, voyage: Voyage, patience: float) -> None:
    """Until nothing waits."""
    talk = Conversation(STATION, store.outbox, SystemClock(), Rules(poll_seconds=3600))
    began, sampler = time.monotonic(), Sampler(store, voyage)
    try:
        while time.monotonic() - began < patience:
            progress = talk.step()
            if progress.fault:
                voyage.faults[progress.fault] = voyage.faults.get(progress.fault, 0) + 1
            if not any(lane.messages for lane in store.outbox.backlog()):
                break
            if progress.rest_until is not None:
                time.sleep(max(0.05, min(5.0, (progress.rest_until - SystemClock().now()).total_seconds())))
    finally:
        voyage.seconds = round(time.monotonic() - began, 1)
        sampler.end()
        talk.close()


def run(folder: Path, options: argparse.Namespace) -> Voyage:
    voyage, stage = Voyage(records=options.records), Stage(folder)
    for number in range(options.records):
        stage.seal(options.portrait, alarm=number % options.alert_every == 0)
    voyage.alerts = stage.waiting()[0]
    link = stage.open(Sky(rate=options.rate, delay=options.delay, loss=options.loss))
    whole = options.records * options.portrait
    moments = [whole * (number + 1) // (options.cuts + 1) for number in range(options.cuts)]
    cutter = Cutter(link, moments, options.cut_seconds)
    try:
        exchange(stage.store, voyage, options.patience)
    finally:
        cutter.ended.set()
        link.close()
    voyage.cuts, voyage.cut_seconds = cutter.cuts, link.cut_seconds
    measure(voyage, link, whole)
    tally = Tally()
    judge(stage.gateway, stage.sealed, tally)
    voyage.problems += tally.problems
    voyage.decisions_first = decisions_first(stage.gateway)
    if stage.store.outbox_status().unsent:
        voyage.problems.append(f"{stage.store.outbox_status().unsent} messages never went")
    stage.close()
    return voyage


def measure(voyage: Voyage, link: SatelliteLink, pictures: int) -> None:
    """``share_of_link``: what the station put on the link, headers, lost packets and packets sent again among it.
    ``share_of_pictures``: the pictures' own bytes alone, from the last decision's receipt to the last picture's. Of
    both only the seconds of the cuts themselves are left out: noticing them, coming back, and the last stragglers
    count.
    """
    up = link.up
    voyage.payload, voyage.on_the_link = pictures, up.octets
    voyage.lost_packets = round(up.lost / max(1, up.packets), 3)
    open_seconds = voyage.seconds - voyage.cut_seconds
    rate = link.sky.rate
    voyage.share_of_link = round(up.octets / rate / open_seconds, 3)
    voyage.share_of_pictures = round(pictures / rate / (open_seconds - voyage.decisions_after), 3)
    voyage.share_deliverable = round(voyage.share_of_pictures / (1 - link.sky.loss), 3)


def decisions_first(gateway: GatewayProcess) -> bool:
    """Whether the last decision stands in headquarters' log before the first picture."""
    with gateway.inside.database.reading() as connection:
        last = connection.scalar(select(func.max(log_entry.c.position)).where(log_entry.c.kind != Kind.PICTURE))
        first = connection.scalar(select(func.min(log_entry.c.position)).where(log_entry.c.kind == Kind.PICTURE))
    return last is not None and first is not None and last < first


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3000)
    parser.add_argument("--portrait", type=int, default=12_000, help="bytes")
    parser.add_argument("--alert-every", type=int, default=100)
    parser.add_argument("--rate", type=float, default=32_000.0, help="bytes a second (default 256 kbit/s)")
    parser.add_argument("--delay", type=float, default=0.3, help="seconds each way")
    parser.add_argument("--loss", type=float, default=0.05)
    parser.add_argument("--cuts", type=int, default=3)
    parser.add_argument("--cut-seconds", type=float, default=30.0)
    parser.add_argument("--patience", type=float, default=3600.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not satellite_link.available():
        sys.stderr.write("network namespaces need Linux and root\n")
        return 3
    with tempfile.TemporaryDirectory() as folder:
        voyage = run(Path(folder), options)
    sys.stdout.write(json.dumps(asdict(voyage)) + "\n")
    return 1 if voyage.problems else 0


if __name__ == "__main__":
    sys.exit(main())
