"""Kill a sealing process again and again and look at what it left. Run by the suite with few kills; by hand with many:

    python tests/storage/kill_run.py --kills 1000 --json

Each child opens the store, journals and seals inspections in a loop and reports every sealed one down a pipe once the
store has answered. The parent kills it (SIGKILL) at a random moment, opening included, and checks the store: most of
the moments count from the first, second or third answer, which comes sooner or later by the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from store_stories import decided, hit, picture, record, story

from inspection_station.inspection.events import InspectionStarted
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

STANDS = "stands"
ANSWER_SECONDS = 60.0  # at most; a child that answers nothing for so long is killed as it is
FOLDERS_OF = 50  # kills before a fresh folder, so that the checks stay short


@dataclass
class Tally:
    kills: int = 0
    acknowledged: int = 0
    sealed: int = 0
    unfinished: int = 0
    before_first_seal: int = 0
    problems: list[str] = field(default_factory=list)


def opened(folder: Path) -> StationStore:
    return StationStore.open(folder, TrainingFolderKeys(folder), station_id="kill", clock=SystemClock())


def seal_for_ever(folder: Path, seed: int, pipe: int, stands_at: int | None) -> None:
    """The child. Never returns. ``stands_at``: the number of the inspection that it does not end."""
    store = opened(folder)
    number = 0
    while True:
        name = f"{seed}-{number}"
        for event in story(name):
            store.journal(name, event)
        if number == stands_at:
            store.flush(ANSWER_SECONDS)
            os.write(pipe, f"{STANDS} {name}\n".encode())
            signal.pause()
        portrait, data = picture(name, 6000)
        whole = record(name, pictures=(("portrait", portrait),), hits=(hit(),) if number % 5 == 0 else ())
        receipt = store.seal(whole, {portrait.sha256: data}, decided()).result()
        os.write(pipe, f"{name} {receipt.record_hash}\n".encode())
        number += 1


def kill_one(folder: Path, seed: int, answers: int, wait: float, *, stands: bool) -> list[tuple[str, str]]:
    """Start a child, kill it ``wait`` seconds after so many answers, and give back what the store had answered to it.
    ``stands``: with an inspection in hand for certain.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            seal_for_ever(folder, seed, writing, answers if stands else None)
        finally:
            os._exit(70)
    os.close(writing)
    said = b""
    while said.count(b"\n") < answers + stands and select.select([reading], [], [], ANSWER_SECONDS)[0]:
        more = os.read(reading, 4096)
        said += more
        if not more:
            break
    time.sleep(wait)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        lines = (said + pipe.read()).decode().splitlines(keepends=True)
    told = [line.split() for line in lines if line.endswith("\n")]
    return [(name, digest) for name, digest in told if name != STANDS]


def look(folder: Path, acknowledged: dict[str, str], tally: Tally) -> None:
    """Every acknowledged record is there once and whole, the chain holds, journals can be read."""
    store = opened(folder)
    try:
        report = store.check()
        tally.problems.extend(report.problems)
        rows = store.records(1_000_000)
        found = {row.inspection_id: row.record_hash for row in rows}
        if len(found) != len(rows):
            tally.problems.append("an inspection is there twice")
        lost = [name for name, digest in acknowledged.items() if found.get(name) != digest]
        if lost:
            tally.problems.append(f"{len(lost)} acknowledged records lost or changed")
        if report.blobs != report.records:
            tally.problems.append("a record without its picture")
        for left in store.unfinished():
            tally.unfinished += 1
            whole = story(left.inspection_id)
            if left.damaged or left.events != whole[: len(left.events)]:
                tally.problems.append("an unfinished journal cannot be read in order")
            if not isinstance(left.events[0], InspectionStarted) or left.inspection_id in found:
                tally.problems.append("a journal and a record of the same inspection")
            store.discard_journal(left.inspection_id)
        tally.sealed = len(rows)
    finally:
        store.close()


def run(kills: int, seed: int, folder: Path, slowest: float) -> Tally:
    chance = random.Random(seed)
    tally = Tally()
    acknowledged: dict[str, str] = {}
    for number in range(kills):
        place = folder / f"{number // FOLDERS_OF}"
        if number % FOLDERS_OF == 0:
            mark_training_folder(place)
            acknowledged = {}
        answers = chance.choice((1, 2, 3)) if number % 4 else 0
        wait = chance.uniform(0.0, slowest) if number else 0.0
        answered = kill_one(place, number, answers, wait, stands=number % 10 == 9)
        acknowledged.update(answered)
        tally.kills += 1
        tally.acknowledged += len(answered)
        tally.before_first_seal += not answered
        look(place, acknowledged, tally)
        if tally.problems:
            break
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slowest", type=float, default=0.25, help="longest life of a child in seconds, from then on")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = run(options.kills, options.seed, Path(folder), options.slowest)
    sys.stdout.write(json.dumps(vars(tally)) + "\n" if options.json else f"{vars(tally)}\n")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
