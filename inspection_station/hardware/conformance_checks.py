"""The checks themselves, in the order in which a failure explains the following ones. Each is one rule of ``ports``."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from threading import Event
from typing import Any, Final

import numpy as np

from inspection_station.hardware.conformance import (
    CANCEL_SECONDS,
    Ability,
    Check,
    NamedCheck,
    NotConforming,
    Trial,
)
from inspection_station.hardware.errors import (
    CaptureCancelled,
    CardRemoved,
    DeviceError,
    DeviceGarbage,
    DeviceNotFound,
    DeviceStalled,
    DeviceUnplugged,
    NoCard,
)
from inspection_station.hardware.ports import DeviceKind, DocumentScan, FingerImage, Frame
from inspection_station.inspection.biometrics import FingerPosition

_SELECT_MRTD: Final = bytes.fromhex("00A4040C07A0000002471001")
"""SELECT of the eMRTD application (Doc 9303 part 10 section 3.1): every passport chip answers it with a status word."""
_CHIP: Final = frozenset({DeviceKind.CHIP_READER})
_CAMERA: Final = frozenset({DeviceKind.CAMERA})
_FINGER: Final = frozenset({DeviceKind.FINGERPRINT_READER})
_WAITING: Final = frozenset(DeviceKind) - _CAMERA
"""Kinds whose wait lasts until somebody does something."""


def _says_what_it_is(trial: Trial) -> None:
    info = trial.info
    if not info.name or not info.driver or info.kind not in DeviceKind:
        raise NotConforming("name, driver or kind is empty")
    if trial.info != info:
        raise NotConforming("info changes from call to call")


def _opens_twice(trial: Trial) -> None:
    trial.open()
    trial.open()
    trial.call(lambda device, _: device.probe())


def _closes_always(trial: Trial) -> None:
    trial.close()
    trial.open()
    trial.close()
    trial.close()


def _refuses_when_closed(trial: Trial) -> None:
    trial.close()
    trial.expect(DeviceError, lambda: trial.call(lambda d, _: d.probe()), "probe on a closed device")
    trial.expect(DeviceError, lambda: trial.call(trial.wait), "a wait on a closed device")


def _gives_what_is_presented(trial: Trial) -> None:
    trial.open()
    _judge(trial, trial.take())


def _gives_again(trial: Trial) -> None:
    trial.open()
    for _ in range(3):
        trial.script.reset()
        _judge(trial, trial.take())


def _works_after_reopening(trial: Trial) -> None:
    for _ in range(3):
        trial.open()
        trial.close()
    trial.open()
    _judge(trial, trial.take())


def _cancel_ends_the_wait(trial: Trial) -> None:
    def once() -> float:
        trial.open()
        waiting = trial.start(trial.wait)
        trial.under_way(waiting, 0.2)
        began = time.monotonic()
        waiting.stop()
        trial.expect(CaptureCancelled, lambda: trial.result(waiting), "a cancelled wait")
        return time.monotonic() - began

    _in_time(once)


def _cancelled_beforehand(trial: Trial) -> None:
    cancel = Event()
    cancel.set()

    def once() -> float:
        trial.open()
        began = time.monotonic()
        trial.expect(
            CaptureCancelled, lambda: trial.call(lambda d, _: trial.wait(d, cancel)), "a wait cancelled beforehand"
        )
        return time.monotonic() - began

    _in_time(once)


def _works_after_cancelling(trial: Trial) -> None:
    trial.open()
    for _ in range(3):
        waiting = trial.start(trial.wait)
        time.sleep(0.05)
        waiting.stop()
        try:
            trial.result(waiting)
        except (CaptureCancelled, CancelledError):  # the latter: stopped before it began
            continue
        raise NotConforming("a cancelled wait gave something")
    _judge(trial, trial.take())


def _camera_cancel(trial: Trial) -> None:
    def once() -> float:
        trial.open()
        cancel = Event()
        newest = trial.call(lambda d, c: d.next_frame(c, -1))
        cancel.set()
        began = time.monotonic()
        far = newest.sequence + 1_000_000
        trial.expect(CaptureCancelled, lambda: trial.call(lambda d, _: d.next_frame(cancel, far)), "a cancelled wait")
        return time.monotonic() - began

    _in_time(once)


def _unplugged_while_waiting(trial: Trial) -> None:
    trial.open()
    waiting = trial.start(lambda d, c: _until_it_fails(trial, d, c))
    trial.under_way(waiting, 0.2)
    trial.script.unplug()
    trial.expect(DeviceUnplugged, lambda: trial.result(waiting), "unplugged in a wait")


def _unplugged_while_idle(trial: Trial) -> None:
    trial.open()
    trial.script.unplug()
    time.sleep(0.2)
    trial.expect(DeviceError, lambda: trial.call(lambda d, _: d.probe()), "probe after unplugging")


def _absent_is_not_found(trial: Trial) -> None:
    trial.script.unplug()
    trial.expect(DeviceNotFound, trial.open, "open without the device")
    trial.close()


def _comes_back(trial: Trial) -> None:
    trial.open()
    trial.script.unplug()
    time.sleep(0.2)
    trial.expect(DeviceError, lambda: trial.call(lambda d, _: d.probe()), "probe after unplugging")
    trial.close()
    trial.script.replug()
    trial.open()
    _judge(trial, trial.take())


def _garbage_is_named(trial: Trial) -> None:
    trial.open()
    waiting = trial.start(lambda d, c: _until_it_fails(trial, d, c))
    trial.under_way(waiting)
    trial.script.garbage()
    trial.expect(DeviceGarbage, lambda: _use(trial, trial.result(waiting)), "garbage")


def _works_after_garbage(trial: Trial) -> None:
    _garbage_is_named(trial)
    trial.script.reset()
    trial.open()
    _judge(trial, trial.take())


def _stall_is_named(trial: Trial) -> None:
    trial.open()
    waiting = trial.start(lambda d, c: _until_it_fails(trial, d, c))
    trial.under_way(waiting)
    trial.script.stall()
    trial.expect(DeviceStalled, lambda: _use(trial, trial.result(waiting)), "a silent device")


def _no_chip_in_time(trial: Trial) -> None:
    def once() -> float:
        trial.open()
        began = time.monotonic()
        trial.expect(NoCard, lambda: trial.call(lambda d, c: d.connect(c, 0.4)), "an empty field")
        return time.monotonic() - began

    if not 0.3 <= (seconds := shortest(once, 2.0)) <= 2.0:
        raise NotConforming(f"a limit of 0.4 s took {seconds:.1f} s")


def _lifted_chip(trial: Trial) -> None:
    trial.open()
    connection = trial.take()
    trial.call(lambda _d, _c: connection.transmit(_SELECT_MRTD))
    trial.script.lift()
    time.sleep(0.2)
    for _ in range(2):
        trial.expect(CardRemoved, lambda: trial.call(lambda _d, _c: connection.transmit(_SELECT_MRTD)), "chip lifted")
    trial.call(lambda _d, _c: connection.disconnect())


def _frames_move_on(trial: Trial) -> None:
    trial.open()
    trial.script.present()
    last: Frame = trial.call(lambda d, c: d.next_frame(c, -1))
    for _ in range(5):
        frame = trial.call(functools.partial(_frame_after, last.sequence))
        _judge(trial, frame)
        if frame.sequence <= last.sequence or frame.monotonic < last.monotonic:
            raise NotConforming("a frame that is not newer than the one before")
        last = frame


def _frame_after(sequence: int, device: Any, cancel: Event) -> Any:
    return device.next_frame(cancel, sequence)


def _takes_a_named_finger(trial: Trial) -> None:
    trial.open()
    previews: list[Any] = []
    waiting = trial.start(lambda d, c: d.capture(c, FingerPosition.LEFT_INDEX, previews.append))
    trial.under_way(waiting)
    trial.script.present()
    for given in (trial.result(waiting), *previews):
        _judge(trial, given)


def _until_it_fails(trial: Trial, device: Any, cancel: Event) -> Any:
    """Wait on; a camera is asked for one frame after the other, since each comes quickly."""
    if trial.info.kind is not DeviceKind.CAMERA:
        return trial.wait(device, cancel)
    frame = device.next_frame(cancel, -1)
    while True:
        frame = device.next_frame(cancel, frame.sequence)


def _judge(trial: Trial, given: Any) -> None:
    """Is it what the port promises?"""
    match trial.info.kind:
        case DeviceKind.DOCUMENT_READER:
            good = isinstance(given, DocumentScan) and bool(given.text or given.image)
        case DeviceKind.CAMERA:
            good = isinstance(given, Frame) and _is_picture(given.image, 3)
        case DeviceKind.FINGERPRINT_READER:
            good = isinstance(given, FingerImage) and _is_picture(given.image, 2) and given.dpi >= 300
        case DeviceKind.CHIP_READER:
            good = len(given.answer_to_reset) >= 2 and len(_use(trial, given)) >= 2
            trial.call(lambda _d, _c: given.disconnect())
    if not good:
        raise NotConforming(f"{type(given).__name__} is not what the port promises, or is empty")


def _use(trial: Trial, given: Any) -> bytes:
    """Send a chip one command; nothing for the other kinds."""
    if trial.info.kind is not DeviceKind.CHIP_READER:
        return b""
    answer = trial.call(lambda _d, _c: given.transmit(_SELECT_MRTD))
    if not isinstance(answer, bytes):
        raise NotConforming("an answer that is no bytes")
    return answer


def _is_picture(image: Any, dimensions: int) -> bool:
    return (
        isinstance(image, np.ndarray)
        and image.dtype == np.uint8
        and image.ndim == dimensions
        and image.size > 0
        and bool(image.flags["C_CONTIGUOUS"])
    )


def shortest(once: Callable[[], float], allowed: float) -> float:
    """Seconds of the first measurement within ``allowed``, else of the shortest of five: a busy machine is late now and
    then, what is slow is late always.
    """
    seconds = once()
    for _ in range(4):
        if seconds <= allowed:
            break
        seconds = min(seconds, once())
    return seconds


def _in_time(once: Callable[[], float]) -> None:
    seconds = shortest(once, CANCEL_SECONDS)
    if seconds > CANCEL_SECONDS:
        raise NotConforming(
            f"the wait ended {seconds * 1000:.0f} ms after cancelling, {CANCEL_SECONDS * 1000:.0f} allowed"
        )


def _check(name: str, rule: str, run: Check, *needs: Ability, kinds: frozenset[DeviceKind] | None = None) -> NamedCheck:
    return NamedCheck(name, rule, run, frozenset(needs), kinds or frozenset(DeviceKind))


_P, _U, _G = Ability.PRESENT, Ability.UNPLUG, Ability.GARBAGE

CHECKS: Final[tuple[NamedCheck, ...]] = (
    _check("says what it is", "info is complete and does not change", _says_what_it_is),
    _check("opens twice", "open on an open device is harmless", _opens_twice),
    _check("closes always", "close succeeds before open, and twice", _closes_always),
    _check("refuses when closed", "a call on a closed device raises DeviceError", _refuses_when_closed),
    _check("gives what is presented", "the wait returns what its port promises", _gives_what_is_presented, _P),
    _check("frames move on", "each frame is newer than the one before", _frames_move_on, _P, kinds=_CAMERA),
    _check("gives again", "one presentation after the other is read", _gives_again, _P),
    _check("works after reopening", "close and open leave the device usable", _works_after_reopening, _P),
    _check("cancel ends the wait", "within 300 ms, with CaptureCancelled", _cancel_ends_the_wait, kinds=_WAITING),
    _check("cancel ends the camera's wait", "within 300 ms, with CaptureCancelled", _camera_cancel, _P, kinds=_CAMERA),
    _check("cancelled beforehand", "a cancel event already set ends the wait at once", _cancelled_beforehand),
    _check(
        "works after cancelling",
        "a cancelled wait leaves the device usable",
        _works_after_cancelling,
        _P,
        kinds=_WAITING,
    ),
    _check(
        "takes a named finger",
        "a finger may be asked for by name; live pictures are pictures",
        _takes_a_named_finger,
        _P,
        kinds=_FINGER,
    ),
    _check("no chip in time", "NoCard after the given limit", _no_chip_in_time, _P, kinds=_CHIP),
    _check(
        "a lifted chip", "CardRemoved, now and for every later command", _lifted_chip, _P, Ability.LIFT, kinds=_CHIP
    ),
    _check("unplugged while waiting", "the wait raises DeviceUnplugged", _unplugged_while_waiting, _U),
    _check("unplugged while idle", "probe raises DeviceError", _unplugged_while_idle, _U),
    _check("absent is not found", "open raises DeviceNotFound, close still succeeds", _absent_is_not_found, _U),
    _check("comes back", "after unplugging it can be opened and used again", _comes_back, _P, _U),
    _check("garbage is named", "what the protocol does not allow raises DeviceGarbage", _garbage_is_named, _G),
    _check("works after garbage", "the next presentation is read", _works_after_garbage, _P, _G),
    _check("a stall is named", "silence raises DeviceStalled", _stall_is_named, Ability.STALL),
)
