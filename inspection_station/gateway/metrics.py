"""Health and figures. They are read from the database at the moment of asking: no worker keeps a count of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from inspection_station.gateway.database import Database
from inspection_station.gateway.ledger import read_ledger
from inspection_station.gateway.pictures import PictureStore
from inspection_station.gateway.tables import (
    doubled_number,
    item,
    late_hit,
    late_hit_heard,
    log_head,
    quarantine,
    station,
)
from inspection_station.headquarters.late_hits import Heard
from inspection_station.headquarters.receipts import Kind


def ready(database: Database) -> None:
    """Raises what the database raises, and LedgerDamaged."""
    with database.reading() as connection:
        read_ledger(connection)


def exposition(database: Database, pictures: PictureStore) -> bytes:
    """Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_FromDatabase(database))
    registry.register(_FromPictures(pictures))
    return generate_latest(registry)


class _FromPictures(Collector):
    def __init__(self, pictures: PictureStore) -> None:
        self._pictures = pictures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Pictures under way, and those whose stations never came back."""
        count, size = self._pictures.unfinished()
        yield GaugeMetricFamily("gateway_pictures_unfinished", "pictures that are here in part", value=count)
        yield GaugeMetricFamily("gateway_pictures_unfinished_bytes", "bytes of them", value=size)


class _FromDatabase(Collector):
    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Figures without any traveller's data: counts, ages, stations by their id."""
        with self._database.reading() as connection:
            log = connection.execute(select(log_head.c.epoch, log_head.c.size, log_head.c.durable_through)).one()
            yield GaugeMetricFamily("gateway_log_entries", "entries in the log", value=log.size)
            yield GaugeMetricFamily("gateway_log_durable", "entries that no restoration can lose", log.durable_through)
            yield GaugeMetricFamily("gateway_log_epoch", "how often the log was found put back, plus one", log.epoch)
            kinds = GaugeMetricFamily("gateway_items", "items taken in", labels=["kind"])
            for kind, count in connection.execute(select(item.c.kind, func.count()).group_by(item.c.kind)):
                kinds.add_metric([Kind(kind).name.lower()], count)
            yield kinds
            for name, what, table in (
                ("gateway_quarantined", "items kept apart: same id, other content", quarantine),
                ("gateway_doubled_numbers", "numbers that two inspections bear", doubled_number),
            ):
                count = connection.scalar(select(func.count()).select_from(table))
                yield GaugeMetricFamily(name, what, value=count or 0)
            late = GaugeMetricFamily("gateway_late_hits", "hits found after the decision", labels=["state"])
            late.add_metric(["found"], connection.scalar(select(func.count()).select_from(late_hit)) or 0)
            steps = select(late_hit_heard.c.how, func.count()).group_by(late_hit_heard.c.how)
            reached = {row.how: row[1] for row in connection.execute(steps)}
            for how in Heard:
                late.add_metric([how.name.lower()], reached.get(how, 0))
            yield late
            yield from self._stations(connection.execute(select(station)).all())

    def _stations(self, rows: Sequence[Any]) -> Iterator[GaugeMetricFamily]:
        now = datetime.now(UTC)
        seen = GaugeMetricFamily("gateway_station_silent_seconds", "since the station was heard", labels=["station"])
        oldest = GaugeMetricFamily("gateway_station_oldest_seconds", "its oldest unsent", labels=["station"])
        waits = GaugeMetricFamily("gateway_station_waiting", "its unsent messages", labels=["station", "lane"])
        for row in rows:
            if row.last_seen is None:
                continue
            seen.add_metric([row.station_id], (now - datetime.fromisoformat(row.last_seen)).total_seconds())
            oldest.add_metric([row.station_id], row.oldest_seconds)
            for lane, count in enumerate(row.waiting.split()):
                waits.add_metric([row.station_id, str(lane)], int(count))
        yield from (seen, oldest, waits)
