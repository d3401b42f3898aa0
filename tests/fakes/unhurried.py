"""Waiting and measuring on a machine that may be busy with something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

from inspection_station.hardware.conformance_checks import shortest

__all__ = ["PATIENCE", "Heeded", "meanwhile", "shortest", "took", "until"]

PATIENCE = 60.0
"""Seconds, for what takes milliseconds on a machine that has nothing else to do."""


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Returns as soon as ``true`` is; AssertionError when it does not come about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not come about in time"
        time.sleep(0.005)


def took(what: Callable[[], object]) -> float:
    """Seconds."""
    began = time.monotonic()
    what()
    return time.monotonic() - began


class Heeded(Event):
    """A cancel event that tells when it was first looked at: the driver has dropped what came before, and waits."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = Event()

    def is_set(self) -> bool:
        self.looked_at.set()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        self.looked_at.set()
        return super().wait(timeout)


def meanwhile(deed: Callable[..., object], *given: object) -> Heeded:
    """Have ``deed`` done once the wait that is given this cancel event is under way."""
    cancel = Heeded()

    def do() -> None:
        if cancel.looked_at.wait(PATIENCE):
            deed(*given)

    Thread(target=do, daemon=True).start()
    return cancel
