"""The training fingerprint reader: invented fingers of whoever is on the stage, and the faults of a real reader."""

from threading import Event, Timer

import numpy as np
import pytest
from fakes.stage_props import PlainProps, PlainTraveller

from inspection_station.hardware.conformance import Outcome, run_conformance
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceUnplugged
from inspection_station.hardware.ports import DeviceKind, DriverSettings, FingerImage
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.training.devices.fingerprint import (
    TrainingFingerprintReader,
    factory,
    invented_impression,
)
from inspection_station.training.devices.rehearsal import stage_rehearsal
from inspection_station.training.devices.stage import TrainingStage
from inspection_station.training.faults import Fault


def drawn(traveller, position, attempt) -> FingerImage:
    """As quick as a picture can be drawn; finger and attempt can be read from it."""
    picture = np.full((50, 40), 200, np.uint8)
    picture[10:40, 10:30] = 20 + 10 * list(FingerPosition).index(position) + attempt
    return FingerImage(picture, 500)


class QuickFactory:
    kind = DeviceKind.FINGERPRINT_READER

    def __call__(self, settings):
        return factory(DriverSettings({**settings.values, "impressions": drawn}))

    def attached(self):
        return ()


@pytest.fixture
def stage():
    return TrainingStage(PlainProps())


@pytest.fixture
def reader(stage):
    device = TrainingFingerprintReader(DriverSettings({"stage": stage, "pace": 0.05, "impressions": drawn}))
    device.open()
    yield device
    device.close()


def test_the_finger_asked_for_is_laid_down_with_previews_growing_stronger(reader, stage):
    stage.present(PlainTraveller())
    previews = []
    taken = reader.capture(Event(), FingerPosition.LEFT_THUMB, previews.append)
    assert taken.image[20, 20] == 20 + 10 * list(FingerPosition).index(FingerPosition.LEFT_THUMB)
    spreads = [p.image.std() for p in previews] + [taken.image.std()]
    assert spreads == sorted(spreads)
    assert len(spreads) == 3


def test_every_try_is_another_impression_and_a_new_presence_begins_anew(reader, stage):
    stage.present(PlainTraveller())
    first, second = (reader.capture(Event()).image for _ in range(2))
    assert not np.array_equal(first, second)
    stage.remove()
    stage.present(PlainTraveller())
    assert np.array_equal(reader.capture(Event()).image, first)


def test_a_finger_that_is_still_growing_does_not_hold_up_cancelling(stage):
    free = Event()
    slow = TrainingFingerprintReader(
        DriverSettings({"stage": stage, "pace": 0.0, "impressions": lambda *given: free.wait(5) and drawn(*given)})
    )
    slow.open()
    stage.present(PlainTraveller())
    cancel = Event()
    Timer(0.2, cancel.set).start()
    with pytest.raises(CaptureCancelled):
        slow.capture(cancel)
    free.set()
    slow.close()


def test_a_finger_that_cannot_be_drawn_is_a_device_error(stage):
    broken = TrainingFingerprintReader(DriverSettings({"stage": stage, "pace": 0.0, "impressions": lambda *_: 1 / 0}))
    broken.open()
    stage.present(PlainTraveller())
    with pytest.raises(DeviceError, match="drawn"):
        broken.capture(Event())
    broken.close()


def test_unplugging_in_the_middle_is_noticed(reader, stage):
    Timer(0.2, stage.faults.inject, [Fault.UNPLUG, DeviceKind.FINGERPRINT_READER]).start()
    with pytest.raises(DeviceUnplugged):
        reader.capture(Event())


def test_the_reader_keeps_every_rule_of_its_port():
    own = TrainingStage(PlainProps())
    with stage_rehearsal(QuickFactory(), pace=0.05, stage=own, traveller=PlainTraveller()) as (device, script):
        results = run_conformance(device, script)
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []


@pytest.mark.slow
def test_an_impostors_fingers_are_not_the_holders():
    pytest.importorskip("inspection_station.training.personas.fingerprint")

    class Person:
        seed, face_seed = 77, 5

        def __init__(self, live_face):
            self.live_face = live_face

    holder, again, impostor = (invented_impression(Person(face), FingerPosition.RIGHT_INDEX, 0) for face in (5, 5, 6))
    assert holder.image.shape == impostor.image.shape
    assert np.array_equal(holder.image, again.image)
    assert not np.array_equal(holder.image, impostor.image)
