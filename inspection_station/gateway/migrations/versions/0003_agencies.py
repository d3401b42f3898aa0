"""What agencies' systems answered, how they stand, what goes up to them. Forward only: never edit after a release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    column, text, octets, big = sa.Column, sa.String, sa.LargeBinary, sa.BigInteger
    op.create_table(
        "agency_answer",
        column("question_id", text, primary_key=True),
        column("system", text, primary_key=True),
        column("station_id", text, nullable=False),
        column("question_mark", octets, nullable=False),
        column("answer", octets, nullable=False),
        column("answered_at", text, nullable=False, index=True),
    )
    op.create_table(
        "agency_state",
        column("system", text, primary_key=True),
        column("failures", sa.Integer, nullable=False, server_default="0"),
        column("resting_until", text),
        column("answered_at", text),
        column("fault", text, nullable=False, server_default=""),
    )
    op.create_table(
        "forwarding",
        column("system", text, primary_key=True),
        column("kind", text, primary_key=True),
        column("item_id", text, primary_key=True),
        column("inspection_id", text, nullable=False),
        column("position", big, nullable=False),
        column("attempts", sa.Integer, nullable=False, server_default="0"),
        column("not_before", text, nullable=False),
        column("claimed_by", text),
        column("sent_at", text),
        column("known", sa.Integer, nullable=False, server_default="0"),
        column("fault", text, nullable=False, server_default=""),
    )
    op.create_index("forwarding_waiting", "forwarding", ["not_before", "position"])
    op.create_table(
        "forward_mark",
        column("only_row", sa.Integer, primary_key=True),
        column("position", big, nullable=False),
    )
    op.execute("insert into forward_mark select 1, 0")


def downgrade() -> None:
    """There is no way back: what went up to an agency cannot be taken back."""
    raise RuntimeError("the gateway's store only goes forward")
