"""Schema versions: numbered SQL files, applied forward in one transaction each and recorded with their hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sqlcipher3 import dbapi2

from inspection_station.storage.connection import Connection, transaction
from inspection_station.storage.errors import SchemaTooNew, SchemaTooOld, StoreDamaged

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step forward. ``sha256`` shows later whether a released file was edited."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hash of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def shipped() -> tuple[Migration, ...]:
    """The migrations of this program, in order. Raises ValueError where the numbers have a gap."""
    found = [
        Migration(int(match[1]), file.name, file.read_text(encoding="utf-8").replace("\r\n", "\n"))
        for file in resources.files(f"{__package__}.schema").iterdir()
        if (match := _NAME.fullmatch(file.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError("schema files are not numbered without a gap")
    return tuple(found)


def version(connection: Connection) -> int:
    """Number of the newest migration applied; 0 for an empty database."""
    exists = connection.execute("select 1 from sqlite_master where type = 'table' and name = 'migration'").fetchone()
    if exists is None:
        return 0
    return int(connection.execute("select coalesce(max(number), 0) from migration").fetchone()[0])


def migrate(connection: Connection, now: str, migrations: Sequence[Migration] | None = None) -> int:
    """Bring the database forward; returns its version. A crash leaves it at the step before.

    Raises SchemaTooNew, and StoreDamaged where a migration that was applied is not the one shipped.
    """
    steps = shipped() if migrations is None else migrations
    require_known(connection, steps)
    for step in steps[version(connection) :]:
        with transaction(connection):
            connection.execute(
                "create table if not exists migration"
                " (number integer primary key, name text not null, sha256 text not null, at text not null) strict"
            )
            for statement in _statements(step.sql):
                connection.execute(statement)
            connection.execute("insert into migration values (?, ?, ?, ?)", (step.number, step.name, step.sha256, now))
    return version(connection)


def require_known(connection: Connection, steps: Sequence[Migration]) -> None:
    """Raises SchemaTooNew for a store of a later program, StoreDamaged for one whose past is not ours."""
    if (at := version(connection)) > len(steps):
        raise SchemaTooNew(f"the store has schema {at}, this program knows {len(steps)}: install the newer program")
    if at == 0:
        return
    applied = dict(connection.execute("select number, sha256 from migration").fetchall())
    if any(applied.get(step.number) != step.sha256 for step in steps[:at]):
        raise StoreDamaged("the store was built by other schema files than this program's")


def require_current(connection: Connection) -> None:
    """For readers, which never migrate. Raises SchemaTooOld, SchemaTooNew, StoreDamaged."""
    steps = shipped()
    require_known(connection, steps)
    if version(connection) < len(steps):
        raise SchemaTooOld("the store is not migrated yet: start the station once")


def _statements(sql: str) -> Iterator[str]:
    """Statements one by one: executescript would commit the transaction they belong to."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if line.rstrip().endswith(";") and dbapi2.complete_statement(gathered):
            yield gathered
            gathered = ""
    if gathered.strip() and any(not line.lstrip().startswith("--") for line in gathered.split("\n") if line.strip()):
        raise ValueError("a schema file ends within a statement")
