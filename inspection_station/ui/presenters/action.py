"""One button of the action bar: its key, its words, and why it does nothing where it does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspection_station.ui.presenters.keys import Key


class Role(StrEnum):
    """PRIMARY: Enter, rightmost. STOP: refer and refuse. PLAIN: the rest."""

    PRIMARY = "primary"
    STOP = "stop"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Action:
    """One button. ``why`` says why it is not available; empty when it is."""

    key: Key
    label: str
    role: Role
    why: str = ""

    @property
    def available(self) -> bool:
        """Whether pressing it does something."""
        return not self.why
