"""Training devices show whoever stands on the stage, take a real reader's time, and fail as they are told."""

import time
from threading import Event, Timer

import cv2
import numpy as np
import pytest
from fakes.stage_props import PlainProps, PlainTraveller

from inspection_station.hardware.errors import (
    CaptureCancelled,
    CardRemoved,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
    NoCard,
)
from inspection_station.hardware.ports import DeviceKind, DriverSettings
from inspection_station.inspection.document import MrzSource
from inspection_station.training.devices import camera, chip, document
from inspection_station.training.devices.stage import TrainingStage, named_stage
from inspection_station.training.faults import LASTS, Fault, FaultBoard

SELECT = bytes.fromhex("00A4040C07A0000002471001")


class Room:
    """A stage with its three devices, opened."""

    def __init__(self, pace: float = 0.0, **of_document) -> None:
        self.stage = TrainingStage(PlainProps())
        common = {"stage": self.stage, "pace": pace}
        self.reader = document.factory(DriverSettings({**common, **of_document}))
        self.chips = chip.factory(DriverSettings(common))
        self.camera = camera.factory(DriverSettings(common))
        for device in (self.reader, self.chips, self.camera):
            device.open()

    def fault(self, fault: Fault, kind: DeviceKind | None = None) -> None:
        self.stage.faults.inject(fault, kind)


@pytest.fixture
def room() -> Room:
    return Room()


def test_the_page_of_the_traveller_on_the_stage_is_given_as_a_picture(room):
    room.stage.present(PlainTraveller())
    scan = room.reader.await_document(Event())
    assert scan.source is MrzSource.FULL_PAGE
    assert cv2.imdecode(np.frombuffer(scan.image, np.uint8), cv2.IMREAD_COLOR) is not None


def test_a_swipe_reader_gives_the_lines_as_text():
    room = Room(gives="swipe")
    room.stage.present(PlainTraveller())
    scan = room.reader.await_document(Event())
    assert scan.source is MrzSource.SWIPE
    assert scan.text == "\n".join(PlainTraveller().mrz_lines)


def test_a_document_is_given_once_until_it_is_put_down_again(room):
    room.stage.present(PlainTraveller())
    room.reader.await_document(Event())
    cancel = Event()
    Timer(0.1, cancel.set).start()
    with pytest.raises(CaptureCancelled):
        room.reader.await_document(cancel)
    room.stage.put_down_again()
    assert room.reader.await_document(Event()).image


def test_the_same_traveller_may_come_back(room):
    for _ in range(3):
        room.stage.present(PlainTraveller())
        assert room.reader.await_document(Event()).image
        room.stage.remove()


def test_the_reader_waits_for_a_traveller(room):
    Timer(0.1, room.stage.present, [PlainTraveller()]).start()
    assert room.reader.await_document(Event()).image


def test_a_device_takes_its_time_scaled_by_the_pace():
    room = Room(pace=0.3)
    room.stage.present(PlainTraveller())
    began = time.monotonic()
    scan = room.reader.await_document(Event())
    assert time.monotonic() - began >= 0.2
    assert scan.device_ms >= 200


def test_chip_commands_reach_the_traveller_s_chip(room):
    room.stage.present(PlainTraveller())
    connection = room.chips.connect(Event(), 1.0)
    assert connection.transmit(SELECT) == b"\x90\x00"
    connection.disconnect()


def test_a_document_without_a_chip_is_no_card(room):
    room.stage.present(PlainTraveller(has_chip=False))
    with pytest.raises(NoCard):
        room.chips.connect(Event(), 5.0)


def test_a_traveller_who_leaves_takes_the_chip_along(room):
    room.stage.present(PlainTraveller())
    connection = room.chips.connect(Event(), 1.0)
    room.stage.remove()
    for _ in range(2):
        with pytest.raises(CardRemoved):
            connection.transmit(SELECT)


def test_the_camera_films_the_traveller_and_an_empty_wall_otherwise(room):
    wall = room.camera.next_frame(Event())
    room.stage.present(PlainTraveller(shade=40))
    first = room.camera.next_frame(Event(), wall.sequence)
    second = room.camera.next_frame(Event(), first.sequence)
    assert (first.image[0, 0, 0], second.image[0, 0, 0]) == (40, 41)
    assert wall.sequence < first.sequence < second.sequence


def test_a_torn_zone_spoils_the_page_once_and_the_document_is_put_down_again():
    room = Room(gives="swipe")
    room.fault(Fault.TORN_MRZ)
    room.stage.present(PlainTraveller())
    assert len(room.reader.await_document(Event()).text.split("\n")[1]) == 22
    assert len(room.reader.await_document(Event()).text.split("\n")[1]) == 44


def test_a_torn_page_differs_from_the_whole_one_at_its_zone(room):
    room.fault(Fault.TORN_MRZ)
    room.stage.present(PlainTraveller())
    torn, whole = (
        cv2.imdecode(np.frombuffer(room.reader.await_document(Event()).image, np.uint8), cv2.IMREAD_COLOR)
        for _ in range(2)
    )
    changed = np.abs(torn.astype(int) - whole).mean(axis=2) > 30
    assert changed[70:, 80:].mean() > 0.5
    assert changed[:40].mean() == 0


def test_a_card_pulled_in_mid_reading_is_removed_and_the_next_reading_works(room):
    room.stage.present(PlainTraveller())
    room.fault(Fault.CARD_PULLED)
    connection = room.chips.connect(Event(), 1.0)
    with pytest.raises(CardRemoved):
        _transmit_often(connection)
    _transmit_often(room.chips.connect(Event(), 1.0))


def test_no_chip_lasts_until_the_traveller_leaves(room):
    room.stage.present(PlainTraveller())
    room.fault(Fault.NO_CHIP)
    for _ in range(2):
        with pytest.raises(NoCard):
            room.chips.connect(Event(), 1.0)
    room.stage.remove()
    room.stage.present(PlainTraveller())
    room.chips.connect(Event(), 1.0)


def test_a_fault_of_the_traveller_s_own_story_comes_with_them(room):
    room.stage.present(PlainTraveller(device_fault="no_chip"))
    with pytest.raises(NoCard):
        room.chips.connect(Event(), 1.0)
    room.stage.present(PlainTraveller())
    room.chips.connect(Event(), 1.0)


def test_no_face_shows_the_wall_dark_a_dark_picture_and_three_faces_the_face_three_times(room):
    room.stage.present(PlainTraveller(shade=100))
    plain = room.camera.next_frame(Event()).image
    room.fault(Fault.DARK)
    assert room.camera.next_frame(Event()).image.max() < 12
    room.stage.faults.clear()
    room.fault(Fault.THREE_FACES)
    together = room.camera.next_frame(Event()).image
    assert together.shape == plain.shape
    room.stage.faults.clear()
    room.fault(Fault.NO_FACE)
    assert room.camera.next_frame(Event()).image[0, 0, 0] > 190


@pytest.mark.parametrize("kind", [DeviceKind.DOCUMENT_READER, DeviceKind.CHIP_READER, DeviceKind.CAMERA])
def test_unplugged_and_replugged(room, kind):
    device, use = _use(room, kind)
    room.stage.present(PlainTraveller())
    room.fault(Fault.UNPLUG, kind)
    with pytest.raises(DeviceUnplugged):
        use()
    with pytest.raises(DeviceNotFound):
        device.open()
    room.fault(Fault.REPLUG, kind)
    device.open()
    use()


@pytest.mark.parametrize("kind", [DeviceKind.DOCUMENT_READER, DeviceKind.CHIP_READER, DeviceKind.CAMERA])
@pytest.mark.parametrize(("fault", "error"), [(Fault.STALL, DeviceStalled), (Fault.GARBAGE, DeviceGarbage)])
def test_a_fault_that_happens_once_hits_its_device_alone_and_once(room, kind, fault, error):
    room.stage.present(PlainTraveller())
    room.fault(fault, kind)
    for other in {DeviceKind.DOCUMENT_READER, DeviceKind.CHIP_READER, DeviceKind.CAMERA} - {kind}:
        _use(room, other)[1]()
    _, use = _use(room, kind)
    with pytest.raises(error):
        use()
    use()


def test_a_slow_device_takes_four_times_as_long():
    room = Room(pace=0.1)
    room.stage.present(PlainTraveller())
    room.fault(Fault.SLOW, DeviceKind.DOCUMENT_READER)
    began = time.monotonic()
    room.reader.await_document(Event())
    assert time.monotonic() - began >= 0.25


@pytest.mark.parametrize(
    ("fault", "kind"), [("torn_mrz", "camera"), ("no_face", "chip reader"), ("no_such_fault", None)]
)
def test_a_fault_that_a_device_cannot_have_is_refused(fault, kind):
    with pytest.raises(ValueError, match=r"torn_mrz|no_face|no_such_fault"):
        FaultBoard().inject(fault, kind)


def test_every_fault_but_replug_says_how_long_it_lasts():
    assert set(LASTS) == set(Fault) - {Fault.REPLUG}


def test_a_fault_can_be_put_in_several_times():
    board = FaultBoard()
    board.inject(Fault.GARBAGE, DeviceKind.CAMERA, times=2)
    hits = [board.strikes(Fault.GARBAGE, DeviceKind.CAMERA) for _ in range(3)]
    assert hits == [True, True, False]
    assert board.active() == ()


def test_devices_made_from_a_profile_share_the_stage_of_that_name():
    assert named_stage("a") is named_stage("a")
    assert named_stage("a") is not named_stage("b")


@pytest.mark.parametrize("settings", [{"stage": 3}, {"pace": -1.0}, {"gives": "smoke"}, {"unknown": 1}])
def test_settings_that_are_wrong_are_refused(settings):
    with pytest.raises(ValueError, match="training"):
        document.factory(DriverSettings(settings))


def test_a_real_traveller_is_shown_on_all_three_devices_and_was_drawn_beforehand(monkeypatch):
    from datetime import date

    from inspection_station.training.devices import drawing
    from inspection_station.training.personas.traveller import traveller

    stage = TrainingStage()
    someone = traveller(3, today=date.today())
    stage.prepare(someone)
    for made in ("draw", "film"):
        monkeypatch.setattr(drawing, made, None)
    devices = [f.factory(DriverSettings({"stage": stage, "pace": 0.0})) for f in (document, chip, camera)]
    for device in devices:
        device.open()
    stage.present(someone)
    page = cv2.imdecode(np.frombuffer(devices[0].await_document(Event()).image, np.uint8), cv2.IMREAD_COLOR)
    assert page.shape[1] > 1000
    connection = devices[1].connect(Event(), 1.0)
    assert connection.transmit(SELECT) == b"\x90\x00"
    assert devices[2].next_frame(Event()).image.shape == (720, 1280, 3)


def _transmit_often(connection) -> None:
    for _ in range(20):
        connection.transmit(SELECT)


def _use(room: Room, kind: DeviceKind):
    """The device and one ordinary use of it, with a traveller on the stage."""
    if kind is DeviceKind.DOCUMENT_READER:
        room.stage.put_down_again()
        return room.reader, lambda: room.reader.await_document(Event())
    if kind is DeviceKind.CHIP_READER:
        return room.chips, lambda: room.chips.connect(Event(), 1.0).transmit(SELECT)
    return room.camera, lambda: room.camera.next_frame(Event())
