"""The full check: the file, the chain, every record against its envelope, its pictures and its messages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

from sqlcipher3 import dbapi2

from inspection_station.storage.audit_log import audit_problems
from inspection_station.storage.connection import Connection, is_damage
from inspection_station.storage.envelope import GENESIS, unwrap
from inspection_station.storage.errors import StoreDamaged
from inspection_station.storage.migrations import version
from inspection_station.storage.sealed_body import open_body
from inspection_station.storage.sealing import ENVELOPE, HISTORY
from inspection_station.storage.tables import row_counts
from inspection_station.storage.values import StoreCheck

_AT_MOST = 50  # problems named; one break is enough to stop

_HEADER = ("incarnation", "sequence", "previous", "station", "training")
_CONTRADICTIONS = {
    "a record without exactly one decision message": """
        select count(*) from inspection where 1 <> (select count(*) from outbox where kind = 'decision'
        and outbox.inspection_id = inspection.inspection_id and outbox.sha256 = inspection.hash)""",
    "a message without its delivery": """
        select count(*) from outbox left join delivery on message_position = position
        where message_position is null or delivery.lane <> outbox.lane""",
    "a lane whose waiting messages are miscounted": """
        select count(*) from waiting where messages <>
        (select count(*) from delivery where delivery.lane = waiting.lane and state = 'waiting')""",
    "a picture without a message": """
        select count(*) from blob where not exists (select 1 from outbox where outbox.inspection_id = blob.inspection_id
        and kind = 'picture' and outbox.sha256 = blob.sha256)""",
    "a picture message without its picture": """
        select count(*) from outbox join inspection_key using (inspection_id) where kind = 'picture' and not exists
        (select 1 from blob where blob.inspection_id = outbox.inspection_id and blob.sha256 = outbox.sha256)""",
    "an audited record that is gone": """
        select count(*) from audit where act = 'record sealed'
        and subject not in (select inspection_id from inspection)""",
    "a record that is also unfinished": """
        select count(*) from inspection where inspection_id in (select inspection_id from journal)""",
}


def check_store(connection: Connection) -> StoreCheck:
    """Read everything; changes nothing. Takes seconds for ten thousand records: never at the start of a duty."""
    connection.execute("begin")
    problems, tables, unfinished = list[str](), dict[str, int](), 0
    try:
        schema = version(connection)
        try:
            problems += _named(
                _said_by(connection, "cipher_integrity_check")
            )  # page by page: a damaged one stops nothing
            tables = row_counts(connection)
            unfinished = connection.execute("select count(distinct inspection_id) from journal").fetchone()[0]
            problems += _named(_problems(connection))
        except dbapi2.DatabaseError as error:
            if not is_damage(error):
                raise
            problems.append("what lies behind a damaged page cannot be read")
        return StoreCheck(
            problems=tuple(problems[:_AT_MOST]),
            records=tables.get("inspection", 0),
            blobs=tables.get("blob", 0),
            messages=tables.get("outbox", 0),
            unfinished=unfinished,
            incarnations=tables.get("incarnation", 0),
            schema_version=schema,
            tables=tables,
        )
    finally:
        connection.execute("rollback")


def _named(problems: Iterator[str]) -> list[str]:
    return list(islice(problems, _AT_MOST))


def _said_by(connection: Connection, pragma: str) -> Iterator[str]:
    for row in connection.execute(f"pragma {pragma}"):
        if row[0] != "ok":
            yield f"{pragma}: {row[0]}"


def _problems(connection: Connection) -> Iterator[str]:
    for pragma in ("integrity_check", "foreign_key_check"):
        yield from _said_by(connection, pragma)
    yield from _chain_problems(connection)
    yield from _picture_problems(connection)
    yield from audit_problems(connection)
    for what, question in _CONTRADICTIONS.items():
        if count := connection.execute(question).fetchone()[0]:
            yield f"{what} ({count})"


def _chain_problems(connection: Connection) -> Iterator[str]:
    previous, expected_position, sequences = GENESIS, 1, dict[str, int]()
    station = connection.execute("select station_id, training from station").fetchone()
    rows = connection.execute(
        "select position, inspection_id, incarnation, sequence, previous_hash, hash, scenario, disposition, envelope,"
        " history, key from inspection left join inspection_key using (inspection_id) order by position"
    )
    for position, name, incarnation, sequence, before, digest, scenario, disposition, envelope, history, key in rows:
        if position != expected_position or sequence != sequences.get(incarnation, 0) + 1:
            yield f"record {position}: a number is missing before it"
        if before != previous:
            yield f"record {position}: the chain breaks before it"
        previous, expected_position, sequences[incarnation] = digest, position + 1, sequence
        if key is None:
            continue  # purged: order and hashes remain
        try:
            data = open_body(key, ENVELOPE + name, envelope)
            header, record = unwrap(data)
            open_body(key, HISTORY + name, history)
        except StoreDamaged as damage:
            yield f"record {position}: {damage.detail}"
            continue
        columns = (name, scenario, disposition, incarnation, sequence, before.hex(), station[0], bool(station[1]))
        disposed = record.decision.disposition.value
        inside = (record.inspection_id, record.scenario, disposed, *(header.get(field) for field in _HEADER))
        if hashlib.sha256(data).digest() != digest or columns != inside:
            yield f"record {position}: its envelope is another's"
        named = {kept.blob.sha256 for kept in record.blobs}
        rows_kept = connection.execute("select lower(hex(sha256)) from blob where inspection_id = ?", (name,))
        if named != {sha256 for (sha256,) in rows_kept}:
            yield f"record {position}: its pictures are not those it names"


def _picture_problems(connection: Connection) -> Iterator[str]:
    rows = connection.execute("select sha256, size, body, key from blob join inspection_key using (inspection_id)")
    for digest, size, body, key in rows:
        try:
            data = open_body(key, digest.hex(), body)
        except StoreDamaged as damage:
            yield f"a picture: {damage.detail}"
            continue
        if len(data) != size or hashlib.sha256(data).digest() != digest:
            yield "a picture is another than it is named"
