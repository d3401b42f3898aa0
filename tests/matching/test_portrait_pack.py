"""Sealed photographs found by identifier: one is opened and no other, and none that was altered is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inspection_station.matching.gallery_pack import PackFault, PackRefused
from inspection_station.matching.portrait_pack import (
    PortraitPack,
    document_key,
    open_portraits,
    seal_portraits_anew,
    write_portraits,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32
PICTURES = {"L898902C3": b"\xff\xd8 one", "X1234567": b"\xff\xd8 two" * 400, "ä-7654321": b"\x89PNG three"}


def written(folder: Path, key: bytes = KEY, version: int = 3) -> Path:
    path = folder / "history.portraits"
    write_portraits(
        path,
        key,
        name="history",
        version=version,
        made_at=NOW,
        expires_at=NOW + timedelta(hours=24),
        pictures=PICTURES.items(),
    )
    return path


def opened(path: Path, key: bytes = KEY, now: datetime = NOW, **wanted: int) -> PortraitPack:
    return open_portraits(path, key, name="history", now=now, **wanted)


def refusal(path: Path, **how: object) -> PackFault:
    with pytest.raises(PackRefused) as refused:
        opened(path, **how)  # type: ignore[arg-type]
    return refused.value.code


def test_every_picture_comes_back_under_its_identifier_and_no_other(tmp_path: Path) -> None:
    pack = opened(written(tmp_path))
    assert {name: pack.picture(name) for name in PICTURES} == PICTURES
    assert pack.picture("L898902C4") is None
    assert len(pack) == 3


def test_neither_identifiers_nor_pictures_lie_in_the_clear(tmp_path: Path) -> None:
    data = written(tmp_path).read_bytes()
    assert not any(name.encode() in data or picture in data for name, picture in PICTURES.items())


def test_a_pack_of_another_key_another_name_an_older_version_or_past_its_time_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert refusal(path, key=OTHER) is PackFault.ALTERED
    assert refusal(path, least_version=4) is PackFault.OLDER_VERSION
    assert refusal(path, now=NOW + timedelta(hours=24)) is PackFault.EXPIRED
    with pytest.raises(PackRefused) as refused:
        open_portraits(path, KEY, name="alerts", now=NOW)
    assert refused.value.code is PackFault.OTHER_GROUP


def test_a_torn_or_altered_pack_never_shows_another_picture(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    for length in (0, 5, 40, 200, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert refusal(path) in (PackFault.TRUNCATED, PackFault.MALFORMED, PackFault.ALTERED)
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        try:
            pack = opened(path)
        except PackRefused:
            continue
        for name, picture in PICTURES.items():
            try:
                found = pack.picture(name)
            except PackRefused:
                continue
            assert found == picture


def test_a_pack_that_was_exchanged_after_it_was_opened_is_not_read_by_the_old_index(tmp_path: Path) -> None:
    pack = opened(written(tmp_path))
    written(tmp_path, version=4)
    with pytest.raises(PackRefused):
        pack.picture("X1234567")


def test_photographs_travel_to_another_key(tmp_path: Path) -> None:
    target = tmp_path / "own" / "history.portraits"
    seal_portraits_anew(written(tmp_path), KEY, target, OTHER, now=NOW)
    pack = opened(target, OTHER)
    assert dict(pack.pairs()) == PICTURES
    assert pack.header.version == 3


def test_a_documents_number_is_known_however_it_was_written() -> None:
    assert document_key("l8989 02c3<<<") == document_key("L898902C3")
    assert document_key("<<<") == "-"
