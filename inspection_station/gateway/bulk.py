"""Many rows in one statement. PostgreSQL gets each column as one array: a packet of a hundred records is five
statements instead of two hundred, a third of the work on both sides. SQLite is in this process and needs no such thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, insert, select, tuple_
from sqlalchemy.dialects import sqlite

_ARRAY_OF = {
    "integer": "int4[]",
    "big_integer": "int8[]",
    "string": "text[]",
    "text": "text[]",
    "large_binary": "bytea[]",
}


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], *, if_new: bool = False
) -> None:
    """Insert rows that all have the same columns; ``if_new``: a row whose key is there already is left out."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        columns = tuple([row[name] for row in rows] for name in names)
        connection.exec_driver_sql(_inserting(table, names, if_new), columns)
    elif if_new:
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows))
    else:
        connection.execute(insert(table), list(rows))


def rows_of_keys(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    keys: Sequence[tuple[object, ...]],
    wanted: tuple[str, ...],
) -> Sequence[Any]:
    """The ``wanted`` columns of the rows whose columns ``names`` are one of ``keys``, none of which is null."""
    if not keys:
        return ()
    if connection.dialect.name == "postgresql":
        columns = tuple(list(column) for column in zip(*keys, strict=True))
        return connection.exec_driver_sql(_asking(table, names, wanted), columns).all()
    found = select(*(table.c[name] for name in wanted)).where(
        *(table.c[name].is_not(None) for name in names if table.c[name].nullable),
        tuple_(*(table.c[name] for name in names)).in_(keys),
    )
    return connection.execute(found).all()


@cache
def _inserting(table: Table, names: tuple[str, ...], if_new: bool) -> str:
    end = " on conflict do nothing" if if_new else ""
    return f"insert into {table.name} ({', '.join(names)}) select * from {_unnested(table, names)}{end}"


@cache
def _asking(table: Table, names: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    there = "".join(f" and {name} is not null" for name in names if table.c[name].nullable)  # for partial indexes
    keys = ", ".join(names)
    return (
        f"select {', '.join(wanted)} from {table.name}"
        f" where ({keys}) in (select * from {_unnested(table, names)}){there}"
    )


def _unnested(table: Table, names: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%b::{_ARRAY_OF[table.c[name].type.__visit_name__]}" for name in names)
    return f"unnest({arrays})"
