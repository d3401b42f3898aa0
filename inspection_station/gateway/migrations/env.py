"""Alembic's environment: it gets its connection from ``database.migrate`` and nothing from a file."""

from __future__ import annotations

from alembic import context

from inspection_station.gateway.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
