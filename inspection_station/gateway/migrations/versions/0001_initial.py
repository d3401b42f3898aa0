"""Everything of the first version. Forward only: never edit after a release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    column, text, octets, big = sa.Column, sa.String, sa.LargeBinary, sa.BigInteger
    op.create_table("setting", column("name", text, primary_key=True), column("value", sa.Text, nullable=False))
    op.create_table(
        "station",
        column("station_id", text, primary_key=True),
        column("station_key", octets, nullable=False),
        column("bundle_key", octets, nullable=False),
        column("enrolled_at", text, nullable=False),
        column("revoked_at", text),
        column("last_seen", text),
        column("program", text, nullable=False, server_default=""),
        column("waiting", text, nullable=False, server_default=""),
        column("oldest_seconds", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "enrolment",
        column("code_hash", octets, primary_key=True),
        column("station_id", text, nullable=False),
        column("expires_at", text, nullable=False),
        column("used_at", text),
    )
    op.create_table(
        "certificate",
        column("serial", text, primary_key=True),
        column("station_id", text, nullable=False, index=True),
        column("not_after", text, nullable=False),
        column("issued_at", text, nullable=False),
    )
    op.create_table(
        "packet",
        column("packet_hash", octets, primary_key=True),
        column("station_id", text, nullable=False),
        column("statement", octets, nullable=False),
        column("signature", octets, nullable=False),
        column("received_at", text, nullable=False),
    )
    op.create_table(
        "item",
        column("kind", sa.Integer, primary_key=True),
        column("item_id", text, primary_key=True),
        column("sha256", octets, nullable=False),
        column("station_id", text, nullable=False),
        column("inspection_id", text, nullable=False),
        column("incarnation", text),
        column("sequence", big),
        column("packet_hash", octets),
        column("body", octets),
        column("size", sa.Integer, nullable=False),
        column("received_at", text, nullable=False),
    )
    numbered = sa.text("sequence is not null")
    op.create_index(
        "item_by_number",
        "item",
        ["station_id", "incarnation", "sequence"],
        postgresql_where=numbered,
        sqlite_where=numbered,
    )
    op.create_index("item_by_inspection", "item", ["inspection_id"])
    op.create_table(
        "log_entry",
        column("position", number, primary_key=True, autoincrement=False),
        column("leaf", octets, nullable=False),
        column("kind", sa.Integer, nullable=False),
        column("item_id", text, nullable=False),
        sa.UniqueConstraint("kind", "item_id", name="log_entry_of_item"),
    )
    op.create_table(
        "log_node",
        column("level", sa.Integer, primary_key=True),
        column("number", number, primary_key=True),
        column("hash", octets, nullable=False),
    )
    op.create_table(
        "log_head",
        column("only_row", sa.Integer, primary_key=True),
        column("epoch", big, nullable=False),
        column("size", big, nullable=False),
        column("peaks", octets, nullable=False),
        column("durable_through", big, nullable=False),
    )
    op.execute("insert into log_head select 1, 1, 0, " + _no_octets() + ", 0")
    op.create_table(
        "epoch",
        column("number", big, primary_key=True, autoincrement=False),
        column("began_at", text, nullable=False),
        column("size", big, nullable=False),
        column("shown_by", text, nullable=False),
    )
    op.create_table(
        "quarantine",
        column("kind", sa.Integer, primary_key=True),
        column("item_id", text, primary_key=True),
        column("sha256", octets, primary_key=True),
        column("station_id", text, nullable=False),
        column("packet_hash", octets),
        column("body", octets),
        column("received_at", text, nullable=False),
    )
    op.create_table(
        "doubled_number",
        column("station_id", text, primary_key=True),
        column("incarnation", text, primary_key=True),
        column("sequence", big, primary_key=True, autoincrement=False),
        column("seen_at", text, nullable=False),
    )


def _no_octets() -> str:
    return "''::bytea" if op.get_bind().dialect.name == "postgresql" else "x''"


def downgrade() -> None:
    """There is no way back: a receipt that was given cannot be taken back."""
    raise RuntimeError("the gateway's store only goes forward")
