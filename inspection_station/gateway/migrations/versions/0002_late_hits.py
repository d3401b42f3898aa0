"""Late hits, how far screening has come, whitelists of voyages. Forward only: never edit after a release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    column, text, octets, big = sa.Column, sa.String, sa.LargeBinary, sa.BigInteger
    op.create_table(
        "late_hit",
        column("position", number, primary_key=True, autoincrement=True),
        column("late_hit_id", octets, nullable=False, unique=True),
        column("station_id", text, nullable=False, index=True),
        column("inspection_id", text, nullable=False, index=True),
        column("list_id", text, nullable=False),
        column("entry_id", text, nullable=False),
        column("statement", octets, nullable=False),
        column("signature", octets, nullable=False),
        column("found_at", text, nullable=False),
    )
    op.create_table(
        "late_hit_heard",
        column("late_hit_id", octets, primary_key=True),
        column("how", sa.Integer, primary_key=True, autoincrement=False),
        column("at", text, nullable=False),
    )
    op.create_table(
        "screening",
        column("lists", octets, primary_key=True),
        column("through", big, nullable=False),
        column("began_at", text, nullable=False),
    )
    op.create_table(
        "mission_record",
        column("item_id", text, primary_key=True),
        column("mission_id", text, nullable=False),
        column("position", big, nullable=False),
    )
    op.create_index("mission_record_by_mission", "mission_record", ["mission_id", "position"])
    op.create_table(
        "whitelist",
        column("name", text, primary_key=True),
        column("missions", sa.Text, nullable=False),
        column("stale_seconds", sa.Integer, nullable=False),
        column("valid_seconds", sa.Integer, nullable=False),
        column("ordered_at", text, nullable=False),
        column("ended_at", text),
    )


def downgrade() -> None:
    """There is no way back: what was told to a station cannot be taken back."""
    raise RuntimeError("the gateway's store only goes forward")
