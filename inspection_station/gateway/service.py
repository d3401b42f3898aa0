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
from threading import Lock

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError

from inspection_station.gateway import late_hits, stations
from inspection_station.gateway import ledger as log_tree
from inspection_station.gateway.authority import Authority
from inspection_station.gateway.database import Database
from inspection_station.gateway.ingest import Arrival, Incoming, SignedPacket, Taken, read_arrival, take_in
from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.gateway.pictures import PictureStore
from inspection_station.gateway.screening import Screening
from inspection_station.gateway.stations import KnownStation, NotAdmitted, stamp
from inspection_station.gateway.tables import setting
from inspection_station.gateway.together import Together
from inspection_station.headquarters.enrolment import Enrolled, Enrolment, Renewal, Ticket
from inspection_station.headquarters.merkle import Subtree, consistency_proof
from inspection_station.headquarters.messages import Answer, Offer, Packet, Request, open_packet
from inspection_station.headquarters.receipts import Item, Kind, Receipt, Verdict
from inspection_station.headquarters.wire import BadSignature
from inspection_station.inspection.outbox import LogHead

log = logging.getLogger(__name__)

REINCARNATE = "reincarnate"

_TURNS = 3  # transactions of rounds side by side: one sends its rows, one waits for the log, one for the medium
_TURNS_AT_THE_DOOR = 2


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
        there = inspect(connection).has_table(setting.name)
        rows = connection.execute(select(setting.c.name, setting.c.value)) if there else ()
        found = {row.name: row.value for row in rows}
    if not {"gateway_id", "training"} <= found.keys():
        raise ValueError("the gateway's database is not initialised")
    return GatewaySettings(found["gateway_id"], found["training"] == "1")


@dataclass(frozen=True, slots=True)
class _Round:
    """What a station asked, read as far as it can be without the database."""

    request: Request
    incoming: Incoming

    @property
    def station(self) -> str:
        return self.incoming.station


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a round. ``head``, ``proven``, ``proof``, ``late``: see ``Answer``."""

    taken: Taken
    head: LogHead
    proven: int | None
    proof: tuple[bytes, ...]
    late: tuple[tuple[bytes, bytes], ...] | None


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
        self._rounds = Together[_Round, _Done](self._take_in, _TURNS, OperationalError)
        self._door = Together[str, KnownStation | NotAdmitted](self._who, _TURNS_AT_THE_DOOR, OperationalError)
        self._reading = Lock()  # threads of one interpreter only take turns: those in the database come first to theirs
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
        with self._reading:
            packet = None if request.packet is None else open_packet(request.packet, known.station_id)
            if packet is not None:
                packet.require_signature(known.key)
            arrivals = self._arrivals(packet, known.station_id)
        offered = [self._offered(offer) for offer in request.offers]
        whole = [arrival for arrival, _ in offered if arrival is not None]
        signed = None if packet is None else _signed(packet)
        done = self._rounds.do(_Round(request, Incoming(known.station_id, [*arrivals, *whole], signed)))
        self._tell(known.station_id, done.taken)
        items = (*_items(packet, arrivals), *(_picture(offer) for offer in request.offers))
        return items, self._signed_answer(items, _merged(done.taken, len(arrivals), offered), done)

    def admit(self, serial: str) -> KnownStation:
        """The station that holds a client certificate. Raises NotAdmitted."""
        found = self._door.do(serial)
        if isinstance(found, NotAdmitted):
            raise found
        return found

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

    def _who(self, serials: Sequence[str]) -> list[KnownStation | NotAdmitted]:
        with self.database.reading() as connection:
            return stations.stations_of_certificates(connection, serials)

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

    def _take_in(self, rounds: Sequence[_Round]) -> list[_Done]:
        """Rounds of several stations in one transaction: one wait for the medium, and the log is locked once. What the
        log proves is read when it is free again, since it only grows.
        """
        now = self.now()
        with self.database.writing() as connection:
            stations.note_reports(connection, [(one.station, one.request.report) for one in rounds], now)
            late = self._late_hits(connection, rounds, now)
            taken, ledger = take_in(self.database, connection, [one.incoming for one in rounds], stamp(now))
        with self.database.reading() as connection:
            hashes = log_tree.subtrees(connection)
            done = []
            for one, what in zip(rounds, taken, strict=True):
                proof = self._proven(connection, one, ledger, hashes, now)
                done.append(_Done(what, *proof, late.get(one.station) if one.request.heard is not None else None))
        return done

    def _proven(
        self, reading: Connection, one: _Round, ledger: log_tree.Ledger, hashes: Subtree, now: datetime
    ) -> tuple[LogHead, int | None, tuple[bytes, ...]]:
        shown = one.request.shown
        if not shown:
            return ledger.head, None, ()
        proven = log_tree.newest_contained(shown, ledger, hashes)
        if _put_back(shown, proven, ledger):
            log.critical("the log was put back", extra={"code": "SYN-06", "station": one.station})
            with self.database.writing() as connection:
                ledger = log_tree.read_ledger(connection, lock=True)
                if _put_back(shown, proven, ledger):  # nobody else has found it meanwhile
                    ledger = log_tree.begin_epoch(connection, ledger, shown[0].epoch, stamp(now), one.station)
            hashes = log_tree.subtrees(reading)  # read anew: the log may have grown meanwhile
        if proven is None:
            return ledger.head, None, ()
        return ledger.head, proven, tuple(consistency_proof(shown[proven].size, ledger.frontier.size, hashes))

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
        self, connection: Connection, rounds: Sequence[_Round], now: datetime
    ) -> dict[str, tuple[tuple[bytes, bytes], ...]]:
        listening = sorted((one for one in rounds if one.request.heard is not None), key=lambda one: one.station)
        for one in listening:
            late_hits.note_heard(self.database, connection, one.station, one.request.heard or (), now)
        return late_hits.waiting_for(connection, {one.station for one in listening})

    def _signed_answer(self, items: Sequence[Item], verdicts: Sequence[tuple[Verdict, int]], done: _Done) -> Answer:
        placed = tuple(
            (item, place) for item, (verdict, place) in zip(items, verdicts, strict=True) if verdict.receipted
        )
        name = self.settings.gateway_id
        receipt = Receipt(name, done.head, placed).signed(self.authority.receipts)
        orders = tuple((REINCARNATE, incarnation) for incarnation in done.taken.doubled)
        return Answer(name, done.head, receipt.signature, tuple(verdicts), done.proven, done.proof, orders, done.late)

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


def _put_back(shown: Sequence[LogHead], proven: int | None, ledger: log_tree.Ledger) -> bool:
    """Whether this log is an older one put back. A station that knows a later epoch shows that, even where the log
    holds all that was shown.
    """
    return shown[0].epoch > ledger.epoch or (proven != 0 and shown[0].epoch == ledger.epoch)


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
