"""Face groups and history photographs from packs: searched as soon as installed, gone when withdrawn."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from pack_world import HOUR, Publisher, now, vault_in

from inspection_station.desk.installed_faces import InstalledFaces
from inspection_station.desk.installed_packs import CHECKS
from inspection_station.gateway.pack_content import content_of
from inspection_station.headquarters.packs import PackFault, PackKind
from inspection_station.headquarters.packs_source import FolderSource
from inspection_station.headquarters.packs_update import PackReport, update_packs
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.matching.face_groups import built_in_groups
from inspection_station.matching.face_installation import FaceScale, group_file
from inspection_station.matching.face_parts import MalformedFaces, require_group
from inspection_station.matching.gallery_loading import load_gallery
from inspection_station.matching.gallery_pack import subject_array, write_pack
from inspection_station.matching.portrait_pack import history_file, open_portraits, portraits_file, write_portraits
from inspection_station.matching.ports import FaceTemplate
from inspection_station.matching.thresholds import FaceThresholds, ThresholdStatus

GROUP = "foreign-wanted"
KEY, STATION_KEY = b"k" * 32, b"s" * 32
SCALE = FaceScale(FaceThresholds("m", ThresholdStatus.PROVISIONAL, 0.95, 0.93, ""))


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "repository")


@pytest.fixture
def vault(tmp_path: Path, publisher: Publisher) -> PackVault:
    return vault_in(tmp_path / "packs", publisher)


def built(folder: Path, rows: int) -> list[Path]:
    """A group with photographs as an agency builds it."""
    files = [folder / f"{GROUP}.faces", folder / f"{GROUP}.portraits"]
    subjects = [f"s{row}" for row in range(rows)]
    write_pack(
        files[0],
        KEY,
        group=GROUP,
        version=1,
        model_id="m",
        vectors=np.eye(rows, 16, dtype=np.float32),
        subjects=subject_array(subjects),
        made_at=now() - HOUR,
        expires_at=now() + HOUR,
    )
    write_portraits(
        files[1],
        KEY,
        name=GROUP,
        version=1,
        made_at=now() - HOUR,
        expires_at=now() + HOUR,
        pictures=[(subject, b"jpeg of " + subject.encode()) for subject in subjects],
    )
    (folder / "key").write_text(KEY.hex(), encoding="ascii")
    return files


def brought(vault: PackVault, publisher: Publisher, work: Path) -> PackReport:
    return update_packs(vault, FolderSource(publisher.folder), work, now(), CHECKS)


def test_a_group_is_searched_once_it_is_installed_and_gone_when_withdrawn(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    folder = tmp_path / "station"
    faces = InstalledFaces(vault, folder, STATION_KEY)
    for version, rows in ((1, 4), (2, 5)):
        content = content_of(PackKind.FACE_GROUP, built(tmp_path, rows), tmp_path / "key")
        publisher.publish(content, PackKind.FACE_GROUP, GROUP)
        assert not brought(vault, publisher, tmp_path).refused
        assert faces.look()
        assert not faces.look()
        (group,) = load_gallery(folder, STATION_KEY, SCALE, built_in_groups(), now()).gallery.groups
        assert (group.version, len(group)) == (version, rows)
    gallery = load_gallery(folder, STATION_KEY, SCALE, built_in_groups(), now()).gallery
    probe = FaceTemplate(np.eye(5, 16, dtype=np.float32)[4], "m")
    assert gallery.search(probe, now(), [GROUP]).answers[0].candidates[0].subject == "s4"
    album = open_portraits(portraits_file(folder, GROUP), STATION_KEY, name=GROUP, now=now())
    assert album.picture("s4") == b"jpeg of s4"

    signers = (publisher.kinds[PackKind.FACE_GROUP], publisher.snapshot, publisher.timestamp)
    publisher.repository.withdraw(PackKind.FACE_GROUP, GROUP, signers, now())
    brought(vault, publisher, tmp_path)
    assert faces.look()
    assert not group_file(folder, GROUP).exists()
    assert not portraits_file(folder, GROUP).exists()


def test_history_photographs_are_found_by_document_number(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    file = tmp_path / "history.portraits"
    write_portraits(
        file,
        KEY,
        name="history",
        version=1,
        made_at=now() - HOUR,
        expires_at=now() + HOUR,
        pictures=[("X1234567", b"jpeg")],
    )
    (tmp_path / "key").write_text(KEY.hex(), encoding="ascii")
    kind = PackKind.HISTORY_PHOTOGRAPHS
    publisher.publish(content_of(kind, [file], tmp_path / "key"), kind, "history")
    assert not brought(vault, publisher, tmp_path).refused
    assert InstalledFaces(vault, tmp_path / "station", STATION_KEY).look()
    album = open_portraits(history_file(tmp_path / "station"), STATION_KEY, name="history", now=now())
    assert album.picture("X1234567") == b"jpeg"


def test_a_group_under_another_groups_name_is_not_used(publisher: Publisher, vault: PackVault, tmp_path: Path) -> None:
    content = content_of(PackKind.FACE_GROUP, built(tmp_path, 4), tmp_path / "key")
    publisher.publish(content, PackKind.FACE_GROUP, "alert-persons")
    brought(vault, publisher, tmp_path)
    assert not InstalledFaces(vault, tmp_path / "station", STATION_KEY).look()
    assert not group_file(tmp_path / "station", "alert-persons").exists()


def test_templates_of_another_length_never_get_into_the_vault(
    publisher: Publisher, vault: PackVault, tmp_path: Path
) -> None:
    content = content_of(PackKind.FACE_GROUP, built(tmp_path, 4), tmp_path / "key")
    name = next(name for name in content if name.startswith("t/"))
    for spoilt in (content[name][:-1], b"", b"\xff" * 70, content[name][:3], b"\x02\0\0" + b"\0" * 64):
        with pytest.raises(MalformedFaces):
            require_group({**content, name: spoilt})
    publisher.publish({**content, name: content[name][:-1]}, PackKind.FACE_GROUP, GROUP)
    report = brought(vault, publisher, tmp_path)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.UNUSABLE]


def test_files_of_faces_need_their_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--face-key"):
        content_of(PackKind.FACE_GROUP, built(tmp_path, 4))
