"""Played agencies over real HTTP on this machine's loopback, in this process, and questions about invented people."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import uvicorn
from gateway_process import free_port

from inspection_station.gateway.agencies.configuration import adapter
from inspection_station.gateway.agencies.http import Address
from inspection_station.gateway.agencies.ports import Answering
from inspection_station.gateway.agencies.simulator.app import Simulators, build_simulators
from inspection_station.gateway.agencies.simulator.world import station_day
from inspection_station.headquarters.questions import AgencySystem, Face, Question, Topic
from inspection_station.training.personas.identity import Persona
from inspection_station.training.personas.listed import Listing, listed_people

BEGAN = datetime.now(UTC)
"""One day for what the systems know and for who is asked about, also for tests round midnight."""


class PlayedAgencies:
    """All systems behind one port; ``played`` is what they know, were sent, and what is wrong with them."""

    def __init__(self) -> None:
        self.port = free_port()
        self.played: Simulators = build_simulators(BEGAN)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def adapter(self, system: AgencySystem) -> Answering:
        return adapter(system, Address(f"{self.url}/{system.value}"))

    def adapters(self) -> dict[AgencySystem, Answering]:
        return {system: self.adapter(system) for system in AgencySystem}

    def start(self) -> None:
        config = uvicorn.Config(
            self.played.app, host="127.0.0.1", port=self.port, lifespan="off", log_level="critical", ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)  # type: ignore[union-attr]
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < deadline, "the played agencies do not start"
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(60)
            self._server = self._thread = None

    @contextmanager
    def wrong(self, *faults: str, slow_seconds: float = 3.0) -> Iterator[None]:
        self.played.faults.slow_seconds = slow_seconds
        self.played.faults.add(faults)
        try:
            yield
        finally:
            self.played.faults.clear()


def today() -> date:
    return station_day(BEGAN)


def new_id() -> str:
    return str(uuid.uuid4())


def wanted(number: int = 0) -> Persona:
    return listed_people(Listing.WANTED, today())[number]


def lost(number: int = 0) -> Persona:
    return listed_people(Listing.LOST_DOCUMENT, today())[number]


def about_person(who: Persona) -> Question:
    return Question(new_id(), Topic.PERSON, mrz=who.mrz_lines)


def about_document(who: Persona, topic: Topic = Topic.DOCUMENT) -> Question:
    return Question(
        new_id(), topic, number=who.document_number, issuing_state=who.issuing_state, document_code=who.document_code
    )


def about_face(topic: Topic, *faces: Face, number: str = "", groups: tuple[str, ...] = ()) -> Question:
    return Question(new_id(), topic, faces=faces, number=number, groups=groups)
