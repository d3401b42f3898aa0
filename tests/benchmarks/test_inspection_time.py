"""The software's share of an inspection: all steps, device time excluded, over real travellers on the real station.

The training camera draws its frames on the same two cores that judge them, so it films at life's pace (30 frames a
second) and each traveller is drawn beforehand. Shown with the load of the machine, since a busy one counts twice.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from inspection_station.cli.play import Play, perform, software_ms
from inspection_station.station_profile import load_profile

TRAVELLERS = int(os.environ.get("STATION_BENCHMARK_TRAVELLERS", "50"))


def at(share: float, values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


@pytest.mark.benchmark
def test_the_softwares_share_of_an_inspection(tmp_path: Path) -> None:
    profile = replace(load_profile("training", data_folder=tmp_path / "data"), pace=1.0)
    report = perform(profile, Play("quayside", 20, TRAVELLERS, 1.0))
    travellers = report["travellers"]
    assert report["lost"] == 0
    steps: dict[str, list[float]] = defaultdict(list)
    for one in travellers:
        for step in one["steps"]:
            if step["outcome"] == "taken":
                steps[step["step"]].append(step["ms"] - step["device_ms"])
    whole = [software_ms(one) for one in travellers]
    print(f"\n{len(whole)} travellers, load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, values in {**steps, "whole inspection": whole}.items():
        print(f"{name:17} {len(values):4}  p50 {at(0.5, values):6.0f} ms  p95 {at(0.95, values):6.0f} ms")
    assert whole
