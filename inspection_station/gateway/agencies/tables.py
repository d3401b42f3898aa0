"""The gateway's tables about agencies: what was answered, how each system stands, and what goes up to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from inspection_station.gateway.tables import metadata

agency_answer = Table(  # for a day: the same question again gets the same answer
    "agency_answer",
    metadata,
    Column("question_id", String, primary_key=True),
    Column("system", String, primary_key=True),
    Column("station_id", String, nullable=False),
    Column("question_mark", LargeBinary, nullable=False),  # keyed hash: tells the same question, and nothing of it
    Column("answer", LargeBinary, nullable=False),
    Column("answered_at", String, nullable=False, index=True),
)

agency_state = Table(
    "agency_state",
    metadata,
    Column("system", String, primary_key=True),
    Column("failures", Integer, nullable=False, server_default="0"),  # without an answer in between
    Column("resting_until", String),
    Column("answered_at", String),
    Column("fault", String, nullable=False, server_default=""),
)

forwarding = Table(  # never deleted: that something went up stays known
    "forwarding",
    metadata,
    Column("system", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("inspection_id", String, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", String, nullable=False),
    Column("claimed_by", String),
    Column("sent_at", String),
    Column("known", Integer, nullable=False, server_default="0"),  # the agency had it before
    Column("fault", String, nullable=False, server_default=""),
)
Index("forwarding_waiting", forwarding.c.not_before, forwarding.c.position)

forward_mark = Table(  # how far the log was read for what is to go up
    "forward_mark",
    metadata,
    Column("only_row", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
