"""Pictures filed by person: what is counted as failed, labels of groups, and pictures that are none."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_folders import Cancelled, NoPersons, enrol_folders
from inspection_station.matching.face_group_labels import MalformedLabels, read_group_labels
from inspection_station.matching.pictures import PictureFault, UnusablePicture, decode_picture
from inspection_station.matching.ports import FacePrompt


def _png_header(width: int, height: int) -> bytes:
    """A picture that only claims its size."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def test_every_picture_is_enrolled_or_named_with_the_reason(
    tmp_path: Path, matcher: DlibFaceMatcher, face_pictures: Path
) -> None:
    fixtures = face_pictures / "fixtures"
    for person, names in {"lieu": "021507*", "haaland": "021928*", "obama": "obama*"}.items():
        (tmp_path / person / "deeper").mkdir(parents=True)
        for path in fixtures.glob(names):
            shutil.copy(path, tmp_path / person / "deeper" / path.name)
    shutil.copy(fixtures / "obama.jpg", tmp_path / "obama" / "again.jpg")
    (tmp_path / "obama" / "notes.txt").write_text("no picture")
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "empty.jpg").write_bytes(b"")
    (odd / "huge.png").write_bytes(_png_header(20_000, 10_000))
    (odd / "one.png").write_bytes(_png_header(1, 1))
    done, grey = cv2.imencode(".png", np.full((200, 200, 3), 128, np.uint8))
    assert done
    (odd / "wall.png").write_bytes(grey.tobytes())
    done, chip = cv2.imencode(".jp2", decode_picture((fixtures / "obama.jpg").read_bytes())[::2, ::2])
    assert done
    (odd / "torn.jp2").write_bytes(chip.tobytes()[: len(chip) // 3])
    (odd / "from-the-web.webp").write_bytes(b"RIFF\x10\0\0\0WEBPVP8 ")
    steps: list[tuple[int, int, int]] = []
    faces = enrol_folders(matcher, tmp_path, lambda *step: steps.append(step))
    assert faces.persons == ("haaland", "lieu", "obama")
    assert len(faces.names) == 5
    assert faces.duplicates == ("obama/deeper/obama.jpg",)
    assert {(one.name, one.code) for one in faces.failures} == {
        ("odd/empty.jpg", "empty"),
        ("odd/huge.png", "too-large"),
        ("odd/one.png", "too-small"),
        ("odd/wall.png", "no-face"),
        ("odd/torn.jp2", "truncated"),
        ("odd/from-the-web.webp", "not-a-picture"),
    }
    assert steps[-1] == (12, 12, 6)
    assert np.allclose(np.linalg.norm(faces.averaged(), axis=1), 1.0, atol=1e-5)
    assert np.allclose(np.linalg.norm(faces.vectors, axis=1), 1.0, atol=1e-5)


def test_a_bystander_does_not_stand_in_for_the_person_in_the_middle(
    matcher: DlibFaceMatcher, face_pictures: Path
) -> None:
    fixtures = face_pictures / "fixtures"
    one, other = (
        cv2.resize(decode_picture((fixtures / name).read_bytes()), (300, 375))
        for name in ("021507_wiki_9f6e1a2e.jpg", "021928_wiki_e67755e0.jpg")
    )
    scene = np.full((375, 900, 3), 200, np.uint8)
    scene[:, 300:600], scene[:, 600:] = one, other
    alone, _ = matcher.assess_portrait(scene)
    assert alone is None or matcher.assess_portrait(scene)[1].prompt is FacePrompt.SEVERAL_FACES
    face, quality = matcher.assess_filed(scene)
    assert face is not None
    assert 300 <= face.box[0] + face.box[2] / 2 <= 600
    assert quality.prompt is not FacePrompt.SEVERAL_FACES


def test_a_folder_without_persons_and_a_run_that_is_stopped(tmp_path: Path, matcher: DlibFaceMatcher) -> None:
    (tmp_path / "loose.jpg").write_bytes(b"x")
    with pytest.raises(NoPersons):
        enrol_folders(matcher, tmp_path)
    (tmp_path / "person").mkdir()
    (tmp_path / "person" / "a.jpg").write_bytes(b"x")
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        enrol_folders(matcher, tmp_path, cancel=stop)


def test_a_profile_is_no_face_and_not_somebody_else(matcher: DlibFaceMatcher, face_pictures: Path) -> None:
    """A face squeezed to a third of its width has a profile's proportions; the detector does not take it for one."""
    frontal = decode_picture((face_pictures / "fixtures" / "obama.jpg").read_bytes())
    narrow = cv2.resize(frontal, (frontal.shape[1] // 3, frontal.shape[0]))
    face, quality = matcher.assess_portrait(np.asarray(narrow, np.uint8))
    assert face is None
    assert quality.prompt is FacePrompt.NO_FACE


def test_a_blurred_face_that_only_twice_its_size_shows_is_found(matcher: DlibFaceMatcher, face_pictures: Path) -> None:
    hard = sorted((face_pictures / "lfw_dev").glob("S_J*/*_0001.jpg"))
    if not hard:
        pytest.skip("no news photographs")
    assert [matcher.assess_filed(decode_picture(path.read_bytes()))[1].prompt for path in hard] == [FacePrompt.GOOD]


def test_a_picture_of_200_megapixels_is_refused_by_its_header_alone() -> None:
    with pytest.raises(UnusablePicture) as refused:
        decode_picture(_png_header(20_000, 10_000))
    assert refused.value.code is PictureFault.TOO_LARGE


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("Anna\nBert\n\n# nobody\n", {"Anna": "east_asian", "Bert": "east_asian"}),
        ("person,group\nAnna,a\nBert,b\n", {"Anna": "a", "Bert": "b"}),
        ("Anna\ta\r\nBert\tb\r\n", {"Anna": "a", "Bert": "b"}),
        ("Anna; a", {"Anna": "a"}),
        (json.dumps({"Anna": "a", "Bert": "b"}), {"Anna": "a", "Bert": "b"}),
        (json.dumps({"a": ["Anna", "Bert"]}), {"Anna": "a", "Bert": "a"}),
        ("\ufeffAnna,a", {"Anna": "a"}),
    ],
)
def test_labels_are_read_as_people_write_them(tmp_path: Path, content: str, labels: dict[str, str]) -> None:
    path = tmp_path / "east_asian.txt"
    path.write_text(content, encoding="utf-8")
    assert read_group_labels(path) == labels


@pytest.mark.parametrize("content", ["", "# only\n", "{", '{"a": 1}', "[1]", "Anna,\n", ",a"])
def test_labels_that_say_nothing_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(content)
    with pytest.raises(MalformedLabels):
        read_group_labels(path)
