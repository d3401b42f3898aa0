"""Who did what to the store: append-only, each entry hashed with the one before (SC-15)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from inspection_station.inspection.codec import canonical_json
from inspection_station.storage.connection import Connection
from inspection_station.storage.envelope import GENESIS
from inspection_station.storage.values import AuditEntry


def append_audit(connection: Connection, at: str, actor: str, act: str, subject: str = "", detail: str = "") -> None:
    """Add an entry within the caller's transaction. ``subject`` is an id; ``detail`` holds no traveller's data."""
    last = connection.execute("select hash from audit order by position desc limit 1").fetchone()
    previous = GENESIS if last is None else last[0]
    digest = _digest(previous, at, actor, act, subject, detail)
    connection.execute(
        "insert into audit (at, actor, act, subject, detail, previous_hash, hash) values (?, ?, ?, ?, ?, ?, ?)",
        (at, actor, act, subject, detail, previous, digest),
    )


def newest_entries(connection: Connection, limit: int) -> tuple[AuditEntry, ...]:
    """Newest first."""
    rows = connection.execute(
        "select position, at, actor, act, subject, detail from audit order by position desc limit ?", (max(0, limit),)
    )
    return tuple(AuditEntry(*row) for row in rows)


def audit_problems(connection: Connection) -> Iterator[str]:
    """The first break of the chain, if there is one."""
    previous = GENESIS
    rows = connection.execute(
        "select position, previous_hash, hash, at, actor, act, subject, detail from audit order by position"
    )
    for expected, (position, before, digest, *words) in enumerate(rows, start=1):
        if position != expected or before != previous or digest != _digest(previous, *words):
            yield f"audit: the chain breaks at entry {expected}"
            return
        previous = digest


def _digest(previous: bytes, *words: str) -> bytes:
    return hashlib.sha256(previous + canonical_json(list(words))).digest()
