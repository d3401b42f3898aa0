"""Data packs: what headquarters prepares for stations before a voyage, as values. Shared by station and gateway.

A pack is a named set of parts (name → bytes) of one kind, with a version that only grows. Two moments belong to it:
from ``stale_after`` on it is told to be old (amber), from ``valid_until`` on it is not used at all (red): what would
have been looked up in it is «not checked», never «nothing found».
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CLOCK_SLACK = timedelta(minutes=10)  # two clocks are never the same
_MOST_VERSION = 1 << 53


class PackKind(StrEnum):
    """Kinds of pack. The value is the stable key and the name of the role that alone may sign packs of the kind."""

    CONTROL_LIST = "control-list"
    MANIFEST = "manifest"
    FACE_GROUP = "face-group"
    HISTORY_PHOTOGRAPHS = "history-photographs"
    PERMITS = "permits"
    TRUST_ANCHORS = "trust-anchors"
    ROSTER = "roster"
    RULES = "rules"
    APPLICATION = "application"
    MISSION = "mission"
    WHITELIST = "whitelist"


class PackAge(StrEnum):
    """How far a pack may be relied on at a moment. ``RED``: not used; what it answers is «not checked»."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class PackFault(StrEnum):
    """Why a pack, or what is said of packs, is refused; the value is the stable key."""

    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    OVERSIZED = "oversized"
    ALTERED = "altered"
    UNSIGNED = "unsigned"
    OTHER_ROLE = "other-role"
    ROLLBACK = "rollback"
    FREEZE = "freeze"
    OTHER_BASE = "other-base"
    UNKNOWN_VERSION = "unknown-version"
    NOT_TRUSTED = "not-trusted"
    MISSING = "missing"
    UNUSABLE = "unusable"


_CODES = {
    PackFault.UNSIGNED: "PCK-02",
    PackFault.OTHER_ROLE: "PCK-02",
    PackFault.ROLLBACK: "PCK-03",
    PackFault.FREEZE: "PCK-04",
    PackFault.NOT_TRUSTED: "PCK-05",
    PackFault.UNKNOWN_VERSION: "SYN-03",
}


class PackRefused(ValueError):
    """Something about packs that must not be used. The text quotes nothing of a pack's content."""

    def __init__(self, fault: PackFault, detail: str) -> None:
        super().__init__(f"{fault.value}: {detail}")
        self.fault = fault
        self.detail = detail

    @property
    def code(self) -> str:
        """What people read."""
        return _CODES.get(self.fault, "PCK-01")


@dataclass(frozen=True, slots=True)
class PackLabel:
    """What is said of a version of a pack. ``digest``: SHA-256 of its content (``packs_body.content_digest``)."""

    kind: PackKind
    name: str
    version: int
    digest: bytes
    issued_at: datetime
    stale_after: datetime
    valid_until: datetime

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a pack's name is small letters, digits and hyphens")
        if not 0 < self.version < _MOST_VERSION or len(self.digest) != 32:
            raise ValueError("a pack has a version from 1 on and a digest")
        if any(moment.tzinfo is None for moment in (self.issued_at, self.stale_after, self.valid_until)):
            raise ValueError("moments know their offset from UTC")
        if not self.issued_at < self.stale_after <= self.valid_until:
            raise ValueError("a pack is issued, then stale, then no longer valid")

    def age(self, now: datetime) -> PackAge:
        """The pack's age at ``now`` (aware). One issued in the future is red: one of the two clocks is wrong."""
        if now >= self.valid_until or now < self.issued_at - _CLOCK_SLACK:
            return PackAge.RED
        return PackAge.AMBER if now >= self.stale_after else PackAge.GREEN

    def told(self) -> dict[str, Any]:
        """As plain data; ``label_of`` reads it."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "version": self.version,
            "digest": self.digest.hex(),
            "issued_at": self.issued_at.astimezone(UTC).isoformat(),
            "stale_after": self.stale_after.astimezone(UTC).isoformat(),
            "valid_until": self.valid_until.astimezone(UTC).isoformat(),
        }


def label_of(told: Any) -> PackLabel:
    """Read ``PackLabel.told``. Raises PackRefused (MALFORMED)."""
    try:
        if type(told["version"]) is not int or not _DIGEST.fullmatch(told["digest"]):
            raise ValueError("a version and a digest")
        moments = [datetime.fromisoformat(told[name]) for name in ("issued_at", "stale_after", "valid_until")]
        return PackLabel(PackKind(told["kind"]), told["name"], told["version"], bytes.fromhex(told["digest"]), *moments)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PackRefused(PackFault.MALFORMED, "a pack's label does not say what it must") from None


def snapshot_path(kind: PackKind, name: str, version: int) -> str:
    """Where a snapshot lies in the repository."""
    return f"{kind.value}/{name}/{version}.snapshot"


def delta_path(kind: PackKind, name: str, version: int) -> str:
    """Where the delta that ends at ``version`` lies in the repository."""
    return f"{kind.value}/{name}/{version}.delta"


class PackShelf(Protocol):
    """Packs at hand: installed on a station, or published at headquarters."""

    def labels(self, kind: PackKind | None = None) -> tuple[PackLabel, ...]:
        """Labels by kind and name. Raises PackRefused, OSError."""
        ...

    def content(self, label: PackLabel) -> dict[str, bytes]:
        """Raises PackRefused, OSError."""
        ...


def labels_digest(labels: Iterable[PackLabel]) -> bytes:
    """SHA-256 over which versions with which content these are, whatever their order."""
    told = sorted(f"{one.kind.value} {one.name} {one.version} {one.digest.hex()}" for one in labels)
    return hashlib.sha256("\n".join(told).encode()).digest()
