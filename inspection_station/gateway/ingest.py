"""Taking items in: each once, whatever is sent again; nothing is ever overwritten.

``insert … on conflict do nothing`` first, then a second statement reads what is there. Rows are inserted in the
order of their keys, so that two transactions with the same items cannot lock each other; the log's lock comes last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from sqlalchemy import Connection

from inspection_station.gateway import ledger as log
from inspection_station.gateway.bulk import insert_rows, rows_of_keys
from inspection_station.gateway.database import Database
from inspection_station.gateway.tables import doubled_number, item, log_entry, packet, quarantine
from inspection_station.headquarters.receipts import Item, Kind, Verdict
from inspection_station.inspection.codec import MalformedPlain, parse_json

ID_LIMIT = 64  # characters
_MOST_SEQUENCE = 1 << 53
_KEY = ("kind", "item_id")
_NUMBER = ("station_id", "incarnation", "sequence")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An item that came, read as far as its identity needs. ``body`` None for a picture, whose bytes lie elsewhere."""

    item: Item
    size: int
    body: bytes | None = None
    incarnation: str | None = None
    sequence: int | None = None

    @property
    def key(self) -> tuple[int, str]:
        """Kind and id: pictures of one inspection are told by their hash."""
        name = self.item.inspection_id
        return int(self.item.kind), f"{name}/{self.item.sha256.hex()}" if self.item.kind is Kind.PICTURE else name


@dataclass(frozen=True, slots=True)
class SignedPacket:
    """The station's signature over the hashes of what came together."""

    packet_hash: bytes
    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """``verdicts`` in the order of the arrivals, with the place in the log. ``doubled``: incarnations in which two
    inspections bear the same number.
    """

    verdicts: tuple[tuple[Verdict, int], ...]
    ledger: log.Ledger
    doubled: tuple[str, ...]
    quarantined: int


def read_arrival(kind: Kind, body: bytes, digest: bytes, station: str, training: bool) -> Arrival | None:
    """What a body says it is; None when it is not what it claims to be."""
    try:
        plain = parse_json(body)
    except MalformedPlain:
        return None
    if not isinstance(plain, dict) or plain.get("kind") != kind.name.lower() or plain.get("v") != 1:
        return None
    if kind is Kind.ALERT:
        name = plain.get("inspection_id")
        return Arrival(Item(kind, name, digest), len(body), body) if _is_id(name) else None
    record, sequence, incarnation = plain.get("record"), plain.get("sequence"), plain.get("incarnation")
    name = record.get("inspection_id") if isinstance(record, dict) else None
    if plain.get("station") != station or plain.get("training") is not training:
        return None
    if not _is_id(name) or not _is_id(incarnation) or type(sequence) is not int or not 0 < sequence < _MOST_SEQUENCE:
        return None
    return Arrival(Item(kind, name, digest), len(body), body, incarnation, sequence)


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= ID_LIMIT and value.isascii() and value.isprintable()


def take_in(
    database: Database,
    connection: Connection,
    station: str,
    arrivals: Sequence[Arrival | None],
    signed: SignedPacket | None,
    at: str,
) -> Taken:
    """Take in what came within the caller's transaction; leaves the log locked. None among the arrivals is refused."""
    new = sorted({arrival.key: arrival for arrival in reversed(arrivals) if arrival is not None}.items())
    if signed is not None:
        connection.execute(
            database.insert_if_new(packet),
            {
                "packet_hash": signed.packet_hash,
                "station_id": station,
                "statement": signed.statement,
                "signature": signed.signature,
                "received_at": at,
            },
        )
    origin = None if signed is None else signed.packet_hash
    insert_rows(connection, item, [_row(arrival, station, origin, at) for _, arrival in new], if_new=True)
    hashes = _hashes(connection, [key for key, _ in new])
    others = [a for a in arrivals if a is not None and hashes[a.key] != a.item.sha256]
    for other in others:
        connection.execute(
            database.insert_if_new(quarantine),
            {
                "kind": other.key[0],
                "item_id": other.key[1],
                "sha256": other.item.sha256,
                "station_id": station,
                "packet_hash": origin,
                "body": other.body,
                "received_at": at,
            },
        )
    doubled = _doubled(database, connection, station, [arrival for _, arrival in new], at)
    ledger = log.read_ledger(connection, lock=True)
    places = _places(connection, [key for key, _ in new])
    fresh = _in_order(arrival for arrival in arrivals if arrival is not None and arrival.key not in places)
    fresh = [arrival for arrival in fresh if hashes[arrival.key] == arrival.item.sha256]
    first = ledger.frontier.size
    ledger = log.append(connection, ledger, [(*arrival.key, log.leaf_of(arrival.item, station)) for arrival in fresh])
    added = {arrival.key: first + number for number, arrival in enumerate(fresh)}
    return Taken(tuple(_verdict(arrival, hashes, places, added) for arrival in arrivals), ledger, doubled, len(others))


def _verdict(
    arrival: Arrival | None,
    hashes: dict[tuple[int, str], bytes],
    places: dict[tuple[int, str], int],
    added: dict[tuple[int, str], int],
) -> tuple[Verdict, int]:
    if arrival is None:
        return Verdict.REFUSED, 0
    if hashes[arrival.key] != arrival.item.sha256:
        return Verdict.QUARANTINED, 0
    if arrival.key in added:
        return Verdict.ACCEPTED, added[arrival.key]
    return Verdict.KNOWN, places[arrival.key]


def _row(arrival: Arrival, station: str, origin: bytes | None, at: str) -> dict[str, object]:
    kind, item_id = arrival.key
    return {
        "kind": kind,
        "item_id": item_id,
        "sha256": arrival.item.sha256,
        "station_id": station,
        "inspection_id": arrival.item.inspection_id,
        "incarnation": arrival.incarnation,
        "sequence": arrival.sequence,
        "packet_hash": origin,
        "body": arrival.body,
        "size": arrival.size,
        "received_at": at,
    }


def _in_order(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Without repetitions, in the order in which they came: the station's own order stands in the log."""
    return list({arrival.key: arrival for arrival in arrivals}.values())


def _hashes(connection: Connection, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], bytes]:
    """Of what is there now: rows of this transaction and of everybody who has committed since."""
    rows = rows_of_keys(connection, item, _KEY, keys, (*_KEY, "sha256"))
    return {(kind, item_id): bytes(digest) for kind, item_id, digest in rows}


def _places(connection: Connection, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    rows = rows_of_keys(connection, log_entry, _KEY, keys, (*_KEY, "position"))
    return {(kind, item_id): position for kind, item_id, position in rows}


def _doubled(
    database: Database, connection: Connection, station: str, arrivals: Sequence[Arrival], at: str
) -> tuple[str, ...]:
    """Flag numbers of one incarnation that two inspections bear: the station's store was copied."""
    numbers = {(station, arrival.incarnation, arrival.sequence) for arrival in arrivals if arrival.sequence is not None}
    borne = Counter(
        (incarnation, sequence)
        for incarnation, sequence in rows_of_keys(connection, item, _NUMBER, sorted(numbers), _NUMBER[1:])
    )
    twice = [number for number, count in borne.items() if count > 1]
    for incarnation, sequence in twice:
        connection.execute(
            database.insert_if_new(doubled_number),
            {"station_id": station, "incarnation": incarnation, "sequence": sequence, "seen_at": at},
        )
    return tuple(sorted({incarnation for incarnation, _ in twice}))
