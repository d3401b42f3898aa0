"""A store of every released schema is opened, brought forward, and loses nothing.

``released/schema-NNNN.db`` were written by the program that had that schema, under ``KeysInMemory``'s key. They hold
three sealed inspections (0197-0001 to 0197-0003, the second with a list hit) and the journal of a fourth.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from store_stories import KeysInMemory, SteppingClock

from inspection_station.storage.migrations import shipped
from inspection_station.storage.store import StationStore

RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.db"))


@pytest.mark.parametrize("database", RELEASED, ids=lambda path: path.stem)
def test_a_released_store_goes_forward_and_loses_nothing(
    database: Path, tmp_path: Path, keys: KeysInMemory, clock: SteppingClock, open_store: Callable[[], StationStore]
) -> None:
    shutil.copy(database, tmp_path / "station.db")
    keys.key(create=True)
    store = open_store()
    report = store.check()
    assert report.problems == ()
    assert report.schema_version == len(shipped())
    assert [row.inspection_id for row in store.records()] == ["0197-0003", "0197-0002", "0197-0001"]
    assert store.record("0197-0002") is not None
    assert [left.inspection_id for left in store.unfinished()] == ["0197-0004"]
    assert store.outbox_status().unsent == 7
    assert len(store.outbox.ready(clock.now(), 100)) == 7


def test_there_is_a_fixture_for_every_schema_before_this_one() -> None:
    assert [path.stem for path in RELEASED] == [f"schema-{number:04d}" for number in range(1, len(shipped()))]
