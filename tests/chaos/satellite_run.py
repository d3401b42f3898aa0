"""What a station feels of a satellite link, row by row: 500 decisions, the first alert cold, warm and beside pictures,
and photographs of 90 kB.

    python tests/chaos/satellite_run.py decisions|alerts|photographs [--loss 0.2] --json      (needs root)

Minutes each. ``voyage_run.py`` is the long one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import satellite_link
from satellite_link import Sky
from satellite_stage import STATION, Stage

from inspection_station.headquarters.loop import Conversation, ExchangeLoop
from inspection_station.headquarters.plan import Rules
from inspection_station.storage.clock import SystemClock

RULES = Rules(poll_seconds=3600)
PATIENCE = 900.0
Told = dict[str, float | list[float]]


def until(true: Callable[[], bool]) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > PATIENCE:
            raise SystemExit("it never came to an end")
        time.sleep(0.02)
    return round(time.monotonic() - began, 2)


class Talking:
    """The exchange as in the program: on a thread of its own, woken by what is sealed."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._talk = Conversation(STATION, stage.store.outbox, SystemClock(), RULES)
        self._loop = ExchangeLoop(self._talk, stage.store.outbox, SystemClock())
        stage.store.on_sealed(self._loop.wake)

    def __enter__(self) -> Talking:
        self._loop.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._loop.close()

    def alert(self) -> float:
        """Seconds from the sealed record to the receipt of its alert."""
        self.stage.seal(alarm=True)
        return until(lambda: self.stage.waiting()[0] == 0)


def decisions(stage: Stage, sky: Sky, count: int) -> Told:
    """Sealed before the link is there; from the first packet of the handshake to the last receipt."""
    for _ in range(count):
        stage.seal()
    link = stage.open(sky)
    with Talking(stage):
        spent = until(lambda: not any(stage.waiting()))
    found: Told = {"decisions": count, "seconds": spent, "bytes_each": round(link.up.octets / count)}
    link.close()
    return found


def alerts(stage: Stage, sky: Sky, count: int) -> Told:
    """So many of each: over a connection that must be made first, a warm one, and while pictures fill the link."""
    link, cold, warm, beside = stage.open(sky), list[float](), list[float](), list[float]()
    for _ in range(count):
        with Talking(stage) as talking:
            cold.append(talking.alert())
            until(lambda: not any(stage.waiting()))
    with Talking(stage) as talking:
        talking.alert()
        for _ in range(count):
            until(lambda: not any(stage.waiting()))
            time.sleep(2.0)
            warm.append(talking.alert())
        for _ in range(count * 25):
            stage.seal(12_000)
        until(lambda: not any(stage.waiting()[:2]))
        time.sleep(15.0)
        began, before = time.monotonic(), link.up.octets
        for _ in range(count):
            beside.append(talking.alert())
            time.sleep(5.0)
        used = (link.up.octets - before) / sky.rate / (time.monotonic() - began)
        if not stage.waiting()[2]:
            raise SystemExit("the pictures were through before the alerts")
    link.close()
    found: Told = {"link_used_meanwhile": round(used, 3)}
    for name, seconds in (("cold", cold), ("warm", warm), ("beside_pictures", beside)):
        found[name] = [statistics.median(seconds), max(seconds)]
    return found


def photographs(stage: Stage, sky: Sky, count: int, size: int = 90_000) -> Told:
    """From the first picture's first byte to the last receipt; the records went before."""
    for _ in range(count):
        stage.seal(size)
    link = stage.open(sky)
    with Talking(stage):
        until(lambda: not any(stage.waiting()[:2]))
        before = link.up.octets
        spent = until(lambda: not any(stage.waiting()))
    found: Told = {
        "photographs": count,
        "seconds": spent,
        "share_of_pictures": round(count * size / sky.rate / spent, 3),
        "share_of_link": round((link.up.octets - before) / sky.rate / spent, 3),
    }
    link.close()
    return found


ROWS = {"decisions": (decisions, 500), "alerts": (alerts, 15), "photographs": (photographs, 60)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--count", type=int)
    parser.add_argument("--rate", type=float, default=32_000.0, help="bytes a second (default 256 kbit/s)")
    parser.add_argument("--delay", type=float, default=0.3, help="seconds each way")
    parser.add_argument("--loss", type=float, default=0.05)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not satellite_link.available():
        sys.stderr.write("network namespaces need Linux and root\n")
        return 3
    measure, usual = ROWS[options.row]
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        try:
            told = measure(stage, Sky(options.rate, options.delay, options.loss), options.count or usual)
        finally:
            stage.close()
    sys.stdout.write(json.dumps({"row": options.row, "loss": options.loss, **told}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
