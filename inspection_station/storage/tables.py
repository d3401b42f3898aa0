"""The store through sqlite-utils, for looking at tables; records are written and read by plain SQL."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import sqlcipher3

from inspection_station.storage.connection import Connection


def tables_of(connection: Connection) -> Any:
    """A ``sqlite_utils.Database`` over an encrypted connection.

    sqlite-utils takes its exceptions from ``pysqlite3`` where there is one, so our SQLite answers to that name first.
    """
    if "sqlite_utils" not in sys.modules:
        sys.modules.setdefault("pysqlite3", sqlcipher3)
        sys.modules.setdefault("pysqlite3.dbapi2", sqlcipher3.dbapi2)
    return importlib.import_module("sqlite_utils").Database(connection, recursive_triggers=False)


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows by table, every table of the store."""
    database = tables_of(connection)
    return {name: database[name].count for name in sorted(database.table_names())}
