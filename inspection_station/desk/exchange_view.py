"""What the screen shows of the exchange with headquarters: lanes, lists with their ages, and what an officer asked for.

Frozen values without personal data. Moments are aware, in UTC; bytes are what headquarters still lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Freshness(StrEnum):
    """How far a list may be relied on. RED: not used, what it would have answered is «not checked»."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane of the outbox. ``later``: bytes that wait for a cheaper link; ``held``: kept apart at headquarters and
    never sent again; ``seconds``: until the lane is empty at the pace of late, None while that is unknown.
    """

    lane: int
    messages: int
    bytes: int
    later: int = 0
    held: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ListAge:
    """A list or pack at hand, or (``version`` empty) one that should be. ``kind`` and ``name``: keys of the wording."""

    kind: str
    name: str
    version: str
    freshness: Freshness
    hours: float | None = None
    stale_after: datetime | None = None
    valid_until: datetime | None = None


class Act(StrEnum):
    """What an officer can ask of the exchange; the value is a key of the wording."""

    SYNC = "sync"
    EXPORT = "export"
    IMPORT = "import"
    CLOSE_VOYAGE = "close-voyage"


@dataclass(frozen=True, slots=True)
class ActView:
    """The last thing asked for. ``code`` empty and not ``running``: it is done; ``figures`` fill its result's wording.

    ``step`` is a key of the wording while it runs, ``share`` 0…1 where that is known.
    """

    act: Act
    number: int
    running: bool
    step: str = ""
    share: float | None = None
    code: str = ""
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StickFile:
    """Something on a stick that may be taken in. ``form``: ``bundle`` or ``packs`` (a repository's folder)."""

    path: str
    name: str
    form: str


@dataclass(frozen=True, slots=True)
class Stick:
    """A medium that can be taken out. ``free`` in bytes."""

    path: str
    label: str
    free: int
    files: tuple[StickFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """How the exchange stands. ``enrolled`` False: headquarters does not know this station, so nothing goes.

    ``clock_offset_seconds``: headquarters' clock minus this machine's, None before they could be compared.
    ``own_packs``: a training station that has no root of trust and lives off its own packs.
    ``budget_bytes`` None: no limit for this voyage. ``sticks`` None: not looked for yet.
    """

    enrolled: bool = False
    online: bool = False
    fault: str = ""
    last_contact: datetime | None = None
    lanes: tuple[LaneView, ...] = ()
    seconds_left: float | None = None
    budget_bytes: int | None = None
    used_bytes: int = 0
    port_link: bool = False
    lists: tuple[ListAge, ...] = ()
    packs_checked: datetime | None = None
    packs_fault: str = ""
    own_packs: bool = False
    act: ActView | None = None
    sticks: tuple[Stick, ...] | None = None
    clock_offset_seconds: int | None = None

    @property
    def waiting(self) -> int:
        """Messages that wait, over all lanes."""
        return sum(lane.messages for lane in self.lanes)

    @property
    def bytes(self) -> int:
        """Bytes that wait, over all lanes."""
        return sum(lane.bytes for lane in self.lanes)

    @property
    def later(self) -> int:
        """Bytes that wait for a cheaper link."""
        return sum(lane.later for lane in self.lanes)

    @property
    def oldest(self) -> ListAge | None:
        """The list that can be relied on least: red before amber, then the older one."""
        order = (Freshness.RED, Freshness.AMBER, Freshness.GREEN)
        return min(self.lists, key=lambda one: (order.index(one.freshness), -(one.hours or 0.0)), default=None)
