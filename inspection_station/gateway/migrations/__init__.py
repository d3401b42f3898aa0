"""Schema versions of the gateway's store, applied by Alembic."""
