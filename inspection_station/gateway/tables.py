"""The gateway's tables, for PostgreSQL and SQLite alike. Items, log, packets and quarantine are only ever added to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

Position = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER alone

setting = Table("setting", metadata, Column("name", String, primary_key=True), Column("value", Text, nullable=False))

station = Table(
    "station",
    metadata,
    Column("station_id", String, primary_key=True),
    Column("station_key", LargeBinary, nullable=False),  # Ed25519, public
    Column("bundle_key", LargeBinary, nullable=False),  # public: return bundles are sealed for it
    Column("enrolled_at", String, nullable=False),
    Column("revoked_at", String),
    Column("last_seen", String),
    Column("program", String, nullable=False, server_default=""),
    Column("waiting", String, nullable=False, server_default=""),  # messages by lane, as last reported
    Column("oldest_seconds", Integer, nullable=False, server_default="0"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("station_id", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("used_at", String),
)

certificate = Table(
    "certificate",
    metadata,
    Column("serial", String, primary_key=True),
    Column("station_id", String, nullable=False, index=True),
    Column("not_after", String, nullable=False),
    Column("issued_at", String, nullable=False),
)

packet = Table(
    "packet",
    metadata,
    Column("packet_hash", LargeBinary, primary_key=True),  # SHA-256 of the statement
    Column("station_id", String, nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("received_at", String, nullable=False),
)

item = Table(
    "item",
    metadata,
    Column("kind", Integer, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("sha256", LargeBinary, nullable=False),
    Column("station_id", String, nullable=False),
    Column("inspection_id", String, nullable=False),
    Column("incarnation", String),  # decisions alone
    Column("sequence", BigInteger),
    Column("packet_hash", LargeBinary),
    Column("body", LargeBinary),  # pictures lie beside
    Column("size", Integer, nullable=False),
    Column("received_at", String, nullable=False),
)
Index(
    "item_by_number",
    item.c.station_id,
    item.c.incarnation,
    item.c.sequence,
    postgresql_where=text("sequence is not null"),
    sqlite_where=text("sequence is not null"),
)
Index("item_by_inspection", item.c.inspection_id)

log_entry = Table(
    "log_entry",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("item_id", String, nullable=False),
    UniqueConstraint("kind", "item_id", name="log_entry_of_item"),
)

log_node = Table(  # whole subtrees at every eighth level: enough to compute any other quickly
    "log_node",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("number", Position, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("only_row", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("durable_through", BigInteger, nullable=False),
)

epoch = Table(
    "epoch",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("began_at", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("shown_by", String, nullable=False),  # the station that held a head which this log does not contain
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("kind", Integer, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("station_id", String, nullable=False),
    Column("packet_hash", LargeBinary),
    Column("body", LargeBinary),
    Column("received_at", String, nullable=False),
)

doubled_number = Table(
    "doubled_number",
    metadata,
    Column("station_id", String, primary_key=True),
    Column("incarnation", String, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("seen_at", String, nullable=False),
)

late_hit = Table(  # found after the decision, when newer lists were there; signed once, never changed
    "late_hit",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=True),
    Column("late_hit_id", LargeBinary, nullable=False, unique=True),
    Column("station_id", String, nullable=False, index=True),
    Column("inspection_id", String, nullable=False, index=True),
    Column("list_id", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("found_at", String, nullable=False),
)

late_hit_heard = Table(  # what the station said of it: one row a step
    "late_hit_heard",
    metadata,
    Column("late_hit_id", LargeBinary, primary_key=True),
    Column("how", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
)

screening = Table(  # entries of the log below ``through`` were held against the lists that bear this digest
    "screening",
    metadata,
    Column("lists", LargeBinary, primary_key=True),
    Column("through", BigInteger, nullable=False),
    Column("began_at", String, nullable=False),
)

mission_record = Table(  # decisions by their mission, filed as the log grows
    "mission_record",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("mission_id", String, nullable=False),
    Column("position", BigInteger, nullable=False),
)
Index("mission_record_by_mission", mission_record.c.mission_id, mission_record.c.position)

whitelist = Table(  # of which missions a whitelist is kept, and how long a version of it is good for
    "whitelist",
    metadata,
    Column("name", String, primary_key=True),
    Column("missions", Text, nullable=False),  # JSON: their ids
    Column("stale_seconds", Integer, nullable=False),
    Column("valid_seconds", Integer, nullable=False),
    Column("ordered_at", String, nullable=False),
    Column("ended_at", String),
)
