"""The training fingerprint reader: invented fingers of whoever is on the stage, and the faults of a real reader."""

import subprocess
import sys
from concurrent.futures import Future
from datetime import date
from threading import Event, Timer

import numpy as np
import pytest
from fakes.stage_props import PlainProps, PlainTraveller

from inspection_station.desk.finger_capture import GOOD_ENOUGH, LEAST
from inspection_station.hardware.conformance import Outcome, run_conformance
from inspection_station.hardware.errors import CaptureCancelled, DeviceError, DeviceUnplugged
from inspection_station.hardware.ports import DeviceKind, DriverSettings
from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.finger_capture import judged
from inspection_station.training.devices.drawing import FingerOrder, lay_down
from inspection_station.training.devices.fingerprint import TrainingFingerprintReader, factory
from inspection_station.training.devices.props import TravellerProps
from inspection_station.training.devices.rehearsal import stage_rehearsal
from inspection_station.training.devices.stage import TrainingStage
from inspection_station.training.faults import Fault
from inspection_station.training.personas.traveller import traveller


class WaitingProps(PlainProps):
    """Fingers come when ``drawing`` is settled."""

    def __init__(self):
        self.drawing = Future()

    def impressions(self, traveller, position, first):
        return self.drawing


class Notes:
    """A draughtsman who writes down what is ordered, and draws nothing."""

    ahead = True

    def __init__(self):
        self.orders = []

    def draw(self, traveller, today, into):
        self.orders.append(("document", traveller.seed))
        into.set_result(None)

    def film(self, order, into, *, soon=False):
        self.orders.append(("film", order.traveller.seed, soon))
        into.set_result((b"",))

    def lay_down(self, fingers, into, *, soon=False):
        self.orders.append((fingers.position, fingers.seed, fingers.first, soon))

    def close(self):
        """Nothing is open."""


@pytest.fixture
def stage():
    return TrainingStage(PlainProps())


@pytest.fixture
def reader(stage):
    device = TrainingFingerprintReader(DriverSettings({"stage": stage, "pace": 0.05}))
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


def test_more_tries_than_are_drawn_at_once_are_drawn_anew(reader, stage):
    stage.present(PlainTraveller())
    shades = [int(reader.capture(Event()).image[20, 20]) for _ in range(5)]
    assert shades == [20, 21, 22, 23, 24]


def test_a_finger_that_is_still_being_drawn_does_not_hold_up_cancelling():
    own = TrainingStage(WaitingProps())
    slow = TrainingFingerprintReader(DriverSettings({"stage": own, "pace": 0.0}))
    slow.open()
    own.present(PlainTraveller())
    cancel = Event()
    Timer(0.2, cancel.set).start()
    with pytest.raises(CaptureCancelled):
        slow.capture(cancel)
    slow.close()


def test_a_finger_that_cannot_be_drawn_is_a_device_error():
    props = WaitingProps()
    props.drawing.set_exception(ZeroDivisionError())
    own = TrainingStage(props)
    broken = TrainingFingerprintReader(DriverSettings({"stage": own, "pace": 0.0}))
    broken.open()
    own.present(PlainTraveller())
    with pytest.raises(DeviceError, match="drawn"):
        broken.capture(Event())
    broken.close()


def test_both_index_fingers_are_drawn_ahead_after_the_face_where_there_is_a_reader_for_them():
    who, notes = traveller(3, today=date(2026, 11, 23)), Notes()
    own = TrainingStage(TravellerProps(notes))
    own.expect(who)
    drawn = [("document", 3), ("film", 3, False)]
    assert notes.orders == drawn
    device = TrainingFingerprintReader(DriverSettings({"stage": own, "pace": 0.0}))
    device.open()
    own.expect(who)
    own.prepare(who)
    right, left = FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX
    assert notes.orders == [*drawn, (right, 3, 0, False), (left, 3, 0, False)]
    own.props.impressions(who, right, 0)
    own.props.impressions(who, FingerPosition.RIGHT_THUMB, 0)
    assert notes.orders[4:] == [(FingerPosition.RIGHT_THUMB, 3, 0, True)]
    device.close()


def test_where_no_face_is_taken_none_is_filmed_until_a_camera_asks():
    who, notes = traveller(3, today=date(2026, 11, 23)), Notes()
    own = TrainingStage(TravellerProps(notes, films=False))
    own.expect(who)
    own.prepare(who)
    assert notes.orders == [("document", 3)]
    own.props.live(who)
    assert notes.orders == [("document", 3), ("film", 3, True)]


def test_an_impostor_has_fingers_of_their_own():
    notes = Notes()
    props = TravellerProps(notes)
    for fault in (None, "impostor"):
        props.impressions(traveller(3, today=date(2026, 11, 23), fault=fault), FingerPosition.RIGHT_INDEX, 0)
    (_, holder, _, _), (_, impostor, _, _) = notes.orders
    assert holder == 3
    assert impostor != 3


def test_fingers_too_dry_are_too_poor_to_be_kept_until_their_owner_leaves():
    own = TrainingStage(TravellerProps(today=lambda: date(2026, 11, 23)))
    device = TrainingFingerprintReader(DriverSettings({"stage": own, "pace": 0.0}))
    device.open()
    own.present(traveller(3, today=date(2026, 11, 23), fault="dry_fingers"))
    tries = [judged(device.capture(Event()).image).quality.score for _ in range(3)]
    assert max(tries) < LEAST
    own.remove()
    own.present(traveller(3, today=date(2026, 11, 23)))
    assert judged(device.capture(Event()).image).quality.score >= GOOD_ENOUGH
    device.close()


@pytest.mark.slow
def test_the_process_that_inspects_never_loads_what_grows_fingers():
    """Growing one holds the interpreter for half a second, and the screen with it."""
    told = (
        "import sys, inspection_station.app, inspection_station.training.devices.fingerprint,"
        " inspection_station.training.devices.props, inspection_station.training.devices.drawing_room;"
        " print('inspection_station.training.personas.fingerprint' in sys.modules, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_unplugging_in_the_middle_is_noticed(reader, stage):
    Timer(0.2, stage.faults.inject, [Fault.UNPLUG, DeviceKind.FINGERPRINT_READER]).start()
    with pytest.raises(DeviceUnplugged):
        reader.capture(Event())


def test_the_reader_keeps_every_rule_of_its_port():
    own = TrainingStage(PlainProps())
    with stage_rehearsal(factory, pace=0.05, stage=own, traveller=PlainTraveller()) as (device, script):
        results = run_conformance(device, script)
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []


@pytest.mark.slow
def test_the_same_order_gives_the_same_impressions_and_another_person_others():
    first, again, other = (lay_down(FingerOrder(seed, FingerPosition.RIGHT_INDEX, 0, 2)) for seed in (77, 77, 78))
    assert first[0].image.shape == other[0].image.shape
    assert np.array_equal(first[1].image, again[1].image)
    assert not np.array_equal(first[0].image, first[1].image)
    assert not np.array_equal(first[0].image, other[0].image)
