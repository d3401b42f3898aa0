"""The fuzz run itself: it begins with inputs that are good, and it notices what falls, hangs or swells."""

from __future__ import annotations

import random
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

_HERE = str(Path(__file__).resolve().parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

import run_fuzz  # noqa: E402
from fuzz_targets import EXPECTED, TARGETS  # noqa: E402


@pytest.fixture(autouse=True)
def _alarm() -> None:
    signal.signal(signal.SIGVTALRM, run_fuzz._raise_hang)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_hundred_altered_inputs_are_taken_or_refused(name: str) -> None:
    target, chance = TARGETS[name], random.Random(1)
    for data in (*target.seeds, *(run_fuzz.altered(target.seeds, chance) for _ in range(100))):
        assert run_fuzz.tried(target.run, EXPECTED, data) is None


def test_an_untyped_error_is_a_find() -> None:
    trace = run_fuzz.tried(lambda data: data[5], EXPECTED, b"")
    assert trace is not None
    assert "IndexError" in trace


def test_an_endless_loop_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_fuzz, "HANG_SECONDS", 0.05)

    def loop(data: bytes) -> None:
        while True:
            with suppress(Exception):
                data += b""

    trace = run_fuzz.tried(loop, EXPECTED, b"")
    assert trace is not None
    assert "Hang" in trace


def test_alterations_stay_within_what_a_chip_could_hold() -> None:
    chance = random.Random(2)
    assert all(len(run_fuzz.altered((bytes(60_000),), chance)) <= run_fuzz.LARGEST for _ in range(200))
