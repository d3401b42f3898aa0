"""``inspection-gateway records``: what arrived, newest first. Ids, times, dispositions; nothing of the travellers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from inspection_station.gateway.verbs import USAGE, add_verb, refuse, tell, with_gateway
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.gateway.service import Gateway

_MOST = 1000


def register(verbs: Any) -> None:
    """Add the verb."""
    records = add_verb(verbs, "records", _records, "records that arrived, newest first")
    records.add_argument("--station", metavar="STATION", help="of this station alone")
    records.add_argument("--limit", type=int, default=20, metavar="N", help=f"1 to {_MOST} (default 20)")


def _records(options: argparse.Namespace) -> int:
    if not 1 <= options.limit <= _MOST:
        return refuse(options, USAGE, "USE-03", f"--limit lies between 1 and {_MOST}", "correct it")

    def act(gateway: Gateway) -> int:
        total, rows = arrived(gateway.database, options.station, options.limit)
        lines = [counted(total, "record")]
        lines += [
            f"{row['received_at']}  {row['station']:<16} {row['sequence']:>6}  {row['disposition']:<4}"
            f" {counted(row['pictures'], 'picture'):>11}  {row['id']}"
            for row in rows
        ]
        return tell(options, {"total": total, "records": rows}, "\n".join(lines))

    return with_gateway(options, act)


def arrived(database: Any, station: str | None, limit: int) -> tuple[int, list[dict[str, Any]]]:
    """How many records arrived, and the newest of them."""
    from sqlalchemy import func, select

    from inspection_station.gateway.tables import item, log_entry
    from inspection_station.headquarters.receipts import Kind
    from inspection_station.inspection.codec import parse_json

    wanted = [item.c.kind == int(Kind.DECISION)]
    if station is not None:
        wanted.append(item.c.station_id == station)
    pictures = item.alias("picture")
    count_pictures = (
        select(func.count())
        .where(pictures.c.inspection_id == item.c.inspection_id, pictures.c.kind == int(Kind.PICTURE))
        .scalar_subquery()
    )
    newest = (
        select(item, count_pictures.label("pictures"))
        .join(log_entry, (log_entry.c.kind == item.c.kind) & (log_entry.c.item_id == item.c.item_id))
        .where(*wanted)
        .order_by(log_entry.c.position.desc())
        .limit(limit)
    )
    with database.reading() as connection:
        total = connection.scalar(select(func.count()).select_from(item).where(*wanted)) or 0
        rows = connection.execute(newest).all()
    found = []
    for row in rows:
        body: Any = parse_json(bytes(row.body))
        decision = body["record"].get("decision") or {}
        found.append(
            {
                "id": row.inspection_id,
                "station": row.station_id,
                "sequence": row.sequence,
                "disposition": decision.get("disposition", ""),
                "decided_at": body["record"].get("decided_at", ""),
                "received_at": row.received_at,
                "pictures": row.pictures,
            }
        )
    return total, found
