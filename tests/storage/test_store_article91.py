"""Of whom nothing may be collected, nothing biometric reaches the disk, whatever the caller hands over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from store_stories import decided, picture, record, story

from inspection_station.storage.connection import Connection
from inspection_station.storage.errors import CollectionForbidden
from inspection_station.storage.store import StationStore

REASONS = ["KHR", "K14", "K27", "KSC", "K??"]
BIOMETRIC = ["portrait", "live face", "template", "finger left index", "page", "iris", ""]


def fingerprint_of(folder: Path) -> dict[str, str]:
    """Database and log; the index of the log (-shm) changes with every reader and holds no content."""
    files = [file for file in folder.iterdir() if file.name in ("station.db", "station.db-wal")]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("purpose", BIOMETRIC)
def test_pictures_of_an_excluded_person_are_refused_before_anything_is_written(
    store: StationStore, tmp_path: Path, reason: str, purpose: str
) -> None:
    ref, data = picture("face")
    for event in story("a"):
        store.journal("a", event)
    store.flush(60)
    before = fingerprint_of(tmp_path)
    future = store.seal(
        record("a", collection_reason=reason, pictures=((purpose, ref),)), {ref.sha256: data}, decided()
    )
    with pytest.raises(CollectionForbidden) as refusal:
        future.result(60)
    assert refusal.value.code == "BIO-05"
    assert fingerprint_of(tmp_path) == before


def test_bytes_that_the_record_does_not_name_are_refused_too(store: StationStore) -> None:
    ref, data = picture("face")
    with pytest.raises(CollectionForbidden):
        store.seal(record("a", collection_reason="KHR"), {ref.sha256: data}, decided()).result(60)


def test_a_named_picture_is_refused_even_without_its_bytes(store: StationStore) -> None:
    ref, _ = picture("face")
    with pytest.raises(CollectionForbidden):
        store.seal(record("a", collection_reason="KHR", pictures=(("portrait", ref),)), {}, decided()).result(60)


def test_the_record_itself_is_sealed_without_pictures(store: StationStore, raw: Callable[[], Connection]) -> None:
    store.seal(record("a", collection_reason="KHR"), {}, decided()).result(60)
    assert raw().execute("select count(*) from blob").fetchone() == (0,)
    assert store.check().sound


def test_a_refusal_names_nobody(store: StationStore) -> None:
    ref, data = picture("face")
    future = store.seal(
        record("a", collection_reason="K14", pictures=(("portrait", ref),)), {ref.sha256: data}, decided()
    )
    assert "SPECIMEN" not in str(future.exception(60))
    assert ref.sha256 not in str(future.exception(60))
