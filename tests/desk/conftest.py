"""A desk with scripted instruments and a real store, opened and closed around each test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_TESTS = Path(__file__).resolve().parents[1]
for _folder in (_TESTS, _TESTS / "inspection"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from desk_bench import Bench  # noqa: E402


@pytest.fixture
def open_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Opens benches on the test's folder; what is left open is closed."""
    opened: list[Bench] = []

    def opening(**changes: Any) -> Bench:
        opened.append(Bench(tmp_path / "store", **changes))
        return opened[-1]

    yield opening
    for bench in opened:
        bench.close()


@pytest.fixture
def bench(open_bench: Callable[..., Bench]) -> Bench:
    return open_bench()
