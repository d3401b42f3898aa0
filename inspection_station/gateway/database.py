"""The gateway's database: PostgreSQL, or SQLite for one desk. Two kinds of use and no third: write, read.

A writing transaction on SQLite takes the write lock at its beginning, so that reading and then writing cannot fail in
between; PostgreSQL runs READ COMMITTED, where each statement sees what others have committed before it began.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_WAIT = 30  # seconds that a writer waits for another on SQLite


class Database:
    """Use from any thread and any number of processes."""

    def __init__(self, url: str) -> None:
        """``sqlite:///FILE`` or ``postgresql+psycopg://…``. Raises ValueError for another kind; says nothing of it."""
        try:
            self.kind = make_url(url).get_backend_name()
            if self.kind == "sqlite":
                self.engine = _sqlite(url)
            elif self.kind == "postgresql":
                self.engine = create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True)
        except (ArgumentError, ImportError, ValueError):  # a password may stand in it
            raise ValueError("the database's address is none of sqlite:///FILE and postgresql+psycopg://…") from None
        if self.kind not in ("sqlite", "postgresql"):
            raise ValueError("the gateway keeps its data in PostgreSQL or SQLite")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, durable when the block ends, undone as a whole by an exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Questions; each sees what is committed when it is asked."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def insert_if_new(self, table: Table) -> Insert:
        """``insert … on conflict do nothing``. What became of it is to be read in another statement: the snapshot of
        this one does not see a row that somebody else commits meanwhile.
        """
        if self.kind == "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def migrate(self) -> None:
        """Bring the schema forward; who comes second waits. Raises ValueError for the schema of a newer program."""
        settings = Config()
        settings.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self.writing() as connection:
            if self.kind == "postgresql":
                connection.exec_driver_sql("select pg_advisory_xact_lock(7318349)")
            settings.attributes["connection"] = connection
            try:
                command.upgrade(settings, "head")
            except CommandError as error:
                raise ValueError("a newer program has changed the database: install that one") from error

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _WAIT, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so, not where the driver thinks
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("begin immediate")

    return engine
