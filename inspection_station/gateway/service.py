"""What the gateway does, without the web: used by the HTTP service, by the import of bundles, and by tests in-process.

It keeps nothing in memory between two calls, so any number of workers is one gateway.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from inspection_station.gateway import late_hits, stations
from inspection_station.gateway import ledger as log_tree
from inspection_station.gateway.authority import Authority
from inspection_station.gateway.database import Database
from inspection_station.gateway.ingest import Arrival, SignedPacket, Taken, read_arrival, take_in
from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.gateway.pictures import PictureStore
from inspection_station.gateway.screening import Screening
from inspection_station.gateway.stations import KnownStation, stamp
from inspection_station.gateway.tables import setting
from inspection_station.headquarters.enrolment import Enrolled, Enrolment, Renewal, Ticket
from inspection_station.headquarters.messages import Answer, Offer, Packet, Request, open_packet
from inspection_station.headquarters.receipts import Item, Kind, Receipt, Verdict
from inspection_station.headquarters.wire import BadSignature
from inspection_station.inspection.outbox import LogHead

log = logging.getLogger(__name__)

REINCARNATE = "reincarnate"


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Drawn once at ``init``. ``training``: takes training records and no others."""

    gateway_id: str
    training: bool


def initialise(database: Database, training: bool) -> GatewaySettings:
    """Bring the schema forward and name the gateway, once. Raises ValueError for the other side of training."""
    database.migrate()
    with database.writing() as connection:
        connection.execute(
            database.insert_if_new(setting),
            [
                {"name": "gateway_id", "value": secrets.token_hex(8)},
                {"name": "training", "value": str(int(training))},
            ],
        )
    settings = read_settings(database)
    if settings.training is not training:
        raise ValueError("training and live do not mix: this gateway is the other")
    return settings


def read_settings(database: Database) -> GatewaySettings:
    """Raises ValueError for a database that was not initialised."""
    with database.reading() as connection:
        rows = connection.execute(select(setting.c.name, setting.c.value))
        found = {row.name: row.value for row in rows}
    if not {"gateway_id", "training"} <= found.keys():
        raise ValueError("the gateway's database is not initialised")
    return GatewaySettings(found["gateway_id"], found["training"] == "1")


class Gateway:
    """One gateway over a database, pictures and keys. Safe from any thread."""

    def __init__(
        self,
        database: Database,
        pictures: PictureStore,
        authority: Authority,
        settings: GatewaySettings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        packs: PackRepository | None = None,
    ) -> None:
        self.database = database
        self.pictures = pictures
        self.authority = authority
        self.settings = settings
        self.now = now
        self.packs = packs
        self.on_late_hits: Callable[[], object] = _nobody
        self.screening = (
            None if packs is None else Screening(database, packs, settings.gateway_id, authority.receipts, now)
        )

    def exchange(self, known: KnownStation, data: bytes) -> bytes:
        """Take in what a station sent and answer with a receipt. Raises WireError for a message that is none."""
        return self.answer(known, Request.decode(data)).encode()

    def answer(self, known: KnownStation, request: Request) -> Answer:
        """See ``exchange``."""
        return self.answer_with_items(known, request)[1]

    def answer_with_items(self, known: KnownStation, request: Request) -> tuple[tuple[Item, ...], Answer]:
        """See ``exchange``; also the items that the verdicts are about, in order. What could not be read has no id."""
        if request.station != known.station_id:
            raise BadSignature("a request of another station than the certificate's")
        packet = None if request.packet is None else open_packet(request.packet, known.station_id)
        if packet is not None:
            packet.require_signature(known.key)
        arrivals = self._arrivals(packet, known.station_id)
        offered = [self._offered(offer) for offer in request.offers]
        whole = [arrival for arrival, _ in offered if arrival is not None]
        now = self.now()
        with self.database.writing() as connection:
            stations.note_report(connection, known.station_id, request.report, now)
            late = self._late_hits(connection, known.station_id, request, now)
            taken = take_in(
                self.database,
                connection,
                known.station_id,
                [*arrivals, *whole],
                None if packet is None else _signed(packet),
                stamp(now),
            )
            verdicts = _merged(taken, len(arrivals), offered)
            ledger, proven, proof = self._proven(connection, known.station_id, request.shown, taken.ledger, now)
        self._tell(known.station_id, taken)
        items = (*_items(packet, arrivals), *(_picture(offer) for offer in request.offers))
        answer = self._signed_answer(
            items,
            verdicts,
            ledger.head,
            proven,
            proof,
            tuple((REINCARNATE, incarnation) for incarnation in taken.doubled),
            late,
        )
        return items, answer

    def admit(self, serial: str) -> KnownStation:
        """The station that holds a client certificate. Raises NotAdmitted."""
        with self.database.reading() as connection:
            return stations.station_of_certificate(connection, serial)

    def ticket(self, station: str, life: timedelta) -> Ticket:
        """A ticket that enrols the station once within ``life``."""
        with self.database.writing() as connection:
            return stations.new_ticket(connection, self.authority, station, self.now(), life)

    def enrol(self, asked: Enrolment) -> Enrolled:
        """Raises NotAdmitted, RequestRefused."""
        with self.database.writing() as connection:
            return stations.enrol(
                connection, self.authority, self.settings.gateway_id, self.settings.training, asked, self.now()
            )

    def renew(self, asked: Renewal) -> Enrolled:
        """Raises NotAdmitted, BadSignature, RequestRefused."""
        with self.database.writing() as connection:
            return stations.renew(connection, self.authority, self.settings.gateway_id, asked, self.now())

    def mark_durable(self, through: int | None = None) -> LogHead:
        """A copy that no restoration goes behind holds the log up to here (None: all of it). Raises ValueError."""
        with self.database.writing() as connection:
            size = log_tree.read_ledger(connection).frontier.size
            return log_tree.mark_durable(connection, size if through is None else through)

    def _arrivals(self, packet: Packet | None, station: str) -> list[Arrival | None]:
        if packet is None:
            return []
        return [
            read_arrival(kind, body, digest, station, self.settings.training)
            for kind, body, digest in zip(packet.kinds, packet.bodies, packet.hashes, strict=True)
        ]

    def _offered(self, offer: Offer) -> tuple[Arrival | None, tuple[Verdict, int]]:
        """A picture that is here whole is an arrival; any other is told how much of it is here."""
        reached = self.pictures.reached(offer.sha256)
        if not reached.published:
            return None, (Verdict.UNFINISHED, min(reached.count, offer.size))
        if reached.count != offer.size:
            return None, (Verdict.REFUSED, 0)
        return Arrival(_picture(offer), offer.size), (Verdict.KNOWN, 0)

    def _proven(
        self,
        connection: Connection,
        station: str,
        shown: Sequence[LogHead],
        ledger: log_tree.Ledger,
        now: datetime,
    ) -> tuple[log_tree.Ledger, int | None, tuple[bytes, ...]]:
        if not shown:
            return ledger, None, ()
        proven = log_tree.newest_contained(connection, shown, ledger)
        # A station that knows a later epoch shows that this database is older, even where it holds all that was shown.
        if shown[0].epoch > ledger.epoch or (proven != 0 and shown[0].epoch == ledger.epoch):
            log.critical("the log was put back", extra={"code": "SYN-06", "station": station})
            ledger = log_tree.begin_epoch(connection, ledger, shown[0].epoch, stamp(now), station)
        if proven is None:
            return ledger, None, ()
        return ledger, proven, log_tree.proof_between(connection, shown[proven].size, ledger.frontier.size)

    def screen(self, batches: int | None = None, *, wait: bool = True) -> None:
        """Hold against the newest lists what was not yet (see ``Screening.run``); late hits go with the next answers.
        Raises nothing: what could not be done is done the next time.
        """
        if self.screening is None:
            return
        try:
            if self.screening.run(batches, wait=wait).found:
                self.on_late_hits()
        except (ValueError, OSError, DBAPIError) as fault:  # a repository, pack or key that cannot be used
            log.error("records could not be screened: %s", type(fault).__name__)

    def _late_hits(
        self, connection: Connection, station: str, request: Request, now: datetime
    ) -> tuple[tuple[bytes, bytes], ...] | None:
        if request.heard is None:
            return None
        late_hits.note_heard(self.database, connection, station, request.heard, now)
        return late_hits.waiting_for(connection, station)

    def _signed_answer(
        self,
        items: Sequence[Item],
        verdicts: Sequence[tuple[Verdict, int]],
        head: LogHead,
        proven: int | None,
        proof: tuple[bytes, ...],
        orders: tuple[tuple[str, str], ...],
        late: tuple[tuple[bytes, bytes], ...] | None,
    ) -> Answer:
        placed = tuple(
            (item, place) for item, (verdict, place) in zip(items, verdicts, strict=True) if verdict.receipted
        )
        receipt = Receipt(self.settings.gateway_id, head, placed).signed(self.authority.receipts)
        return Answer(self.settings.gateway_id, head, receipt.signature, tuple(verdicts), proven, proof, orders, late)

    def _tell(self, station: str, taken: Taken) -> None:
        if taken.quarantined:
            log.error("items quarantined", extra={"code": "SYN-05", "station": station, "count": taken.quarantined})
        if taken.doubled:
            log.error("a station's store was copied", extra={"code": "SYN-07", "station": station})


def _items(packet: Packet | None, arrivals: Sequence[Arrival | None]) -> Iterator[Item]:
    if packet is None:
        return
    for kind, digest, arrival in zip(packet.kinds, packet.hashes, arrivals, strict=True):
        yield Item(kind, "", digest) if arrival is None else arrival.item


def _picture(offer: Offer) -> Item:
    return Item(Kind.PICTURE, offer.inspection_id, offer.sha256)


def _nobody() -> None:
    """Nobody keeps whitelists here."""


def _signed(packet: Packet) -> SignedPacket:
    return SignedPacket(hashlib.sha256(packet.statement).digest(), packet.statement, packet.signature)


def _merged(
    taken: Taken, bodies: int, offered: Sequence[tuple[Arrival | None, tuple[Verdict, int]]]
) -> list[tuple[Verdict, int]]:
    whole = iter(taken.verdicts[bodies:])
    return [
        *taken.verdicts[:bodies],
        *(verdict if arrival is None else next(whole) for arrival, verdict in offered),
    ]
