"""How long a station waits for agencies' systems, played on this machine, through one worker over mutual TLS."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from agency_world import PlayedAgencies, about_document, about_person, lost, wanted
from gateway_process import GatewayProcess

from inspection_station.gateway.agencies.configuration import FILE, configuration
from inspection_station.headquarters.online_checks import OnlineChecks
from inspection_station.headquarters.questions import Outcome

pytestmark = pytest.mark.benchmark
ROUNDS = 60


def test_four_systems_are_asked_within_a_tenth_of_the_deadline(tmp_path: Path) -> None:
    played, gateway = PlayedAgencies(), GatewayProcess(tmp_path / "gateway")
    (gateway.folder / FILE).write_text(configuration(played.url, False), encoding="utf-8")
    played.start()
    gateway.start()
    identity = gateway.enrolled("station-1")
    checks = OnlineChecks("station-1", lambda: identity)
    spent: dict[str, list[float]] = {"all well": [], "one dead": [], "one slow": []}
    try:
        checks.ask(about_document(lost(0))).answers()
        for name, faults in (("all well", ()), ("one dead", ("rmas:down",)), ("one slow", ("webapis:slow",))):
            with played.wrong(*faults):
                for _ in range(ROUNDS):
                    began = time.perf_counter()
                    given = checks.ask(about_person(wanted()), about_document(lost(0))).answers()
                    spent[name].append((time.perf_counter() - began) * 1000)
                    assert sum(one.outcome is not Outcome.NOT_CHECKED for one in given) >= 3 - bool(faults)
    finally:
        checks.close()
        played.stop()
        gateway.stop()
    for name, times in spent.items():
        ordered = sorted(times)
        print(f"{name}: median {statistics.median(ordered):.0f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.0f} ms")
