"""Bundles at headquarters: the same entries as over a link, taken in by the same code; a return bundle answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from inspection_station.gateway.ingest import read_arrival
from inspection_station.gateway.pictures import OtherOffset
from inspection_station.gateway.service import Gateway
from inspection_station.gateway.stations import KnownStation, known_station
from inspection_station.headquarters import wire
from inspection_station.headquarters.bundle_exchange import Returned
from inspection_station.headquarters.messages import PICTURE_LIMIT, Request, open_packet
from inspection_station.headquarters.receipts import Item, Kind
from inspection_station.headquarters.sealed_bundle import (
    TO_HEADQUARTERS,
    TO_STATION,
    read_bundle,
    read_header,
    write_bundle,
)

_PART = 1 << 20


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a bundle came to."""

    station: str
    requests: int
    pictures: int
    returned: tuple[Returned, ...]


def import_bundle(gateway: Gateway, source: Path) -> TakenIn:
    """Take a station's bundle in. A second time changes nothing and answers the same.

    Raises NotAdmitted (unknown or revoked station), WireError (NotForUs, BadSignature, Malformed), OSError.
    """
    name = read_header(source).sender
    with gateway.database.reading() as connection:
        known = known_station(connection, name)
    requests = pictures = 0
    returned: list[Returned] = []
    for entry in read_bundle(source, TO_HEADQUARTERS, gateway.authority.bundles, known.key):
        if wire.name_of(entry) == "picture/1":
            _take_picture(gateway, entry)
            pictures += 1
        else:
            returned.append(_take_request(gateway, known, entry, returned))
            requests += 1
    return TakenIn(name, requests, pictures, tuple(returned))


def write_return(gateway: Gateway, taken: TakenIn, target: Path) -> int:
    """The answers in a bundle for that station alone. Raises NotAdmitted, OSError."""
    with gateway.database.reading() as connection:
        known = known_station(connection, taken.station)

    def entries() -> Iterator[bytes]:
        for one in taken.returned:
            yield one.encode()

    return write_bundle(
        target,
        TO_STATION,
        gateway.settings.gateway_id,
        gateway.authority.receipts,
        [known.bundle_key],
        entries(),
    )


def _take_picture(gateway: Gateway, entry: bytes) -> None:
    sha256, data = wire.fields(wire.decode(entry, PICTURE_LIMIT + 1024), "picture/1", 2)
    digest, content = wire.octets(sha256, 32), wire.octets(data)
    reached = gateway.pictures.reached(digest)
    at = reached.count
    while not reached.published and at <= len(content):
        part = content[at : at + _PART]
        if not part:
            return
        try:
            reached = gateway.pictures.append(digest, len(content), at, part)
        except OtherOffset as other:
            reached = other.reached
        if not reached.published and reached.count <= at:
            return  # another hash than it is named, or somebody else is at it: not published, so not receipted
        at = reached.count


def _take_request(gateway: Gateway, known: KnownStation, entry: bytes, before: list[Returned]) -> Returned:
    request = Request.decode(entry)
    if before:
        # Each answer is proven from the one before it, so that the station can take them one after the other.
        request = replace(request, shown=(before[-1].answer.head, *request.shown[:-1]))
    items: list[Item] = []
    if request.packet is not None:
        packet = open_packet(request.packet, known.station_id)
        for kind, body, digest in zip(packet.kinds, packet.bodies, packet.hashes, strict=True):
            arrival = read_arrival(kind, body, digest, known.station_id, gateway.settings.training)
            items.append(Item(kind, "", digest) if arrival is None else arrival.item)
    items += [Item(Kind.PICTURE, offer.inspection_id, offer.sha256) for offer in request.offers]
    return Returned(request.shown, tuple(items), gateway.answer(known, request))
