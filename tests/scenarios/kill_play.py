"""Kill a played lesson again and again and look at what it left. Run by the suite with few kills; by hand with many:

    python tests/scenarios/kill_play.py --kills 200 --json

Each child is ``inspection-station play`` on one data folder: the training devices, the real comparison, the real store.
It says on standard error which record the store has answered for. The parent kills it (SIGKILL) at a random
moment, start-up included, opens the store, and starts the next one on the same folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from inspection_station.inspection.events import InspectionStarted
from inspection_station.inspection.workflow import replay
from inspection_station.resource_path import resource
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.errors import StoreMissing, StoreUnavailable
from inspection_station.storage.keys import TrainingFolderKeys, is_training_folder
from inspection_station.storage.reader import StoreReader

FOLDERS_OF = 25  # kills before a fresh folder
EVERYTHING = 1_000_000
WELL_UNDER_WAY = 0.7  # share of kills after the first record; the others may hit the start as well


@dataclass
class Tally:
    kills: int = 0
    acknowledged: int = 0
    sealed: int = 0
    messages: int = 0
    unfinished: int = 0
    stages: Counter[str] = field(default_factory=Counter)  # of the inspections that were cut off
    dispositions: Counter[str] = field(default_factory=Counter)
    before_first_record: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class Lesson:
    """One ``play`` in a process of its own."""

    def __init__(self, folder: Path, seed: int, travellers: int, profiles: Path | None) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        if profiles is not None:
            environment["STATION_PROFILES"] = str(profiles)
        words = ["play", "--seed", str(seed), "--travellers", str(travellers), "--data", str(folder)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "inspection_station", *words, "--progress", "--json"],
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env=environment,
        )

    def kill_after(self, seconds: float) -> bool:
        """False when it had ended before."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            return True
        return False

    def wait_for_a_record(self, seconds: float) -> None:
        """Until it has said the first one; how long its start takes depends on the machine."""
        until = time.monotonic() + seconds
        while not self.acknowledged() and self._process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)

    def finish(self) -> int:
        """Its exit code; that of a killed process where it does not end, which on a crowded machine takes long."""
        self.kill_after(1800)
        return self._process.wait()

    def acknowledged(self) -> dict[str, str]:
        """Hash by id, of every whole line."""
        file = self._said.fileno()
        said = os.pread(file, os.fstat(file).st_size, 0).decode()  # the child writes on where this file's place is
        lines = [line for line in said.splitlines(keepends=True) if line.startswith('{"sealed"')]
        told = [json.loads(line)["sealed"] for line in lines if line.endswith("\n")]
        return {one["id"]: one["hash"] for one in told}

    def complaints(self) -> str:
        self._said.seek(0)
        return "".join(line for line in self._said if not line.startswith('{"sealed"'))[-600:]


def look(folder: Path, acknowledged: dict[str, str], tally: Tally) -> None:
    """Every acknowledged record is there once and whole with its message; the chain holds; journals can be read."""
    if not is_training_folder(folder):
        if acknowledged:
            tally.problems.append("records were acknowledged and there is no store")
        return
    try:
        reader = StoreReader.open(folder, TrainingFolderKeys(folder), clock=SystemClock())
    except StoreMissing:
        if acknowledged:
            tally.problems.append("records were acknowledged and there is no store")
        return
    except StoreUnavailable as fault:
        if acknowledged or fault.code not in (
            "STO-03",
            "STO-06",
        ):  # killed while the schema was being written: nothing was kept yet
            tally.problems.append(f"the store does not open: {type(fault).__name__} {fault.detail}")
        return
    try:
        report = reader.check()
        tally.problems.extend(report.problems)
        rows = reader.records(EVERYTHING)
        found = {row.inspection_id: row.record_hash for row in rows}
        if len(found) != len(rows):
            tally.problems.append("an inspection is there twice")
        lost = [name for name, digest in acknowledged.items() if found.get(name) != digest]
        if lost:
            tally.problems.append(f"{len(lost)} acknowledged records lost or changed")
        if report.messages < report.records + report.blobs:
            tally.problems.append("a record or picture without its message")
        for row in rows:
            whole = reader.record(row.inspection_id)
            if whole is None or whole.record is None:
                tally.problems.append("a record cannot be read")
            elif (ended := replay(whole.history)) is None or ended.decision != whole.record.decision:
                tally.problems.append("a record's events do not lead to its decision")
        left = reader.unfinished()
        for journal in left:
            begun = replay(journal.events) if not journal.damaged else None
            if begun is None or not isinstance(journal.events[0], InspectionStarted):
                tally.problems.append("an unfinished journal cannot be read")
            elif journal.inspection_id in found:
                tally.problems.append("a journal and a record of the same inspection")
            else:
                tally.stages[begun.stage.value] += 1
        tally.unfinished += len(left)
        tally.sealed, tally.messages = len(rows), report.messages
        tally.dispositions = Counter(row.disposition for row in rows)
    finally:
        reader.close()


def swiping(folder: Path) -> Path:
    """The training profile with a swipe reader, which reads in no time."""
    text = resource("profiles", "training.toml").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    swipe = text.replace('driver = "training-document"', 'driver = "training-document"\ngives = "swipe"')
    (folder / "training.toml").write_text(swipe, encoding="utf-8")
    return folder


def run(kills: int, seed: int, folder: Path, fastest: float, slowest: float, profiles: Path | None) -> Tally:
    chance = random.Random(seed)
    whole, began = Tally(), time.monotonic()
    acknowledged: dict[str, str] = {}
    sealed_before = messages_before = 0
    for number in range(kills):
        place = folder / f"{number // FOLDERS_OF}"
        if number % FOLDERS_OF == 0:
            acknowledged = {}
            sealed_before, messages_before = sealed_before + whole.sealed, messages_before + whole.messages
            whole.sealed = whole.messages = 0
        lesson = Lesson(place, seed * 1000 + number, 50, profiles)
        if chance.random() < WELL_UNDER_WAY:
            lesson.wait_for_a_record(180)
            killed = lesson.kill_after(chance.uniform(0.0, slowest - fastest))
        else:
            killed = lesson.kill_after(chance.uniform(fastest, slowest))
        told = lesson.acknowledged()
        if not killed:
            whole.problems.append(f"a lesson ended by itself: {lesson.complaints()}")
        acknowledged |= told
        whole.kills += killed
        whole.acknowledged += len(told)
        whole.before_first_record += not told
        look(place, acknowledged, whole)
        if whole.problems:
            break
        if number == kills - 1 or (number + 1) % FOLDERS_OF == 0:
            last = Lesson(place, seed, 1, profiles)  # and on it goes: what was cut off is closed, nothing is left over
            code, unfinished = last.finish(), whole.unfinished
            acknowledged |= last.acknowledged()
            look(place, acknowledged, whole)
            if code != 0 or whole.unfinished != unfinished:
                whole.problems.append(f"the lesson does not go on (exit {code}): {last.complaints()}")
    whole.sealed += sealed_before
    whole.messages += messages_before
    whole.seconds = round(time.monotonic() - began, 1)
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fastest", type=float, default=1.0, help="shortest life of a lesson in seconds")
    parser.add_argument("--slowest", type=float, default=15.0, help="longest life of a lesson in seconds")
    parser.add_argument("--swipe", action="store_true", help="documents are swiped, not photographed: quicker")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-play-") as name:
        folder = Path(name)
        profiles = swiping(folder / "profiles") if options.swipe else None
        tally = run(options.kills, options.seed, folder, options.fastest, options.slowest, profiles)
    if options.json:
        sys.stdout.write(json.dumps(vars(tally)) + "\n")
    else:
        sys.stdout.write(f"{tally}\n")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
