"""A record is sealed whole, once, with what is to be sent of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, timedelta, timezone
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2
from store_stories import LINES, KeysInMemory, SteppingClock, decided, hit, picture, record, story

from inspection_station.inspection.disposition import Disposition
from inspection_station.storage.connection import Connection
from inspection_station.storage.errors import PictureMismatch, RecordRefused, SealedDifferently, StoreClosed
from inspection_station.storage.reader import StoreReader
from inspection_station.storage.store import StationStore
from inspection_station.storage.values import Lane, SealedRecord

Raw = Callable[[], Connection]


def sealed(future: Future[SealedRecord]) -> SealedRecord:
    return future.result(60)


def test_a_sealed_record_reads_back_with_its_history_and_pictures(store: StationStore) -> None:
    portrait, portrait_bytes = picture("portrait")
    live, live_bytes = picture("live")
    whole = record("a", pictures=(("portrait", portrait), ("live face", live)))
    for event in story("a"):
        store.journal("a", event)
    receipt = sealed(store.seal(whole, {portrait.sha256: portrait_bytes, live.sha256: live_bytes}, decided()))
    stored = store.record("a")
    assert stored is not None
    assert stored.record == whole
    assert stored.history == (*story("a"), decided())
    assert stored.record_hash == receipt.record_hash
    assert store.picture("a", portrait.sha256) == portrait_bytes
    assert store.picture("a", live.sha256) == live_bytes
    assert store.unfinished() == ()
    assert store.check().sound


def test_every_record_has_its_decision_message_whose_bytes_are_what_was_hashed(store: StationStore) -> None:
    receipt = sealed(store.seal(record("a"), {}, decided()))
    (message_id,) = receipt.message_ids
    data = store.message(message_id)
    assert data is not None
    assert hashlib.sha256(data).hexdigest() == receipt.record_hash
    envelope = json.loads(data)
    assert (envelope["v"], envelope["kind"], envelope["station"]) == (1, "decision", "station-1")
    assert (envelope["incarnation"], envelope["sequence"]) == (receipt.incarnation, 1)
    assert envelope["record"]["inspection_id"] == "a"


def test_records_are_linked_by_the_hash_of_the_one_before(store: StationStore) -> None:
    receipts = [sealed(store.seal(record(f"{number}"), {}, decided())) for number in range(5)]
    assert [receipt.sequence for receipt in receipts] == [1, 2, 3, 4, 5]
    previous = "00" * 32
    for receipt in receipts:
        data = store.message(receipt.message_ids[0])
        assert data is not None
        assert json.loads(data)["previous"] == previous
        previous = receipt.record_hash


def test_messages_go_to_the_lanes_of_their_urgency(store: StationStore) -> None:
    pictures = [(purpose, *picture(purpose)) for purpose in ("portrait", "live face", "finger right index", "page")]
    whole = record("a", hits=(hit(),), pictures=tuple((purpose, ref) for purpose, ref, _ in pictures))
    sealed(store.seal(whole, {ref.sha256: data for _, ref, data in pictures}, decided()))
    status = store.outbox_status()
    assert status.by_lane == {
        Lane.ALERTS: 1,
        Lane.DECISIONS: 1,
        Lane.CHIP_PORTRAITS: 1,
        Lane.LIVE_PICTURES: 2,
        Lane.ORIGINALS: 1,
    }
    assert status.unsent == 6


def test_a_hit_a_hold_and_a_detention_send_an_alert_ahead_of_the_record(store: StationStore) -> None:
    for name, disposition, hits in (
        ("h", Disposition.AD, (hit(),)),
        ("d", Disposition.DT, ()),
        ("q", Disposition.HD, ()),
    ):
        receipt = sealed(store.seal(record(name, disposition=disposition, hits=hits), {}, decided(disposition)))
        alert = json.loads(store.message(receipt.message_ids[0]) or b"")
        assert alert["kind"] == "alert"
        assert alert["record_hash"] == receipt.record_hash
        assert "SPECIMEN" not in json.dumps(alert)
    assert store.outbox_status().by_lane[Lane.ALERTS] == 3


def test_sealing_the_same_record_again_gives_the_same_answer_and_nothing_new(store: StationStore) -> None:
    first = sealed(store.seal(record("a"), {}, decided()))
    assert sealed(store.seal(record("a"), {}, decided())) == first
    assert (store.check().records, store.check().messages) == (1, 1)


def test_other_content_under_a_sealed_id_is_refused_and_the_first_stays(store: StationStore) -> None:
    sealed(store.seal(record("a"), {}, decided()))
    with pytest.raises(SealedDifferently):
        sealed(store.seal(record("a", note="second thoughts"), {}, decided()))
    stored = store.record("a")
    assert stored is not None
    assert stored.record == record("a")
    assert store.check().sound


def test_a_correction_names_the_record_it_supersedes(store: StationStore) -> None:
    sealed(store.seal(record("a"), {}, decided()))
    sealed(store.seal(record("b", supersedes="a", disposition=Disposition.VD), {}, decided(Disposition.VD)))
    stored = store.record("b")
    assert stored is not None
    assert stored.record is not None
    assert stored.record.supersedes == "a"
    assert store.record("a") is not None


def test_pictures_must_be_the_ones_the_record_names(store: StationStore) -> None:
    ref, data = picture("a")
    whole = record("a", pictures=(("portrait", ref),))
    for wrong in ({}, {ref.sha256: data[:-1]}, {ref.sha256: data[:-1] + b"?"}, {ref.sha256: data, "00" * 32: b"more"}):
        with pytest.raises(PictureMismatch):
            sealed(store.seal(whole, wrong, decided()))
    assert store.record("a") is None


def test_a_picture_named_for_two_purposes_is_kept_once(store: StationStore) -> None:
    ref, data = picture("a")
    receipt = sealed(
        store.seal(record("a", pictures=(("portrait", ref), ("page", ref))), {ref.sha256: data}, decided())
    )
    assert len(receipt.message_ids) == 2
    assert store.check().sound


def test_a_record_that_json_cannot_hold_is_refused_without_stopping_the_store(store: StationStore) -> None:
    with pytest.raises(RecordRefused):
        sealed(store.seal(record("a", note="\ud800"), {}, decided()))
    with pytest.raises(RecordRefused):
        sealed(store.seal(record("a", decided_at="yesterday"), {}, decided()))
    assert sealed(store.seal(record("b"), {}, decided())).sequence == 1


def test_records_are_paged_by_position_newest_first(store: StationStore) -> None:
    for number in range(7):
        store.seal(record(f"{number}"), {}, decided())
    store.flush(60)
    first = store.records(3)
    second = store.records(3, before=first[-1].position)
    assert [row.inspection_id for row in (*first, *second)] == ["6", "5", "4", "3", "2", "1"]
    assert store.records(0) == ()
    assert all(row.record is None for row in first)


def test_an_unknown_id_has_no_record(store: StationStore) -> None:
    assert store.record("nobody") is None
    assert store.picture("nobody", "00" * 32) is None
    assert store.message("nothing") is None


def test_the_day_is_counted_in_the_zone_asked_for(store: StationStore) -> None:
    for name, at in (
        ("a", "2026-05-03T15:59:59+00:00"),
        ("b", "2026-05-03T16:00:00+00:00"),
        ("c", "2026-05-04T15:59:59Z"),
    ):
        sealed(store.seal(record(name, decided_at=at), {}, decided()))
    taipei = timezone(timedelta(hours=8))
    assert store.count_today(date(2026, 5, 4), taipei) == 2
    assert store.count_today(date(2026, 5, 4)) == 1
    assert store.count_today(date(2026, 5, 4), UTC) == 1


def test_a_read_only_look_finds_what_the_running_station_sealed(
    store: StationStore, tmp_path: Path, keys: KeysInMemory, clock: SteppingClock
) -> None:
    sealed(store.seal(record("a"), {}, decided()))
    reader = StoreReader(tmp_path, keys.key(create=False), clock)
    try:
        assert [row.inspection_id for row in reader.records()] == ["a"]
    finally:
        reader.close()


def test_destroying_one_row_purges_record_history_pictures_and_leaves_the_chain(store: StationStore, raw: Raw) -> None:
    ref, data = picture("a")
    receipt = sealed(
        store.seal(record("a", pictures=(("portrait", ref),), hits=(hit(),)), {ref.sha256: data}, decided())
    )
    sealed(store.seal(record("b"), {}, decided()))
    connection = raw()
    with pytest.raises(dbapi2.IntegrityError, match="append-only"):
        connection.execute("delete from inspection_key where inspection_id = 'a'")
    connection.execute("insert into purge values ('a', '2026-05-04T00:00:00.000Z', 0)")
    connection.execute("delete from inspection_key where inspection_id = 'a'")
    purged = store.record("a")
    assert purged is not None
    assert purged.purged
    assert purged.record is None
    assert purged.history == ()
    assert store.picture("a", ref.sha256) is None
    assert [store.message(message) for message in receipt.message_ids] == [None, None, None]
    assert store.check().sound
    assert sealed(store.seal(record("a"), {}, decided())).record_hash == receipt.record_hash


@pytest.mark.parametrize(
    "tampering",
    [
        "update inspection set disposition = 'AD'",
        "delete from inspection",
        "update outbox set lane = 4",
        "delete from outbox",
        "delete from delivery",
        "update delivery set lane = 4",
        "update audit set actor = 'nobody'",
        "delete from audit",
        "update blob set purpose = 'page'",
        "delete from blob",
        "update inspection_key set key = randomblob(32)",
        "update incarnation set reason = ''",
        "delete from incarnation",
        "delete from station",
    ],
)
def test_what_is_sealed_is_never_changed_or_deleted(store: StationStore, raw: Raw, tampering: str) -> None:
    ref, data = picture("a")
    sealed(store.seal(record("a", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()))
    with pytest.raises(dbapi2.IntegrityError, match="append-only"):
        raw().execute(tampering)


@pytest.mark.parametrize(
    ("table", "tampering"),
    [
        ("inspection", "update inspection set disposition = 'RE' where position = 2"),
        ("inspection", "update inspection set envelope = zeroblob(length(envelope)) where position = 2"),
        ("inspection", "update inspection set hash = randomblob(32) where position = 2"),
        ("inspection", "update inspection set sequence = 9 where position = 2"),
        ("blob", "update blob set body = zeroblob(length(body))"),
        ("audit", "update audit set actor = 'nobody' where position = 2"),
        ("outbox", "update outbox set sha256 = randomblob(32) where position = 2"),
        ("outbox", "delete from outbox where position = 1"),
        ("waiting", "update waiting set messages = 0"),
        ("inspection", "delete from inspection where position = 2"),
        ("inspection", "delete from inspection where position = 3"),
        ("blob", "delete from blob"),
    ],
)
def test_the_check_finds_what_somebody_with_the_key_changed(
    store: StationStore, raw: Raw, table: str, tampering: str
) -> None:
    ref, data = picture("a")
    sealed(store.seal(record("a", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()))
    for name in ("b", "c"):
        sealed(store.seal(record(name), {}, decided()))
    assert store.check().sound
    connection = raw()
    connection.execute("pragma foreign_keys = off")
    for (trigger,) in connection.execute(
        "select name from sqlite_master where type = 'trigger' and tbl_name = ?", (table,)
    ).fetchall():
        connection.execute(f"drop trigger {trigger}")
    connection.execute(tampering)
    assert not store.check().sound


def test_nothing_of_a_traveller_is_readable_in_the_folder(
    open_store: Callable[[], StationStore], tmp_path: Path
) -> None:
    store = open_store()
    portrait, data = picture("portrait")
    for event in story("a"):
        store.journal("a", event)
    sealed(store.seal(record("b", pictures=(("portrait", portrait),)), {portrait.sha256: data}, decided()))

    def folder() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()) if file.is_file())

    while_open = folder()
    store.close()
    for found in (while_open, folder()):
        for secret in (LINES[1].encode(), b"SPECIMEN", b"L898902C3", data[:16], b"SQLite format", b"quayside"):
            assert secret not in found


def test_a_closed_store_refuses_and_says_so(store: StationStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        sealed(store.seal(record("a"), {}, decided()))
    with pytest.raises(StoreClosed):
        store.journal("a", decided())
    with pytest.raises(StoreClosed):
        store.records()


def test_sealing_from_many_threads_gives_one_unbroken_chain(store: StationStore) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> SealedRecord:
        return sealed(store.seal(replace(record(f"{number}")), {}, decided()))

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(one, range(40)))
    assert sorted(receipt.sequence for receipt in receipts) == list(range(1, 41))
    assert store.check().sound


def test_a_message_that_was_confirmed_no_longer_waits_and_the_record_is_sent(store: StationStore, raw: Raw) -> None:
    ref, data = picture("a")
    sealed(store.seal(record("a", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()))
    connection = raw()
    connection.execute("update delivery set state = 'confirmed' where lane = 1")
    status = store.outbox_status()
    assert (status.unsent, status.by_lane[Lane.DECISIONS], status.by_lane[Lane.CHIP_PORTRAITS]) == (1, 0, 1)
    assert store.records()[0].sent
    connection.execute("update delivery set state = 'waiting' where lane = 1")
    assert store.outbox_status().unsent == 2
    connection.execute("update delivery set state = 'confirmed'")
    assert store.outbox_status().oldest_seconds is None
    assert store.check().sound


def test_a_seal_cannot_be_called_back_and_a_failing_callback_harms_nobody(store: StationStore) -> None:
    def fails(future: Future[SealedRecord]) -> None:
        raise RuntimeError("the listener's own fault")

    future = store.seal(record("a"), {}, decided())
    future.add_done_callback(fails)
    assert not future.cancel()
    assert sealed(future).sequence == 1
    assert sealed(store.seal(record("b"), {}, decided())).sequence == 2
