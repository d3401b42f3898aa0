"""Schema versions go forward, once, and never back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from inspection_station.storage.connection import Connection, open_writer
from inspection_station.storage.errors import SchemaTooNew, SchemaTooOld, StoreDamaged
from inspection_station.storage.migrations import Migration, migrate, require_current, shipped, version
from inspection_station.storage.store import StationStore
from inspection_station.storage.tables import row_counts, tables_of


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Connection]:
    connection = open_writer(tmp_path, secrets.token_bytes(32))
    yield connection
    connection.close()


def test_an_empty_database_is_brought_to_the_newest_version(empty: Connection) -> None:
    assert version(empty) == 0
    assert migrate(empty, "2026-05-04T00:00:00Z") == len(shipped())
    names = {name for (name,) in empty.execute("select name from sqlite_master where type = 'table'")}
    assert {"inspection", "outbox", "delivery", "blob", "journal", "audit", "migration"} <= names
    require_current(empty)


def test_migrating_again_changes_nothing(empty: Connection) -> None:
    migrate(empty, "first")
    before = empty.execute("select sql from sqlite_master order by name").fetchall()
    migrate(empty, "second")
    assert empty.execute("select sql from sqlite_master order by name").fetchall() == before
    assert empty.execute("select distinct at from migration").fetchall() == [("first",)]


def test_a_store_of_every_released_schema_goes_forward(empty: Connection) -> None:
    for released in range(1, len(shipped()) + 1):
        migrate(empty, "then", shipped()[:released])
        assert version(empty) == released
    assert migrate(empty, "now") == len(shipped())


def test_a_newer_schema_is_refused_with_what_to_do(empty: Connection) -> None:
    later = (*shipped(), Migration(len(shipped()) + 1, "9999_later.sql", "create table later (a);"))
    migrate(empty, "now", later)
    with pytest.raises(SchemaTooNew, match="install the newer program") as refusal:
        migrate(empty, "now")
    assert refusal.value.code == "STO-03"


def test_the_store_refuses_to_open_a_newer_schema(
    open_store: Callable[[], StationStore], raw: Callable[[], Connection]
) -> None:
    open_store().close()
    raw().execute("insert into migration values (999, '0999_later.sql', '', '')")
    with pytest.raises(SchemaTooNew):
        open_store()


def test_a_reader_leaves_an_older_schema_alone(empty: Connection) -> None:
    with pytest.raises(SchemaTooOld):
        require_current(empty)


def test_a_migration_that_was_edited_after_its_release_is_noticed(empty: Connection) -> None:
    migrate(empty, "now", [Migration(1, "0001_initial.sql", shipped()[0].sql + "-- edited")])
    with pytest.raises(StoreDamaged):
        migrate(empty, "now")


def test_a_step_that_fails_leaves_the_version_before(empty: Connection) -> None:
    broken = (*shipped(), Migration(len(shipped()) + 1, "9999_broken.sql", "create table later (a);\nnonsense;"))
    with pytest.raises(dbapi2.OperationalError):
        migrate(empty, "now", broken)
    assert version(empty) == len(shipped())
    assert not empty.execute("select 1 from sqlite_master where name = 'later'").fetchall()


def test_a_file_that_ends_within_a_statement_is_refused(empty: Connection) -> None:
    with pytest.raises(ValueError, match="within a statement"):
        migrate(empty, "now", [Migration(1, "0001_cut.sql", "create table a (b);\ncreate table c (d\n")])
    assert version(empty) == 0


def test_tables_can_be_looked_at_through_sqlite_utils(store: StationStore, raw: Callable[[], Connection]) -> None:
    database = tables_of(raw())
    assert "inspection_id" in database["inspection"].columns_dict
    assert {key.other_table for key in database["blob"].foreign_keys} == {"inspection"}
    assert row_counts(raw())["station"] == 1
