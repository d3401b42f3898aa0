"""Power cuts of the station and of the gateway, on a disk that loses and tears what was not synchronised; then a count.

    python tests/chaos/power_run.py --cuts 300 --json      (``make power-cuts``; Linux, root)

The station seals and exchanges, the gateway runs two workers, each on a disk of its own (``losing_disk``). After a cut
the station's store is opened from what is left: every record that was answered for must be there, whole, with its
picture. Nothing that the gateway gave a receipt for may be gone: it must never come to know that it lost anything, so
its epoch stays the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import chaos_run
from chaos_run import Tally, calm, enrolled_at, judge, opened, start_of_a_life, told_by
from gateway_process import GatewayProcess
from losing_disk import LosingDisk
from sqlalchemy import func, select

from inspection_station.gateway.tables import epoch
from inspection_station.storage.errors import StoreUnavailable
from inspection_station.storage.keys import mark_training_folder


@dataclass
class Cuts:
    station: int = 0
    gateway: int = 0
    both: int = 0
    answered_for: int = 0
    sealed: int = 0
    items: int = 0
    pictures: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class Run:
    """One storm."""

    def __init__(self, folder: Path, seed: int, lying: bool) -> None:
        self.chance = random.Random(seed)
        self.cuts = Cuts()
        self.sealed: dict[str, str] = {}
        self.sea = LosingDisk(folder / "station-disk", folder / "station", lying=lying)
        self.land = LosingDisk(folder / "gateway-disk", folder / "gateway")
        self.sea.plug_in()
        self.land.plug_in()
        self.gateway = GatewayProcess(self.land.mounted, workers=2, training=True)
        self.gateway.start()
        mark_training_folder(self.sea.mounted)
        enrolled_at(self.gateway, self.gateway.address, self.sea.mounted)

    def life(self, number: int) -> None:
        """The station lives for a moment; then one of the two, or both, lose their power."""
        who = self.chance.choices(("station", "gateway", "both"), (6, 3, 1))[0]
        seed, strict = self.chance.getrandbits(32), self.chance.random() < 0.5
        child, pipe = start_of_a_life(self.sea.mounted, number)
        told = told_by(pipe, self.chance.uniform(0.2, 1.6))
        if who != "gateway":
            self.sea.lose_power(seed, strict=strict)
        if who != "station":
            self.land.lose_power(seed + 1, strict=strict)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told |= told_by(pipe, 0.0)
        os.close(pipe)
        self.sealed |= told
        self.cuts.answered_for += len(told)
        setattr(self.cuts, who, getattr(self.cuts, who) + 1)
        if who != "station":
            self.power_of_the_gateway_returns()
        if who != "gateway":
            self.sea.pull_out()
            self.look()
            self.sea.plug_in()

    def power_of_the_gateway_returns(self) -> None:
        self.gateway.inside.database.close()
        self.gateway.kill()
        self.land.pull_out()
        self.land.plug_in()
        self.gateway.start()

    def look(self) -> None:
        """What the cut left of the station's store, without its disk."""
        try:
            store = opened(self.sea.base)
        except StoreUnavailable as fault:
            self.cuts.problems.append(f"cut {self.done}: the store does not open: {fault.code}")
            return
        try:
            found = {row.inspection_id: row.record_hash for row in store.records(1_000_000)}
            if lost := [name for name, digest in self.sealed.items() if found.get(name) != digest]:
                self.cuts.problems.append(f"cut {self.done}: {len(lost)} records lost or changed at the station")
            self.cuts.problems.extend(f"cut {self.done}: {one}" for one in store.check().problems)
        finally:
            store.close()

    @property
    def done(self) -> int:
        return self.cuts.station + self.cuts.gateway + self.cuts.both

    def end(self) -> None:
        """Everything goes over on a good link; then headquarters is counted."""
        tally = Tally()
        calm(self.sea.mounted, tally, 300.0)
        judge(self.gateway, self.sealed, tally)
        with self.gateway.inside.database.reading() as connection:
            if (epochs := connection.scalar(select(func.count()).select_from(epoch)) or 0) > 1:
                tally.problems.append(f"the gateway lost what it had given receipts for: {epochs} epochs")
        self.cuts.sealed, self.cuts.items, self.cuts.pictures = tally.sealed, tally.items, tally.pictures
        self.cuts.problems.extend(tally.problems)

    def close(self) -> None:
        self.gateway.stop()
        self.sea.pull_out()
        self.land.pull_out()


def run(folder: Path, cuts: int, seed: int, lying: bool = False) -> Cuts:
    began = time.monotonic()
    storm = Run(folder, seed, lying)
    try:
        for number in range(cuts):
            storm.life(number)
            if storm.cuts.problems:
                break
        else:
            storm.end()
    finally:
        storm.close()
    storm.cuts.seconds = round(time.monotonic() - began, 1)
    return storm.cuts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lying", action="store_true", help="the station's disk only says that it synchronised")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not LosingDisk.possible():
        sys.stderr.write("a disk that loses can be mounted on Linux by root alone, with /dev/fuse\n")
        return 3
    chaos_run.STATION = "power"
    with tempfile.TemporaryDirectory() as folder:
        cuts = run(Path(folder), options.cuts, options.seed, options.lying)
    sys.stdout.write(json.dumps(asdict(cuts)) + "\n")
    return 1 if cuts.problems else 0


if __name__ == "__main__":
    sys.exit(main())
