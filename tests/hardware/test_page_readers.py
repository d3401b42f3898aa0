"""Pages from a document camera and from a folder: taken once, when they lie still or have stopped growing."""

import os
import time
from threading import Event

import cv2
import numpy as np
import pytest
from fakes.camera_captures import PlayedCamera
from fakes.unhurried import meanwhile

from inspection_station.hardware.drivers.camera_document import CameraDocumentReader
from inspection_station.hardware.drivers.folder_document import LARGEST_PAGE, FolderDocumentReader
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DriverSettings
from inspection_station.inspection.document import MrzSource

NOISE = [np.random.default_rng(7)]


@pytest.fixture(autouse=True)
def _the_same_noise_in_every_order():
    NOISE[0] = np.random.default_rng(7)


def table() -> np.ndarray:
    return NOISE[0].integers(60, 64, (360, 480, 3), dtype=np.uint8)


def page(text: str, shift: int = 0) -> np.ndarray:
    picture = table()
    cv2.rectangle(picture, (40 + shift, 40), (440 + shift, 320), (235, 235, 235), -1)
    for row in range(60, 320, 28):
        cv2.putText(picture, text * 6, (50 + shift, row), cv2.FONT_HERSHEY_PLAIN, 1.2, (20, 20, 20), 2)
    return picture


def still(picture_of, frames: int) -> list[np.ndarray]:
    return [picture_of() for _ in range(frames)]


def taken(pictures: list[np.ndarray]) -> int:
    reader = CameraDocumentReader(PlayedCamera(pictures), DriverSettings())
    reader.open()
    count = 0
    try:
        while True:
            scan = reader.await_document(Event())
            assert scan.source is MrzSource.CAMERA
            assert cv2.imdecode(np.frombuffer(scan.image, np.uint8), cv2.IMREAD_COLOR).shape == (360, 480, 3)
            count += 1
    except CaptureCancelled:
        return count


def test_a_page_that_lies_still_is_taken_once():
    assert taken(still(table, 20) + still(lambda: page("AB"), 60)) == 1


def test_a_bare_table_is_never_taken():
    assert taken(still(table, 60)) == 0


def test_a_page_that_keeps_moving_is_not_taken():
    assert taken([page("AB", shift) for shift in list(range(-30, 30, 3)) * 3]) == 0


def test_two_pages_one_after_the_other_are_two_documents():
    moves = [page("AB", s) for s in range(0, 40, 8)]
    assert taken(still(lambda: page("AB"), 30) + moves + still(table, 10) + still(lambda: page("XY"), 30)) == 2


def test_the_same_page_put_down_again_is_taken_again():
    one = still(lambda: page("AB"), 30)
    assert taken(one + still(table, 20) + one) == 2


def test_an_empty_picture_is_garbage():
    reader = CameraDocumentReader(PlayedCamera([np.zeros((2, 2, 3), np.uint8)]), DriverSettings())
    reader.open()
    with pytest.raises(DeviceGarbage):
        reader.await_document(Event())


@pytest.fixture
def reader(tmp_path):
    made = FolderDocumentReader(DriverSettings({"folder": str(tmp_path), "settle_seconds": 0.1}))
    made.open()
    return made


def test_a_page_saved_by_another_program_is_taken_and_removed(reader, tmp_path):
    encoded = cv2.imencode(".png", page("AB"))[1].tobytes()
    scan = reader.await_document(meanwhile((tmp_path / "scan 1.png").write_bytes, encoded))
    assert scan.image == encoded
    assert scan.source is MrzSource.FULL_PAGE
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_still_being_written_is_waited_for(reader, tmp_path):
    encoded = cv2.imencode(".jpg", page("AB"))[1].tobytes()

    def write():
        with (tmp_path / "scan.jpg").open("wb", buffering=0) as file:
            for start in range(0, len(encoded), len(encoded) // 5):
                file.write(encoded[start : start + len(encoded) // 5])
                time.sleep(0.06)

    assert reader.await_document(meanwhile(write)).image == encoded


def test_a_page_left_from_before_is_removed_and_not_taken_for_this_traveller(reader, tmp_path):
    (tmp_path / "old.jpg").write_bytes(b"\xff\xd8\xff of the last traveller")
    new = b"\xff\xd8\xff of this traveller"
    assert reader.await_document(meanwhile((tmp_path / "new.jpg").write_bytes, new)).image == new


def test_a_file_that_is_no_picture_is_garbage_and_its_name_stays_out_of_the_error(reader, tmp_path):
    with pytest.raises(DeviceGarbage) as raised:
        reader.await_document(meanwhile((tmp_path / "ERIKSSON.jpg").write_bytes, b"hello"))
    assert "ERIKSSON" not in str(raised.value)


def test_an_enormous_file_is_refused_unread(reader, tmp_path):
    def write():
        with (tmp_path / "big.jpg").open("wb") as file:
            os.truncate(file.fileno(), LARGEST_PAGE + 1)

    with pytest.raises(DeviceGarbage, match="bytes"):
        reader.await_document(meanwhile(write))


def test_a_folder_that_vanishes_is_an_unplugging(reader, tmp_path):
    with pytest.raises(DeviceUnplugged):
        reader.await_document(meanwhile(tmp_path.rmdir))
    with pytest.raises(DeviceNotFound):
        reader.open()
    with pytest.raises(DeviceError):
        reader.probe()
