"""The log: every item that was accepted, in one order, as a hash tree that only grows. One row holds its right edge and
is the one lock that all workers of the gateway share; it is taken last, after every row that could make others wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, insert, select, update

from inspection_station.gateway.bulk import insert_rows
from inspection_station.gateway.tables import epoch as epochs
from inspection_station.gateway.tables import log_entry, log_head, log_node
from inspection_station.headquarters.merkle import Frontier, Subtree, leaf_hash, node_hash, root_at
from inspection_station.headquarters.receipts import Item
from inspection_station.headquarters.wire import encode
from inspection_station.inspection.outbox import LogHead

KEPT_LEVELS = 8  # subtrees of 256, 65,536 … leaves are kept; the rest is computed
_BLOCK = 1 << KEPT_LEVELS


class LedgerDamaged(Exception):
    """The log contradicts itself: the database was changed by other hands."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The log as one transaction sees it."""

    epoch: int
    frontier: Frontier
    durable_through: int

    @property
    def head(self) -> LogHead:
        """The head that receipts name."""
        return LogHead(self.epoch, self.frontier.size, self.frontier.root, self.durable_through)


def read_ledger(connection: Connection, *, lock: bool = False) -> Ledger:
    """The log's head; ``lock`` keeps every other writer away until the transaction ends. Raises LedgerDamaged."""
    question = select(log_head.c.epoch, log_head.c.size, log_head.c.peaks, log_head.c.durable_through)
    row = connection.execute(question.with_for_update() if lock else question).one_or_none()
    if row is None or len(row.peaks) != 32 * row.size.bit_count():
        raise LedgerDamaged("the log has no head, or one that does not fit its size")
    peaks = tuple(bytes(row.peaks[at : at + 32]) for at in range(0, len(row.peaks), 32))
    return Ledger(row.epoch, Frontier(row.size, peaks), row.durable_through)


def leaf_of(item: Item, station: str) -> bytes:
    """What stands in the log for an item."""
    return leaf_hash(encode(["leaf/1", int(item.kind), item.inspection_id, item.sha256, station]))


def append(connection: Connection, ledger: Ledger, entries: Sequence[tuple[int, str, bytes]]) -> Ledger:
    """Add entries (kind, item id, leaf) to a locked log; the first gets the place ``ledger.frontier.size``."""
    if not entries:
        return ledger
    first = ledger.frontier.size
    frontier, closed = ledger.frontier.grown(leaf for _, _, leaf in entries)
    insert_rows(
        connection,
        log_entry,
        [
            {"position": first + number, "leaf": leaf, "kind": kind, "item_id": item_id}
            for number, (kind, item_id, leaf) in enumerate(entries)
        ],
    )
    kept = [
        {"level": level, "number": index, "hash": digest} for level, index, digest in closed if level % KEPT_LEVELS == 0
    ]
    if kept:
        connection.execute(insert(log_node), kept)
    connection.execute(update(log_head).values(size=frontier.size, peaks=b"".join(frontier.peaks)))
    return Ledger(ledger.epoch, frontier, ledger.durable_through)


def subtrees(connection: Connection) -> Subtree:
    """Hashes of whole subtrees, read as they are asked for: a block of 256 neighbours at a time, since those asked for
    lie side by side.
    """
    blocks: dict[tuple[int, int], list[bytes]] = {}
    known: dict[tuple[int, int], bytes] = {}

    def subtree(level: int, index: int) -> bytes:
        if (level, index) not in known:
            base = level - level % KEPT_LEVELS
            span = 1 << (level - base)
            block, start = divmod(index * span, _BLOCK)
            if (base, block) not in blocks:
                blocks[base, block] = _read_block(connection, base, block)
            known[level, index] = _root_of(blocks[base, block][start : start + span], span)
        return known[level, index]

    return subtree


def _read_block(connection: Connection, base: int, block: int) -> list[bytes]:
    begin, end = block * _BLOCK, (block + 1) * _BLOCK
    if base == 0:
        place: Column[int] = log_entry.c.position
        question = select(place, log_entry.c.leaf)
    else:
        place = log_node.c.number
        question = select(place, log_node.c.hash).where(log_node.c.level == base)
    rows = connection.execute(question.where(place >= begin, place < end).order_by(place)).all()
    if any(row[0] != begin + at for at, row in enumerate(rows)):
        raise LedgerDamaged("entries of the log are missing")
    return [bytes(digest) for _, digest in rows]


def _root_of(row: list[bytes], span: int) -> bytes:
    if len(row) != span:
        raise LedgerDamaged("entries of the log are missing")
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def newest_contained(shown: Sequence[LogHead], ledger: Ledger, hashes: Subtree) -> int | None:
    """The first of the shown heads that this log begins with; None when there is none."""
    for number, head in enumerate(shown):
        if head.size <= ledger.frontier.size and root_at(head.size, hashes) == head.root:
            return number
    return None


def begin_epoch(connection: Connection, ledger: Ledger, above: int, at: str, shown_by: str) -> Ledger:
    """A station holds a head that this log does not contain: the database was put back. From now on a new epoch."""
    number = max(ledger.epoch, above) + 1
    connection.execute(
        insert(epochs), {"number": number, "began_at": at, "size": ledger.frontier.size, "shown_by": shown_by}
    )
    connection.execute(update(log_head).values(epoch=number))
    return Ledger(number, ledger.frontier, ledger.durable_through)


def mark_durable(connection: Connection, through: int) -> LogHead:
    """A copy that no restoration can go behind holds the first ``through`` entries; it never goes back.

    Raises ValueError for more entries than there are.
    """
    ledger = read_ledger(connection, lock=True)
    if not 0 <= through <= ledger.frontier.size:
        raise ValueError("the log has fewer entries")
    durable = max(through, ledger.durable_through)
    connection.execute(update(log_head).values(durable_through=durable))
    return Ledger(ledger.epoch, ledger.frontier, durable).head
