"""Folders of faces are for the station's user alone, down from the first that had to be made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from inspection_station.matching.face_installation import replace_file


@pytest.mark.skipif(os.name == "nt", reason="modes are not Windows'")
def test_every_folder_made_for_faces_is_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    replace_file(tmp_path / "faces" / "groups" / "one.faces", b"sealed")
    for folder in (tmp_path / "faces", tmp_path / "faces" / "groups"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
