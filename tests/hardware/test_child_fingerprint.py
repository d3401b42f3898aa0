"""Any fingerprint driver in a child process: the finger asked for goes in, live pictures come out before the last."""

from threading import Event

from inspection_station.hardware.child import ChildFingerprintReader
from inspection_station.hardware.ports import DriverSettings
from inspection_station.inspection.biometrics import FingerPosition


def test_the_finger_goes_into_the_child_and_its_live_pictures_come_out():
    reader = ChildFingerprintReader("fakes.finger_readers:factory", DriverSettings())
    reader.open()
    previews = []
    taken = reader.capture(Event(), FingerPosition.RIGHT_THUMB, previews.append)
    unnamed = reader.capture(Event())
    reader.close()
    assert taken.image[0, 0] == 2
    assert [p.image[0, 0] for p in previews] == [2, 2]
    assert unnamed.image[0, 0] == 0
