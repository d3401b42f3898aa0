"""Rehearsals: a driver brings its own far end, and the conformance suite needs neither hardware nor a person.

A factory may have ``rehearsal()``, a context manager that yields the device and the script that moves its world.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, cast

from inspection_station.hardware.conformance import Ability, DeviceScript
from inspection_station.hardware.ports import Device, DriverFactory

Rehearsal = AbstractContextManager[tuple[Device, DeviceScript]]

SPECIMEN_LINES: Final = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
"""The specimen of Doc 9303 part 4 appendix B: of the state Utopia, no person's."""
SPECIMEN_PERSONAL: Final = ("ERIKSSON", "L898902C3", "740812", "ZE184226B")


class StillScript:
    """A script that can do nothing: what a device is asked without anybody near it. Others refine it."""

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset()

    @property
    def personal_data(self) -> tuple[str, ...]:
        return ()

    def reset(self) -> None:
        """Nothing to put back."""

    def present(self) -> None:
        """Nothing to present."""

    def unplug(self) -> None:
        """Nothing to pull out."""

    def replug(self) -> None:
        """Nothing to plug in."""

    def garbage(self) -> None:
        """Nothing to garble."""

    def stall(self) -> None:
        """Nothing to silence."""

    def lift(self) -> None:
        """Nothing to lift."""


class PromptingScript(StillScript):
    """A person moves the world. ``say`` shows an instruction at once, ``ask`` shows one and waits until it is done."""

    def __init__(self, say: Callable[[str], None], ask: Callable[[str], None], *, chip: bool = False) -> None:
        self._say = say
        self._ask = ask
        self._chip = chip
        self._away = False
        self._lying = False

    @property
    def abilities(self) -> frozenset[Ability]:
        lift = {Ability.LIFT} if self._chip else set()
        return frozenset({Ability.PRESENT, Ability.UNPLUG} | lift)

    def reset(self) -> None:
        self.replug()
        if self._lying:
            self._ask("Take the document or finger away, then press Enter")
            self._lying = False

    def present(self) -> None:
        self._say("Now present a document, chip, face or finger")
        self._lying = True

    def unplug(self) -> None:
        self._ask("Pull the device's cable out, then press Enter")
        self._away = True

    def replug(self) -> None:
        if self._away:
            self._ask("Plug the device in again, wait until the system has found it, then press Enter")
            self._away = False

    def lift(self) -> None:
        self._ask("Take the document off the chip reader, then press Enter")
        self._lying = False


def rehearsal_of(factory: DriverFactory) -> Rehearsal | None:
    """The rehearsal that the driver brings, not yet entered, or None."""
    make = getattr(factory, "rehearsal", None)
    return None if make is None else cast(Rehearsal, make())
