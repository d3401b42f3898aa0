"""Faults that a trainer, a lesson or a test puts into training devices, by name."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

from inspection_station.hardware.ports import DeviceKind


class Fault(StrEnum):
    """What can go wrong; the value is the name used in lessons and on the command line."""

    UNPLUG = "unplug"
    REPLUG = "replug"
    STALL = "stall"
    GARBAGE = "garbage"
    SLOW = "slow"
    TORN_MRZ = "torn_mrz"
    COVERED_ZONE = "covered_zone"
    BLANK_PAGE = "blank_page"
    TWO_PASSPORTS = "two_passports"
    TRUNCATED_PICTURE = "truncated_picture"
    HUGE_PICTURE = "huge_picture"
    EMPTY_PICTURE = "empty_picture"
    NOT_A_PICTURE = "not_a_picture"
    WRONG_LENGTH_ZONE = "wrong_length_zone"
    CONTROL_CHARACTERS = "control_characters"
    CARD_PULLED = "card_pulled"
    NO_CHIP = "no_chip"
    READER_LOST = "reader_lost"
    NO_FACE = "no_face"
    THREE_FACES = "three_faces"
    DARK = "dark"
    CAMERA_LOST = "camera_lost"
    DRY_FINGERS = "dry_fingers"
    FINGER_GARBAGE = "finger_garbage"
    FINGER_READER_LOST = "finger_reader_lost"


class Lasting(StrEnum):
    """How long a fault stays."""

    ONCE = "the next time the device is used"
    TRAVELLER = "until the traveller leaves"
    UNTIL_CLEARED = "until it is cleared"


LASTS: Final[dict[Fault, Lasting]] = {
    Fault.UNPLUG: Lasting.UNTIL_CLEARED,
    Fault.SLOW: Lasting.UNTIL_CLEARED,
    Fault.STALL: Lasting.ONCE,
    Fault.GARBAGE: Lasting.ONCE,
    Fault.TORN_MRZ: Lasting.ONCE,
    Fault.COVERED_ZONE: Lasting.TRAVELLER,
    Fault.BLANK_PAGE: Lasting.ONCE,
    Fault.TWO_PASSPORTS: Lasting.ONCE,
    Fault.TRUNCATED_PICTURE: Lasting.ONCE,
    Fault.HUGE_PICTURE: Lasting.ONCE,
    Fault.EMPTY_PICTURE: Lasting.ONCE,
    Fault.NOT_A_PICTURE: Lasting.ONCE,
    Fault.WRONG_LENGTH_ZONE: Lasting.ONCE,
    Fault.CONTROL_CHARACTERS: Lasting.ONCE,
    Fault.CARD_PULLED: Lasting.ONCE,
    Fault.NO_CHIP: Lasting.TRAVELLER,
    Fault.READER_LOST: Lasting.ONCE,
    Fault.NO_FACE: Lasting.TRAVELLER,
    Fault.THREE_FACES: Lasting.TRAVELLER,
    Fault.DARK: Lasting.TRAVELLER,
    Fault.CAMERA_LOST: Lasting.ONCE,
    Fault.DRY_FINGERS: Lasting.TRAVELLER,
    Fault.FINGER_GARBAGE: Lasting.ONCE,
    Fault.FINGER_READER_LOST: Lasting.ONCE,
}

_OWN_KIND: Final[dict[Fault, DeviceKind]] = {
    Fault.TORN_MRZ: DeviceKind.DOCUMENT_READER,
    Fault.COVERED_ZONE: DeviceKind.DOCUMENT_READER,
    Fault.BLANK_PAGE: DeviceKind.DOCUMENT_READER,
    Fault.TWO_PASSPORTS: DeviceKind.DOCUMENT_READER,
    Fault.TRUNCATED_PICTURE: DeviceKind.DOCUMENT_READER,
    Fault.HUGE_PICTURE: DeviceKind.DOCUMENT_READER,
    Fault.EMPTY_PICTURE: DeviceKind.DOCUMENT_READER,
    Fault.NOT_A_PICTURE: DeviceKind.DOCUMENT_READER,
    Fault.WRONG_LENGTH_ZONE: DeviceKind.DOCUMENT_READER,
    Fault.CONTROL_CHARACTERS: DeviceKind.DOCUMENT_READER,
    Fault.CARD_PULLED: DeviceKind.CHIP_READER,
    Fault.NO_CHIP: DeviceKind.CHIP_READER,
    Fault.READER_LOST: DeviceKind.CHIP_READER,
    Fault.NO_FACE: DeviceKind.CAMERA,
    Fault.THREE_FACES: DeviceKind.CAMERA,
    Fault.DARK: DeviceKind.CAMERA,
    Fault.CAMERA_LOST: DeviceKind.CAMERA,
    Fault.DRY_FINGERS: DeviceKind.FINGERPRINT_READER,
    Fault.FINGER_GARBAGE: DeviceKind.FINGERPRINT_READER,
    Fault.FINGER_READER_LOST: DeviceKind.FINGERPRINT_READER,
}
LOST_SECONDS: Final = 1.5
"""How long a device that was unplugged in mid-use stays away before somebody plugs it in again."""
SLOWNESS: Final = 4.0
"""By how much a slow device is slower."""


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that waits or lasts. ``kind`` is the device it is in."""

    fault: Fault
    kind: DeviceKind
    lasts: Lasting


@dataclass(slots=True)
class _Lease:
    """``left`` strikes of a fault that happens once; ``until`` (monotonic) where it ends by itself."""

    left: int = 1
    until: float = math.inf


class FaultBoard:
    """The faults of one stage. Thread-safe: the trainer sets, the devices look."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._leases: dict[tuple[Fault, DeviceKind], _Lease] = {}

    def inject(
        self, fault: Fault | str, kind: DeviceKind | str | None = None, *, times: int = 1, seconds: float = math.inf
    ) -> None:
        """Put a fault in. ``kind`` is needed only where the fault could be in any device; without it, it is in all.

        ``times`` counts for faults that happen once; after ``seconds`` it ends by itself. REPLUG ends UNPLUG. Raises
        ValueError for an unknown name, or a kind of device that cannot have this fault.
        """
        fault = Fault(fault)
        for where in self._kinds(fault, kind):
            with self._lock:
                if fault is Fault.REPLUG:
                    self._leases.pop((Fault.UNPLUG, where), None)
                else:
                    self._leases[fault, where] = _Lease(max(1, times), time.monotonic() + seconds)

    def withdraw(self, fault: Fault | str) -> None:
        """Take one fault out, wherever it is and whether or not it struck."""
        with self._lock:
            self._leases = {k: n for k, n in self._leases.items() if k[0] is not Fault(fault)}

    def clear(self, kind: DeviceKind | None = None) -> None:
        """Take out all faults, or those of one device."""
        with self._lock:
            self._leases = {k: n for k, n in self._leases.items() if kind is not None and k[1] is not kind}

    def active(self) -> tuple[ActiveFault, ...]:
        with self._lock:
            self._end()
            return tuple(ActiveFault(fault, kind, LASTS[fault]) for fault, kind in self._leases)

    def is_on(self, fault: Fault, kind: DeviceKind) -> bool:
        """Look without using a fault up."""
        with self._lock:
            self._end()
            return (fault, kind) in self._leases

    def strikes(self, fault: Fault, kind: DeviceKind) -> bool:
        """True when the fault is on; one that happens once is used up by this."""
        with self._lock:
            self._end()
            lease = self._leases.get((fault, kind))
            if lease is None:
                return False
            if LASTS[fault] is Lasting.ONCE:
                lease.left -= 1
                if lease.left <= 0:
                    del self._leases[fault, kind]
            return True

    def _end(self) -> None:
        now = time.monotonic()
        for key in [key for key, lease in self._leases.items() if lease.until <= now]:
            del self._leases[key]

    def traveller_left(self) -> None:
        """Faults that belonged to the traveller go with them."""
        with self._lock:
            self._leases = {k: n for k, n in self._leases.items() if LASTS[k[0]] is not Lasting.TRAVELLER}

    @staticmethod
    def _kinds(fault: Fault, kind: DeviceKind | str | None) -> tuple[DeviceKind, ...]:
        own = _OWN_KIND.get(fault)
        if kind is None:
            return (own,) if own is not None else tuple(DeviceKind)
        wanted = DeviceKind(kind)
        if own is not None and wanted is not own:
            raise ValueError(f"{fault.value} is a fault of a {own.value}")
        return (wanted,)
