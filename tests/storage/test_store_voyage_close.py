"""Closing a voyage: what is covered by receipts goes, the store moves to a fresh key, and no crash leaves none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from store_stories import KeysInMemory, SteppingClock, decided, picture, record, story

from inspection_station.inspection.outbox import ExchangeState, LogHead, Settlement, SignedReceipt
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.connection import Connection, open_reader
from inspection_station.storage.errors import AlreadyOpen, InspectionOpen, NotADatabase, StoreUnavailable
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.moving import MOVING
from inspection_station.storage.reader import StoreReader
from inspection_station.storage.store import StationStore
from inspection_station.storage.voyage_close import ClosingStep

AT_ONCE = timedelta(0)
PATIENCE = 30.0


def sealed(store: StationStore, name: str) -> None:
    portrait, data = picture(name, 20_000)
    store.seal(record(name, pictures=(("portrait", portrait),)), {portrait.sha256: data}, decided()).result(PATIENCE)


def confirm(store: StationStore, clock: Any, *, durable: int) -> None:
    """Headquarters has all that waits, in order of the outbox; ``durable`` entries of its log cannot be lost there."""
    waiting = sorted(store.outbox.ready(clock.now() + timedelta(days=1), 1000), key=lambda item: item.position)
    state = store.outbox.state()
    size = state.head.size + len(waiting)
    placed = tuple((item.position, state.head.size + n) for n, item in enumerate(waiting))
    head = LogHead(0, size, bytes(32), durable)
    store.outbox.settle(Settlement(ExchangeState(head), receipt=SignedReceipt("hq", b"said", bytes(64), placed)))


def whole(store: StationStore) -> list[str]:
    """Records whose content can still be read."""
    found = (store.record(stored.inspection_id) for stored in store.records(1000))
    return sorted(one.inspection_id for one in found if one is not None and one.record is not None)


def test_what_headquarters_holds_for_good_goes_and_the_rest_stays(
    store: StationStore, clock: SteppingClock, raw: Callable[[], Connection]
) -> None:
    for name in ("a", "b"):
        sealed(store, name)
    clock.moment += timedelta(minutes=1)
    confirm(store, clock, durable=2)  # decision and picture of the first
    sealed(store, "c")
    closed = store.close_voyage(AT_ONCE).result(PATIENCE)
    assert (closed.purged, closed.kept, closed.waiting) == (1, 2, 2)
    assert closed.old_key_destroyed
    assert whole(store) == ["b", "c"]
    assert [stored.inspection_id for stored in store.records()] == ["c", "b", "a"]
    assert store.check().sound
    assert "voyage closed" in [entry.act for entry in store.audit()]
    sealed(store, "d")
    assert whole(store) == ["b", "c", "d"]
    assert raw().execute("pragma journal_mode").fetchone()[0] == "wal"


def test_what_is_not_old_enough_stays(store: StationStore, clock: SteppingClock) -> None:
    sealed(store, "a")
    confirm(store, clock, durable=2)
    assert store.close_voyage(timedelta(days=30)).result(PATIENCE).purged == 0
    clock.moment += timedelta(days=31)
    assert store.close_voyage(timedelta(days=30)).result(PATIENCE).purged == 1


def test_the_key_before_opens_nothing_any_more(tmp_path: Path, store: StationStore, keys: KeysInMemory) -> None:
    before = keys.key(create=False)
    sealed(store, "a")
    store.close_voyage(AT_ONCE).result(PATIENCE)
    assert keys.key(create=False) != before
    with pytest.raises(NotADatabase):
        open_reader(tmp_path, before)
    assert not list(tmp_path.glob(MOVING + "*"))


def test_the_store_opens_again_in_the_same_incarnation(open_store: Callable[[], StationStore]) -> None:
    store = open_store()
    sealed(store, "a")
    store.close_voyage(AT_ONCE).result(PATIENCE)
    incarnation = store.incarnation
    store.close()
    again = open_store()
    assert again.incarnation == incarnation
    assert whole(again) == ["a"]


def test_nothing_is_closed_while_an_inspection_is_open(store: StationStore, keys: KeysInMemory) -> None:
    before = keys.key(create=False)
    store.journal("open", story("open")[0])
    with pytest.raises(InspectionOpen):
        store.close_voyage(AT_ONCE).result(PATIENCE)
    assert keys.key(create=False) == before
    sealed(store, "a")


def test_a_reader_elsewhere_is_waited_for_and_then_told(
    tmp_path: Path, store: StationStore, keys: KeysInMemory, clock: SteppingClock
) -> None:
    sealed(store, "a")
    before = keys.key(create=False)
    reader = StoreReader.open(tmp_path, keys, clock=clock)
    with pytest.raises(AlreadyOpen):
        store.close_voyage(AT_ONCE).result(PATIENCE)
    assert not list(tmp_path.glob(MOVING + "*"))
    assert keys.key(create=False) == before
    sealed(store, "b")
    reader.close()
    store.close_voyage(AT_ONCE).result(PATIENCE)
    assert whole(store) == ["a", "b"]


def test_a_key_store_that_refuses_the_change_loses_nothing(
    open_store: Callable[[], StationStore], keys: KeysInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise StoreUnavailable("locked")

    store = open_store()
    sealed(store, "a")
    with monkeypatch.context() as locked:
        locked.setattr(keys, "take_coming_key", refuse)
        assert not store.close_voyage(AT_ONCE).result(PATIENCE).old_key_destroyed
        sealed(store, "b")
        store.close()
    again = open_store()
    assert whole(again) == ["a", "b"]
    assert keys.coming_key() is None


def test_progress_tells_every_step(store: StationStore) -> None:
    seen: list[ClosingStep] = []
    for n in range(40):
        sealed(store, f"i{n}")
    store.close_voyage(AT_ONCE, lambda step, share: seen.append(step)).result(PATIENCE)
    assert list(dict.fromkeys(seen)) == list(ClosingStep)


def test_what_was_asked_meanwhile_is_written_into_the_new_store(store: StationStore) -> None:
    sealed(store, "a")
    asked: list[Future[Any]] = []

    def ask(step: ClosingStep, share: float) -> None:
        if step is ClosingStep.CHANGE:
            asked.append(store.seal(record("late"), {}, decided()))

    store.close_voyage(AT_ONCE, ask).result(PATIENCE)
    asked[0].result(PATIENCE)
    assert whole(store) == ["a", "late"]


def test_a_voyage_counts_its_bytes_from_nothing(store: StationStore) -> None:
    store.outbox.set_budget("first", 1000)
    state = store.outbox.state()
    store.outbox.settle(Settlement(ExchangeState(state.head, voyage="first", used_bytes=900)))
    store.close_voyage(AT_ONCE).result(PATIENCE)
    after = store.outbox.state()
    assert (after.budget_bytes, after.used_bytes) == (1000, 0)
    assert after.voyage != "first"
    # A round that was under way over the old voyage does not put its bytes on the new one.
    store.outbox.settle(Settlement(ExchangeState(state.head, voyage="first", used_bytes=950)))
    assert store.outbox.state().used_bytes == 0


def test_due_records_go_by_themselves_and_never_while_an_inspection_is_open(
    store: StationStore, clock: SteppingClock
) -> None:
    for n in range(60):
        sealed(store, f"i{n:02}")
    clock.moment += timedelta(minutes=1)
    confirm(store, clock, durable=120)
    store.journal("open", story("open")[0])
    store.flush(PATIENCE)
    store.keep_for(AT_ONCE, first_look=0.0)
    assert not _until(lambda: len(whole(store)) < 60, 0.5)
    store.discard_journal("open")
    assert _until(lambda: whole(store) == [], 20.0)
    assert len(store.records(1000)) == 60
    assert store.check().sound


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("step", list(ClosingStep))
def test_a_kill_at_any_step_leaves_one_whole_store(step: ClosingStep, tmp_path: Path) -> None:
    mark_training_folder(tmp_path)
    child = subprocess.run(
        [sys.executable, __file__, str(tmp_path), step.value], capture_output=True, text=True, timeout=120, check=False
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    keys, clock = TrainingFolderKeys(tmp_path), SystemClock()
    read = StoreReader.open(tmp_path, keys, clock=clock)  # a reader finds the key too, before anybody mended anything
    assert len(read.records(100)) == 30
    read.close()
    store = StationStore.open(tmp_path, keys, station_id="kill", clock=clock)
    try:
        purged = 30 - len(whole(store))
        assert purged == (0 if step is ClosingStep.PURGE else 10)
        assert store.check().sound
        assert not list(tmp_path.glob(MOVING + "*"))
        assert keys.coming_key() is None or step is not ClosingStep.DONE
        again = store.close_voyage(AT_ONCE).result(PATIENCE)
        assert (again.purged, again.kept) == (10 - purged, 20)
        sealed(store, "after")
        assert store.check().sound
    finally:
        store.close()


def _close_and_die(folder: Path, at: ClosingStep) -> None:
    store = StationStore.open(folder, TrainingFolderKeys(folder), station_id="kill", clock=SystemClock())
    for n in range(10):
        sealed(store, f"sent{n}")
    confirm(store, SystemClock(), durable=20)
    for n in range(20):
        sealed(store, f"kept{n}")

    def die(step: ClosingStep, share: float) -> None:
        if step is at:
            os.kill(os.getpid(), signal.SIGKILL)

    store.close_voyage(AT_ONCE, die).result(PATIENCE)


def _until(true: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    _close_and_die(Path(sys.argv[1]), ClosingStep(sys.argv[2]))
