"""Taking items in: each once, whatever is sent again; nothing is ever overwritten.

``insert … on conflict do nothing`` first, then a second statement reads what is there. Rows are inserted in the
order of their keys, so that two transactions with the same items cannot lock each other; the log's lock comes last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from pydantic_core import from_json, to_json
from sqlalchemy import Connection

from inspection_station.gateway import ledger as log
from inspection_station.gateway.bulk import insert_rows, keys_borne_twice, rows_of_keys
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
    key: tuple[int, str] = field(init=False)
    """Kind and id: pictures of one inspection are told by their hash."""

    def __post_init__(self) -> None:
        name = self.item.inspection_id
        name = f"{name}/{self.item.sha256.hex()}" if self.item.kind is Kind.PICTURE else name
        object.__setattr__(self, "key", (int(self.item.kind), name))


@dataclass(frozen=True, slots=True)
class SignedPacket:
    """The station's signature over the hashes of what came together."""

    packet_hash: bytes
    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """What one station sent at once. None among the arrivals is refused."""

    station: str
    arrivals: Sequence[Arrival | None]
    signed: SignedPacket | None


@dataclass(frozen=True, slots=True)
class Taken:
    """``verdicts`` in the order of the arrivals, with the place in the log. ``doubled``: incarnations in which two
    inspections bear the same number.
    """

    verdicts: tuple[tuple[Verdict, int], ...]
    doubled: tuple[str, ...]
    quarantined: int


def read_arrival(kind: Kind, body: bytes, digest: bytes, station: str, training: bool) -> Arrival | None:
    """What a body says it is; None when it is not what it claims to be."""
    try:
        plain = _plain(body)
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


def _plain(body: bytes) -> object:
    """As ``parse_json``, in half the time for a body that is written as stations write: one that reads back to the very
    same bytes names no key twice and holds nothing that the other would read in another way. Raises MalformedPlain.
    """
    try:
        plain: object = from_json(body, allow_inf_nan=False)
        if to_json(plain) == body:
            return plain
    except ValueError:
        pass  # whatever is wrong with it, the other says
    return parse_json(body)


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= ID_LIMIT and value.isascii() and value.isprintable()


def take_in(
    database: Database, connection: Connection, incoming: Sequence[Incoming], at: str
) -> tuple[list[Taken], log.Ledger]:
    """Take in what came within the caller's transaction, of several stations as if one had come after the other; leaves
    the log locked.
    """
    came = [(a.key, a, one) for one in incoming for a in one.arrivals if a is not None]
    first = {key: (arrival, one) for key, arrival, one in reversed(came)}
    keys = sorted(first)
    insert_rows(connection, packet, _packets(incoming, at), if_new=True)
    added = insert_rows(connection, item, [_row(*first[key], at) for key in keys], if_new=True)
    # All of them new is the rule. Then what is there is known, and none can be in the log: it gets them below.
    there = [] if added == len(keys) else keys
    hashes = _hashes(connection, there) or {key: first[key][0].item.sha256 for key in keys}
    others = {
        (*key, arrival.item.sha256): _other(arrival, one, at)
        for key, arrival, one in came
        if hashes[key] != arrival.item.sha256
    }
    if others:
        connection.execute(database.insert_if_new(quarantine), [others[key] for key in sorted(others)])
    doubled = _doubled(database, connection, incoming, at)
    ledger = log.read_ledger(connection, lock=True)
    places = _places(connection, there)
    fresh: dict[tuple[int, str], bytes] = {}  # in the order in which they came: the station's own stands in the log
    for key, arrival, one in came:
        if key not in places and key not in fresh and hashes[key] == arrival.item.sha256:
            fresh[key] = log.leaf_of(arrival.item, one.station)
    new = {key: ledger.frontier.size + number for number, key in enumerate(fresh)}
    ledger = log.append(connection, ledger, [(*key, leaf) for key, leaf in fresh.items()])
    taken = []
    for one in incoming:
        verdicts = tuple(_verdict(arrival, hashes, places, new) for arrival in one.arrivals)
        own = tuple(sorted({number[1] for number in _numbers(one) if number in doubled}))
        taken.append(Taken(verdicts, own, sum(verdict is Verdict.QUARANTINED for verdict, _ in verdicts)))
    return taken, ledger


def _verdict(
    arrival: Arrival | None,
    hashes: dict[tuple[int, str], bytes],
    places: dict[tuple[int, str], int],
    new: dict[tuple[int, str], int],
) -> tuple[Verdict, int]:
    if arrival is None:
        return Verdict.REFUSED, 0
    if hashes[arrival.key] != arrival.item.sha256:
        return Verdict.QUARANTINED, 0
    if arrival.key in new:
        return Verdict.ACCEPTED, new[arrival.key]
    return Verdict.KNOWN, places[arrival.key]


def _packets(incoming: Sequence[Incoming], at: str) -> list[dict[str, object]]:
    found: dict[bytes, dict[str, object]] = {
        one.signed.packet_hash: {
            "packet_hash": one.signed.packet_hash,
            "station_id": one.station,
            "statement": one.signed.statement,
            "signature": one.signed.signature,
            "received_at": at,
        }
        for one in incoming
        if one.signed is not None
    }
    return [found[key] for key in sorted(found)]


def _row(arrival: Arrival, one: Incoming, at: str) -> dict[str, object]:
    kind, item_id = arrival.key
    return {
        "kind": kind,
        "item_id": item_id,
        "sha256": arrival.item.sha256,
        "station_id": one.station,
        "inspection_id": arrival.item.inspection_id,
        "incarnation": arrival.incarnation,
        "sequence": arrival.sequence,
        "packet_hash": None if one.signed is None else one.signed.packet_hash,
        "body": arrival.body,
        "size": arrival.size,
        "received_at": at,
    }


def _other(arrival: Arrival, one: Incoming, at: str) -> dict[str, object]:
    row = _row(arrival, one, at)
    return {column.name: row[column.name] for column in quarantine.columns}


def _hashes(connection: Connection, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], bytes]:
    """Of what is there now: rows of this transaction and of everybody who has committed since."""
    rows = rows_of_keys(connection, item, _KEY, keys, (*_KEY, "sha256"))
    return {(kind, item_id): bytes(digest) for kind, item_id, digest in rows}


def _places(connection: Connection, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    rows = rows_of_keys(connection, log_entry, _KEY, keys, (*_KEY, "position"))
    return {(kind, item_id): position for kind, item_id, position in rows}


def _numbers(one: Incoming) -> Iterator[tuple[str, str, int]]:
    for arrival in one.arrivals:
        if arrival is not None and arrival.incarnation is not None and arrival.sequence is not None:
            yield one.station, arrival.incarnation, arrival.sequence


def _doubled(
    database: Database, connection: Connection, incoming: Sequence[Incoming], at: str
) -> set[tuple[str, str, int]]:
    """Flag numbers of one incarnation that two inspections bear: the station's store was copied."""
    numbers = sorted({number for one in incoming for number in _numbers(one)})
    twice = sorted(keys_borne_twice(connection, item, _NUMBER, numbers))
    if twice:
        rows = [{**dict(zip(_NUMBER, number, strict=True)), "seen_at": at} for number in twice]
        connection.execute(database.insert_if_new(doubled_number), rows)
    return set(twice)
