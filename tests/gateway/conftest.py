"""A gateway on SQLite, and the same on a real PostgreSQL where the wheel or a system's server is there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from exchange_world import SharedClock, gateway_in
from gateway_databases import fresh_database

from inspection_station.gateway.service import Gateway


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own."""
    pgserver = pytest.importorskip("pgserver", reason="no PostgreSQL as a wheel for this Python")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    return fresh_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture
def gateway(tmp_path: Path, database_url: str, clock: SharedClock) -> Iterator[Gateway]:
    made = gateway_in(tmp_path / "gateway", database_url, clock)
    yield made
    made.database.close()
