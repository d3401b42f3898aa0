"""What goes wrong with a played system: it is slow, down, flaky, answers wrongly, or says everything twice."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inspection_station.headquarters.questions import AgencySystem

SLOW_SECONDS = 8.0
_OTHER_ID = "00000000-0000-4000-8000-000000000000"


class Fault(StrEnum):
    """A fault; the value is its name on the command line."""

    SLOW = "slow"  # answers after eight seconds
    DOWN = "down"  # 503 to everything
    FLAKY = "flaky"  # 503 to every second request
    WRONG = "wrong"  # in turn: no JSON, another form, half an answer, an answer to another question
    DUPLICATE = "duplicate"  # everything in an answer is said twice


class UnknownFault(ValueError):
    """No such fault or system."""


class Faults:
    """The faults of each system, to be changed while it runs."""

    def __init__(self, named: Iterable[str] = (), slow_seconds: float = SLOW_SECONDS) -> None:
        """``named``: ``FAULT`` for every system, ``SYSTEM:FAULT`` for one. Raises UnknownFault."""
        self.slow_seconds = slow_seconds
        self._of: defaultdict[str, set[Fault]] = defaultdict(set)
        self._turns: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
        self.add(named)

    def add(self, named: Iterable[str]) -> None:
        """Raises UnknownFault."""
        known = [system.value for system in AgencySystem]
        for text in named:
            system, colon, name = text.rpartition(":")
            if name not in list(Fault) or (colon and system not in known):
                raise UnknownFault(f"faults are {', '.join(Fault)}; systems are {', '.join(known)}")
            for one in [system] if colon else known:
                self._of[one].add(Fault(name))

    def clear(self) -> None:
        """Everything works."""
        self._of.clear()

    def of(self, system: str) -> frozenset[Fault]:
        """What is wrong with a system at the moment."""
        return frozenset(self._of.get(system, ()))

    def told(self) -> Mapping[str, list[str]]:
        """By system, sorted."""
        return {system: sorted(faults) for system, faults in sorted(self._of.items()) if faults}

    def turn(self, system: str) -> int:
        """Counts what was asked of a faulty system."""
        return next(self._turns[system])


class WithFaults:
    """Wraps the played systems; the first part of a path is the system's name."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass through, or not."""
        system = scope["path"].strip("/").partition("/")[0] if scope["type"] == "http" else ""
        wrong = self._faults.of(system)
        if not wrong:
            await self._app(scope, receive, send)
            return
        turn = self._faults.turn(system)
        if Fault.SLOW in wrong:
            await asyncio.sleep(self._faults.slow_seconds)
        if Fault.DOWN in wrong or (Fault.FLAKY in wrong and turn % 2 == 0):
            await _respond(send, 503, b"")
            return
        status, body = await _answer(self._app, scope, receive)
        if Fault.DUPLICATE in wrong:
            body = _doubled(body)
        if Fault.WRONG in wrong and status in (200, 201):
            body = _distorted(body, turn)
        await _respond(send, status, body)


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, bytes]:
    status, gathered = 500, bytearray()

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            gathered.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return status, bytes(gathered)


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _doubled(body: bytes) -> bytes:
    answer = _parsed(body)
    if not isinstance(answer, dict):
        return body
    doubled = {key: value + value if isinstance(value, list) else value for key, value in answer.items()}
    return json.dumps(doubled).encode()


def _distorted(body: bytes, turn: int) -> bytes:
    answer = _parsed(body)
    kind = turn % 4
    if kind == 0 or not isinstance(answer, dict):
        return b"<html><body>502</body></html>"
    if kind == 1:
        return json.dumps({"ok": True}).encode()
    if kind == 2:
        return body[: len(body) // 2]
    return json.dumps({**answer, "query_id": _OTHER_ID, "id": "another", "voyage": "ANOTHER", "group": "x"}).encode()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
