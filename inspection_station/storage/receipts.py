"""What headquarters answered, and what follows from it for the messages. Each function runs in one transaction."""

from __future__ import annotations

from datetime import datetime

from inspection_station.inspection.outbox import ExchangeState, LogHead, Settlement
from inspection_station.storage.audit_log import append_audit
from inspection_station.storage.clock import iso
from inspection_station.storage.connection import Connection
from inspection_station.storage.errors import StoreDamaged


def exchange_state(connection: Connection) -> ExchangeState:
    """The one row. Raises StoreDamaged when it is gone."""
    row = connection.execute(
        "select epoch, size, root, durable_through, failures, not_before, packet_limit, fault, last_contact,"
        " clock_offset_ms, voyage, budget_bytes, used_bytes from exchange"
    ).fetchone()
    if row is None:
        raise StoreDamaged("the store does not know where its exchange stands")
    epoch, size, root, durable, failures, not_before, limit, fault, contact, offset, voyage, budget, used = row
    return ExchangeState(
        LogHead(epoch, size, root, durable),
        failures,
        None if not_before is None else datetime.fromisoformat(not_before),
        limit,
        fault,
        None if contact is None else datetime.fromisoformat(contact),
        offset,
        voyage,
        budget,
        used,
    )


def standing_heads(connection: Connection, most: int) -> tuple[LogHead, ...]:
    """The newest proven head, then kept ones ever further back."""
    heads = [exchange_state(connection).head]
    back = 1
    while len(heads) < most and heads[-1].size > 0:
        row = connection.execute(
            "select epoch, size, root from receipt where disproven = 0 and size < ? order by size desc limit 1",
            (max(heads[-1].size - back + 1, 0),),
        ).fetchone()
        if row is None:
            # too far a step: the oldest standing one is the last chance
            row = connection.execute(
                "select epoch, size, root from receipt where disproven = 0 and size < ? order by size limit 1",
                (heads[-1].size,),
            ).fetchone()
            if row is not None:
                heads.append(LogHead(*row))
            break
        heads.append(LogHead(*row))
        back *= 2
    return tuple(heads)


def settle(connection: Connection, settlement: Settlement, now: datetime) -> None:
    """Write what one round changed. A message that is confirmed stays so, unless headquarters lost it (rewound)."""
    at = iso(now)
    if settlement.rewound_to is not None:
        _offer_again(connection, settlement.rewound_to, at)
    if settlement.receipt is not None:
        _confirm(connection, settlement, at)
    for position, code in settlement.held:
        connection.execute(
            "update delivery set state = 'held', code = ?, attempts = attempts + 1"
            " where message_position = ? and state = 'waiting'",
            (code, position),
        )
        append_audit(connection, at, "headquarters", "message held", str(position), code)
    connection.executemany(
        "update delivery set next_attempt_at = ?, code = ?, attempts = attempts + 1"
        " where message_position = ? and state = 'waiting'",
        [(iso(later.until), later.code, later.position) for later in settlement.postponed],
    )
    connection.executemany(
        "update delivery set reached = ? where message_position = ?",
        [(count, position) for position, count in settlement.reached],
    )
    state = settlement.state
    connection.execute(
        "update exchange set epoch = ?, size = ?, root = ?, durable_through = ?, failures = ?, not_before = ?,"
        " packet_limit = ?, fault = ?, last_contact = ?, clock_offset_ms = ?,"
        " used_bytes = case when voyage = ? then ? else used_bytes end",
        (
            state.head.epoch,
            state.head.size,
            state.head.root,
            state.head.durable_through,
            state.failures,
            None if state.not_before is None else iso(state.not_before),
            state.packet_limit,
            state.fault,
            None if state.last_contact is None else iso(state.last_contact),
            state.clock_offset_ms,
            state.voyage,  # a round that began before a voyage was closed counts on no other
            state.used_bytes,
        ),
    )


def _offer_again(connection: Connection, size: int, at: str) -> None:
    connection.execute("update receipt set disproven = 1 where disproven = 0 and size > ?", (size,))
    lost = connection.execute(
        "update delivery set state = 'waiting', log_position = null, receipt = null, reached = 0,"
        " next_attempt_at = null where state = 'confirmed' and log_position >= ? and message_position in"
        " (select position from outbox join inspection_key using (inspection_id))",  # what is purged cannot be sent
        (size,),
    ).rowcount
    append_audit(connection, at, "headquarters", "log put back", str(size), f"{lost} messages offered again")


def _confirm(connection: Connection, settlement: Settlement, at: str) -> None:
    receipt, head = settlement.receipt, settlement.state.head
    if receipt is None or not receipt.placed:
        return
    number = connection.execute(
        "insert into receipt (gateway, epoch, size, root, durable_through, statement, signature, received_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?) returning position",
        (
            receipt.gateway,
            head.epoch,
            head.size,
            head.root,
            head.durable_through,
            receipt.statement,
            receipt.signature,
            at,
        ),
    ).fetchone()[0]
    connection.executemany(
        "update delivery set state = 'confirmed', log_position = ?, receipt = ?, code = '', next_attempt_at = null,"
        " attempts = attempts + 1 where message_position = ? and state in ('waiting', 'sent')",
        [(place, number, position) for position, place in receipt.placed],
    )


def set_budget(connection: Connection, voyage: str, limit_bytes: int | None) -> None:
    """A new voyage counts from nothing."""
    connection.execute(
        "update exchange set used_bytes = case when voyage = ?1 then used_bytes else 0 end, voyage = ?1,"
        " budget_bytes = ?2",
        (voyage, limit_bytes),
    )
