"""What was sent up to a played system: each id once, and how often it came."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from threading import Lock

from fastapi import HTTPException

from inspection_station.gateway.agencies.contracts import Taken


class Kept:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._digests: dict[str, str] = {}
        self._at: dict[str, datetime] = {}
        self.received: Counter[str] = Counter()

    def take(self, name: str, sha256: str) -> Taken:
        """Acknowledge; 409 for another content under a known id."""
        with self._lock:
            self.received[name] += 1
            known = self._digests.setdefault(name, sha256)
            if known != sha256:
                raise HTTPException(409, "another content is kept under this id")
            at = self._at.setdefault(name, datetime.now(UTC))
            return Taken(id=name, sha256=sha256, received_at=at, duplicate=self.received[name] > 1)
