"""Databases for a gateway in tests."""

from __future__ import annotations

import uuid

import psycopg
from sqlalchemy.engine import make_url


def fresh_database(server: str) -> str:
    """The address of an empty database on a PostgreSQL server."""
    name = f"g{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)
