"""The U.are.U driver against a simulated reader behind pyusb's backend: waking, capturing, trouble at every point."""

import errno
from threading import Event, Thread, Timer

import numpy as np
import pytest
import usb.core
from fakes.unhurried import shortest, took, until

from inspection_station.hardware.conformance import Outcome, run_conformance
from inspection_station.hardware.drivers.finger_rehearsal import drawn_finger
from inspection_station.hardware.drivers.uru4000_fingerprint import Uru4000Reader, factory
from inspection_station.hardware.drivers.uru4000_protocol import Mode
from inspection_station.hardware.drivers.uru4000_simulator import PLAIN, SCRAMBLED, SimulatedUru4000, Trouble
from inspection_station.hardware.errors import (
    CaptureCancelled,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
)
from inspection_station.hardware.ports import DriverSettings

FINGER = drawn_finger()


def reader_on(simulated: SimulatedUru4000, **settings) -> Uru4000Reader:
    return Uru4000Reader(DriverSettings({"backend": simulated, **settings}))


def lay_once_awaited(simulated: SimulatedUru4000) -> None:
    """Another finger, when the driver has seen that the last one was lifted."""

    def lay() -> None:
        until(lambda: simulated.mode == Mode.AWAIT_FINGER)
        simulated.lay(FINGER)

    Thread(target=lay, daemon=True).start()


@pytest.mark.parametrize("blocks", [PLAIN, SCRAMBLED], ids=["plain", "scrambled"])
@pytest.mark.parametrize("product", [0x0007, 0x0008, 0x000A])
def test_a_finger_is_captured_upright_and_dark_on_light(blocks, product):
    simulated = SimulatedUru4000(blocks, product=product)
    simulated.lay(FINGER)
    reader = reader_on(simulated)
    reader.open()
    taken = reader.capture(Event())
    reader.close()
    assert (taken.image.shape, taken.dpi) == ((289, 384), 512)
    top, left = (289 - FINGER.shape[0]) // 2, (384 - FINGER.shape[1]) // 2
    inside = taken.image[top : top + FINGER.shape[0], left : left + FINGER.shape[1]]
    rows = np.ones(len(inside), bool)
    left_out = 65 if product == 0x000A else 219  # the simulator leaves five lines out of scrambled pictures
    rows[left_out - top : left_out + 5 - top] = blocks is PLAIN
    assert np.array_equal(inside[rows], FINGER[rows])


@pytest.mark.parametrize("status", [0x80, 0x81, 0x84, 0x85, 0x01, 0x00])
def test_the_reader_is_woken_from_any_power_state(status):
    simulated = SimulatedUru4000(PLAIN, status=status)
    simulated.lay(FINGER)
    reader = reader_on(simulated)
    reader.open()
    assert reader.capture(Event()).dpi == 512
    reader.close()


def test_a_lost_power_up_interrupt_is_asked_for_again_and_in_the_end_a_stall():
    woken = reader_on(SimulatedUru4000(lost_power_interrupts=2))
    woken.open()
    woken.close()
    with pytest.raises(DeviceStalled, match="power up"):
        reader_on(SimulatedUru4000(lost_power_interrupts=3)).open()


def test_previews_come_before_the_picture_and_the_strongest_is_given():
    simulated = SimulatedUru4000(PLAIN)
    faint = (235 - (235 - FINGER.astype(int)) // 6).astype(np.uint8)
    simulated.lay(faint)
    previews = []

    def watch(image):
        previews.append(image)
        if len(previews) == 1:
            simulated.lay(FINGER)  # the finger is pressed on

    reader = reader_on(simulated)
    reader.open()
    taken = reader.capture(Event(), None, watch)
    reader.close()
    assert 2 <= len(previews) <= 4
    assert previews[0].image.std() < 0.5 * taken.image.std()
    assert max(p.image.std() for p in previews) == taken.image.std()


def test_a_finger_that_keeps_lying_is_one_picture_until_it_is_lifted():
    simulated = SimulatedUru4000(PLAIN)
    simulated.lay(FINGER)
    reader = reader_on(simulated)
    reader.open()
    reader.capture(Event())
    cancel = Event()
    Timer(0.5, cancel.set).start()
    with pytest.raises(CaptureCancelled):
        reader.capture(cancel)
    simulated.lift()
    lay_once_awaited(simulated)
    assert reader.capture(Event()).dpi == 512
    reader.close()


def transfers_of_a_capture() -> int:
    simulated = SimulatedUru4000()
    simulated.lay(FINGER)
    reader = reader_on(simulated)
    reader.open()
    reader.capture(Event())
    count = simulated.transfers
    reader.close()
    return count


def test_unplugging_at_any_transfer_is_unplugged_and_the_reader_comes_back():
    count = transfers_of_a_capture()
    assert count > 15
    for at in range(count):
        simulated = SimulatedUru4000()
        simulated.lay(FINGER)
        simulated.troubles[at] = Trouble.UNPLUG
        reader = reader_on(simulated)
        try:
            reader.open()
            reader.capture(Event())
        except DeviceUnplugged:
            pass
        else:
            assert at == count - 1, "only the farewell may go unheard"
            with pytest.raises(DeviceUnplugged):
                reader.probe()
        reader.close()
        with pytest.raises(DeviceNotFound):
            reader.open()
        simulated.plug_in()
        reader.open()
        assert reader.capture(Event()).dpi == 512, at
        reader.close()


def test_garbage_at_any_transfer_is_a_typed_error_or_asked_again():
    count = transfers_of_a_capture()
    named = 0
    for at in range(count):
        simulated = SimulatedUru4000()
        simulated.lay(FINGER)
        simulated.troubles[at] = Trouble.GARBAGE
        reader = reader_on(simulated)
        try:
            reader.open()
            assert reader.capture(Event()).image.shape == (289, 384)
        except DeviceGarbage:
            named += 1
        reader.close()
    assert named > count / 2


@pytest.mark.slow
def test_silence_at_any_transfer_is_a_stall():
    count = transfers_of_a_capture()
    for at in range(0, count - 1, 3):
        simulated = SimulatedUru4000()
        simulated.lay(FINGER)
        simulated.troubles[at] = Trouble.STALL
        reader = reader_on(simulated)
        with pytest.raises(DeviceStalled):
            open_and_capture(reader)
        reader.close()


def open_and_capture(reader):
    reader.open()
    reader.capture(Event())


@pytest.mark.parametrize(
    "garble",
    [
        lambda sent: sent[:40],
        lambda sent: sent[:64],
        lambda sent: sent[:-1],
        lambda sent: sent[:4] + b"\xff\xff" + sent[6:],
        lambda sent: sent[:16] + bytes(30) + sent[46:],
        lambda sent: sent[:64] + np.random.default_rng(3).bytes(len(sent) - 64),
    ],
    ids=["half a header", "no lines", "a byte short", "65,535 lines", "no blocks", "noise"],
)
def test_a_picture_that_cannot_be_is_garbage_and_the_next_one_is_taken(garble):
    simulated = SimulatedUru4000()
    simulated.garble = garble
    simulated.tear_pictures()
    simulated.lay(FINGER)
    reader = reader_on(simulated)
    reader.open()
    with pytest.raises(DeviceGarbage):
        reader.capture(Event())
    simulated.tear_pictures(False)
    simulated.lift()
    lay_once_awaited(simulated)
    assert reader.capture(Event()).dpi == 512
    reader.close()


def test_a_silent_reader_still_lets_a_wait_be_cancelled_in_time():
    def once() -> float:
        simulated = SimulatedUru4000()
        reader = reader_on(simulated)
        reader.open()
        simulated.fall_silent()
        cancel = Event()
        Timer(0.2, cancel.set).start()
        with pytest.raises(CaptureCancelled):
            reader.capture(cancel)
        return took(reader.close)

    assert shortest(once, 2.0) < 2.0


def test_a_reader_that_lost_its_power_up_is_opened_afresh():
    simulated = SimulatedUru4000()
    reader = reader_on(simulated)
    reader.open()
    simulated.plug_in()  # as after sleep: another address, low power
    with pytest.raises(DeviceError):
        reader.probe()
    reader.close()
    reader.open()
    reader.probe()
    reader.close()


class OtherFirmware(SimulatedUru4000):
    def get_interface_descriptor(self, dev, intf, alt, config):
        described = super().get_interface_descriptor(dev, intf, alt, config)
        described.bInterfaceClass = 3
        return described


class Forbidden(SimulatedUru4000):
    def claim_interface(self, dev_handle, intf):
        raise usb.core.USBError("access denied", None, errno.EACCES)


@pytest.mark.parametrize(("simulated", "why"), [(OtherFirmware(), "firmware"), (Forbidden(), "udev rule")])
def test_a_reader_that_cannot_be_claimed_is_not_found_and_says_what_to_look_at(simulated, why):
    with pytest.raises(DeviceNotFound, match=why):
        reader_on(simulated).open()


@pytest.mark.parametrize("settings", [{"frames": 0}, {"turned": "maybe"}, {"speed": 1}])
def test_settings_that_are_wrong_are_refused_by_the_readers_name(settings):
    with pytest.raises(ValueError, match="uru4000-fingerprint"):
        factory(DriverSettings(settings))


@pytest.mark.slow
def test_the_driver_keeps_every_rule_of_its_port():
    with factory.rehearsal() as (device, script):
        results = run_conformance(device, script)
    assert [f"{r.check}: {r.detail}" for r in results if r.outcome is Outcome.FAILED] == []
