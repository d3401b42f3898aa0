"""What a crash leaves behind is read back in order."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from store_stories import decided, record, story

from inspection_station.inspection.events import NoteAdded
from inspection_station.storage.connection import Connection
from inspection_station.storage.errors import RecordRefused
from inspection_station.storage.store import StationStore

Opening = Callable[[], StationStore]


def test_unfinished_inspections_come_back_with_their_events_in_order(open_store: Opening) -> None:
    before = open_store()
    for one, two in zip(story("a"), story("b"), strict=True):
        before.journal("a", one)
        before.journal("b", two)
    before.close()
    found = {each.inspection_id: each for each in open_store().unfinished()}
    assert found["a"].events == story("a")
    assert found["b"].events == story("b")
    assert not found["a"].damaged


def test_events_are_kept_in_the_order_of_asking_under_load(store: StationStore) -> None:
    for number in range(500):
        store.journal("a", NoteAdded("officer-1", str(number)))
    store.flush(60)
    (found,) = store.unfinished()
    assert [event.text for event in found.events if isinstance(event, NoteAdded)] == [str(n) for n in range(500)]


def test_sealing_ends_the_journal_of_that_inspection_alone(store: StationStore) -> None:
    for name in ("a", "b"):
        for event in story(name):
            store.journal(name, event)
    store.seal(record("a"), {}, decided()).result(60)
    assert [each.inspection_id for each in store.unfinished()] == ["b"]


def test_an_event_after_the_seal_does_not_open_the_inspection_again(store: StationStore) -> None:
    store.seal(record("a"), {}, decided()).result(60)
    store.journal("a", NoteAdded("officer-1", "late"))
    store.flush(60)
    assert store.unfinished() == ()
    assert store.check().sound


def test_a_discarded_journal_is_gone_and_the_audit_says_so(store: StationStore) -> None:
    for event in story("a"):
        store.journal("a", event)
    store.discard_journal("a")
    store.flush(60)
    assert store.unfinished() == ()
    newest = store.audit(1)[0]
    assert (newest.act, newest.subject, newest.detail) == ("journal discarded", "a", "6 events")


def test_an_entry_of_another_version_ends_the_events_and_is_told(
    store: StationStore, raw: Callable[[], Connection]
) -> None:
    for event in story("a"):
        store.journal("a", event)
    store.flush(60)
    raw().execute("""update journal set event = '{"$":"EventOfTomorrow"}' where number = 4""")
    (found,) = store.unfinished()
    assert found.damaged
    assert found.events == story("a")[:3]


def test_an_event_that_cannot_be_written_is_refused_at_once(store: StationStore) -> None:
    with pytest.raises(RecordRefused):
        store.journal("a", NoteAdded("officer-1", "\ud800"))
    store.journal("a", NoteAdded("officer-1", "well"))
    store.flush(60)
    assert len(store.unfinished()) == 1


def test_journaling_never_waits_for_the_disk(store: StationStore, raw: Callable[[], Connection]) -> None:
    blocker = raw()
    blocker.execute("begin immediate")
    done = threading.Event()

    def journal() -> None:
        for event in story("a"):
            store.journal("a", event)
        done.set()

    threading.Thread(target=journal).start()
    assert done.wait(60)
    blocker.execute("rollback")
    store.flush(60)
    assert store.unfinished()[0].events == story("a")
