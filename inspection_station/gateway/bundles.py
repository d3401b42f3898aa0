"""Bundles at headquarters: the same entries as over a link, taken in by the same code; a return bundle answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from inspection_station.gateway.service import Gateway
from inspection_station.gateway.stations import known_station
from inspection_station.headquarters import wire
from inspection_station.headquarters.bundle_exchange import Returned
from inspection_station.headquarters.messages import PICTURE_LIMIT, Request
from inspection_station.headquarters.packs_source import bundle_entries
from inspection_station.headquarters.sealed_bundle import (
    TO_HEADQUARTERS,
    TO_STATION,
    read_bundle,
    read_header,
    write_bundle,
)


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
    pictures = 0
    requests: list[Request] = []

    def contents() -> Iterator[tuple[bytes, bytes]]:
        """The pictures, as they come by; what is asked about them is kept for later."""
        nonlocal pictures
        for entry in read_bundle(source, TO_HEADQUARTERS, gateway.authority.bundles, known.key):
            if wire.name_of(entry) == "picture/1":
                pictures += 1
                yield _picture(entry)
            else:
                requests.append(Request.decode(entry))

    gateway.pictures.keep(contents())
    returned: list[Returned] = []
    for request in requests:
        # Each answer is proven from the one before it, so that the station can take them one after the other.
        shown = (returned[-1].answer.head, *request.shown[:-1]) if returned else request.shown
        items, answer = gateway.answer_with_items(known, replace(request, shown=shown))
        returned.append(Returned(shown, items, answer))
    if any(request.heard is not None for request in requests):
        # What came in is held against the newest lists before the bundle goes back: there may be no other way.
        gateway.screen()
        poll = Request(name, (returned[-1].answer.head,), heard=())
        items, answer = gateway.answer_with_items(known, poll)
        returned.append(Returned(poll.shown, items, answer))
    return TakenIn(name, len(requests), pictures, tuple(returned))


def write_return(gateway: Gateway, taken: TakenIn, target: Path, *, packs: bool = False) -> int:
    """The answers in a bundle for that station alone; ``packs``: with everything that is published.

    Raises NotAdmitted, RepositoryUnusable (no packs here), OSError.
    """
    with gateway.database.reading() as connection:
        known = known_station(connection, taken.station)

    def entries() -> Iterator[bytes]:
        for one in taken.returned:
            yield one.encode()
        if packs and gateway.packs is not None:
            yield from bundle_entries(gateway.packs.files())

    return write_bundle(
        target,
        TO_STATION,
        gateway.settings.gateway_id,
        gateway.authority.receipts,
        [known.bundle_key],
        entries(),
    )


def _picture(entry: bytes) -> tuple[bytes, bytes]:
    sha256, data = wire.fields(wire.decode(entry, PICTURE_LIMIT + 1024), "picture/1", 2)
    return wire.octets(sha256, 32), wire.octets(data)
