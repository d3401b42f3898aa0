"""Many rows in one statement. PostgreSQL gets each column as one array: a packet of a hundred records is five
statements instead of two hundred, a third of the work on both sides. SQLite is in this process and needs no such thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, tuple_
from sqlalchemy.dialects import sqlite

_TYPE_OF = {"integer": "int4", "big_integer": "int8", "string": "text", "text": "text", "large_binary": "bytea"}


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], *, if_new: bool = False
) -> int:
    """Insert rows that all have the same columns, and tell how many; ``if_new``: a row whose key is there already is
    left out.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        columns = {name: [row[name] for row in rows] for name in names}
        alike = tuple(name for name in names if _alike(columns[name]))
        arrays = tuple(name for name in names if name not in alike) or names
        alike = alike if arrays != names else ()
        sent = (*(columns[name][0] for name in alike), *(columns[name] for name in arrays))
        return connection.exec_driver_sql(_inserting(table, alike, arrays, if_new), sent).rowcount
    if if_new:
        return connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows)).rowcount
    return connection.execute(insert(table), list(rows)).rowcount


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
        *_never_null(table, names), tuple_(*(table.c[name] for name in names)).in_(keys)
    )
    return connection.execute(found).all()


def keys_borne_twice(
    connection: Connection, table: Table, names: tuple[str, ...], keys: Sequence[tuple[object, ...]]
) -> set[tuple[Any, ...]]:
    """Those of ``keys`` that the columns ``names`` of more than one row hold."""
    if not keys:
        return set()
    if connection.dialect.name == "postgresql":
        columns = tuple(list(column) for column in zip(*keys, strict=True))
        question = f"{_asking(table, names, names)} group by {', '.join(names)} having count(*) > 1"
        rows = connection.exec_driver_sql(question, columns).all()
    else:
        held = [table.c[name] for name in names]
        found = select(*held).where(*_never_null(table, names), tuple_(*held).in_(keys))
        rows = connection.execute(found.group_by(*held).having(func.count() > 1)).all()
    return {tuple(row) for row in rows}


def _alike(values: Sequence[object]) -> bool:
    """Whether one value stands in a column throughout: it is sent once."""
    return values[0] == values[-1] and values.count(values[0]) == len(values)


def _never_null(table: Table, names: tuple[str, ...]) -> list[Any]:
    """For partial indexes: without these conditions the database does not use them."""
    return [table.c[name].is_not(None) for name in names if table.c[name].nullable]


@cache
def _inserting(table: Table, alike: tuple[str, ...], arrays: tuple[str, ...], if_new: bool) -> str:
    once = "".join(f"%b::{_type(table, name)}, " for name in alike)
    end = " on conflict do nothing" if if_new else ""
    into = f"insert into {table.name} ({', '.join((*alike, *arrays))})"
    return f"{into} select {once}sent.* from {_unnested(table, arrays)} as sent{end}"


@cache
def _asking(table: Table, names: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    there = "".join(f" and {name} is not null" for name in names if table.c[name].nullable)  # for partial indexes
    keys = ", ".join(names)
    return (
        f"select {', '.join(wanted)} from {table.name}"
        f" where ({keys}) in (select * from {_unnested(table, names)}){there}"
    )


def _unnested(table: Table, names: tuple[str, ...]) -> str:
    return f"unnest({', '.join(f'%b::{_type(table, name)}[]' for name in names)})"


def _type(table: Table, name: str) -> str:
    return _TYPE_OF[table.c[name].type.__visit_name__]
