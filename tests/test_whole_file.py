"""Files are whole or not there, in folders for the station's user alone, down from the first that had to be made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from inspection_station.whole_file import replace_file, whole_file


@pytest.mark.skipif(os.name == "nt", reason="modes are not Windows'")
def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    replace_file(tmp_path / "faces" / "groups" / "one.faces", b"sealed")
    for folder in (tmp_path / "faces", tmp_path / "faces" / "groups"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_what_was_there_stays_whole_when_writing_fails_half_way(tmp_path: Path) -> None:
    place = tmp_path / "list"
    replace_file(place, b"old")

    def torn() -> None:
        with whole_file(place) as file:
            file.write(b"ne")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        torn()
    assert place.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["list"]


def test_the_new_file_is_seen_only_when_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "list"
    with whole_file(place) as file:
        file.write(b"new")
        assert not place.exists()
    assert place.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["list"]
