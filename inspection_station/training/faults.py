"""Faults that a trainer, a lesson or a test puts into training devices, by name."""

from __future__ import annotations

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
    CARD_PULLED = "card_pulled"
    NO_CHIP = "no_chip"
    NO_FACE = "no_face"
    THREE_FACES = "three_faces"
    DARK = "dark"


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
    Fault.CARD_PULLED: Lasting.ONCE,
    Fault.NO_CHIP: Lasting.TRAVELLER,
    Fault.NO_FACE: Lasting.TRAVELLER,
    Fault.THREE_FACES: Lasting.TRAVELLER,
    Fault.DARK: Lasting.TRAVELLER,
}

_OWN_KIND: Final[dict[Fault, DeviceKind]] = {
    Fault.TORN_MRZ: DeviceKind.DOCUMENT_READER,
    Fault.CARD_PULLED: DeviceKind.CHIP_READER,
    Fault.NO_CHIP: DeviceKind.CHIP_READER,
    Fault.NO_FACE: DeviceKind.CAMERA,
    Fault.THREE_FACES: DeviceKind.CAMERA,
    Fault.DARK: DeviceKind.CAMERA,
}
SLOWNESS: Final = 4.0
"""By how much a slow device is slower."""


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that waits or lasts. ``kind`` is the device it is in."""

    fault: Fault
    kind: DeviceKind
    lasts: Lasting


class FaultBoard:
    """The faults of one stage. Thread-safe: the trainer sets, the devices look."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._active: dict[tuple[Fault, DeviceKind], int] = {}

    def inject(self, fault: Fault | str, kind: DeviceKind | str | None = None, *, times: int = 1) -> None:
        """Put a fault in. ``kind`` is needed only where the fault could be in any device; without it, it is in all.

        ``times`` counts for faults that happen once. REPLUG ends UNPLUG. Raises ValueError for an unknown name, or a
        kind of device that cannot have this fault.
        """
        fault = Fault(fault)
        for where in self._kinds(fault, kind):
            with self._lock:
                if fault is Fault.REPLUG:
                    self._active.pop((Fault.UNPLUG, where), None)
                else:
                    self._active[fault, where] = max(1, times)

    def clear(self, kind: DeviceKind | None = None) -> None:
        """Take out all faults, or those of one device."""
        with self._lock:
            self._active = {k: n for k, n in self._active.items() if kind is not None and k[1] is not kind}

    def active(self) -> tuple[ActiveFault, ...]:
        with self._lock:
            return tuple(ActiveFault(fault, kind, LASTS[fault]) for fault, kind in self._active)

    def is_on(self, fault: Fault, kind: DeviceKind) -> bool:
        """Look without using a fault up."""
        with self._lock:
            return (fault, kind) in self._active

    def strikes(self, fault: Fault, kind: DeviceKind) -> bool:
        """True when the fault is on; one that happens once is used up by this."""
        with self._lock:
            left = self._active.get((fault, kind))
            if left is None:
                return False
            if LASTS[fault] is Lasting.ONCE:
                if left > 1:
                    self._active[fault, kind] = left - 1
                else:
                    del self._active[fault, kind]
            return True

    def traveller_left(self) -> None:
        """Faults that belonged to the traveller go with them."""
        with self._lock:
            self._active = {k: n for k, n in self._active.items() if LASTS[k[0]] is not Lasting.TRAVELLER}

    @staticmethod
    def _kinds(fault: Fault, kind: DeviceKind | str | None) -> tuple[DeviceKind, ...]:
        own = _OWN_KIND.get(fault)
        if kind is None:
            return (own,) if own is not None else tuple(DeviceKind)
        wanted = DeviceKind(kind)
        if own is not None and wanted is not own:
            raise ValueError(f"{fault.value} is a fault of a {own.value}")
        return (wanted,)
