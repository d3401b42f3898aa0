"""Bodies of records lie in PostgreSQL as they came, not compressed. Forward only: never edit after a release.

A body is a little longer than the 2 kB from which PostgreSQL packs a row, and packing them was a third of all that the
database worked for ingest. A record takes 0.8 kB more for it; what lies there already stays as it is.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Beside the rows, as before, only not packed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table item alter column body set storage external")


def downgrade() -> None:
    """There is no way back: what was told to a station cannot be taken back."""
    raise RuntimeError("the gateway's store only goes forward")
