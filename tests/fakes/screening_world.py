"""Stations, a gateway that screens, and the lists it publishes, in one process. Every person here is invented."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from exchange_world import SharedClock, authority_in
from pack_world import Publisher, control_list, now

from inspection_station.gateway.database import Database
from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.gateway.pictures import FolderPictures
from inspection_station.gateway.service import Gateway, initialise
from inspection_station.headquarters.packs import PackKind, PackLabel
from inspection_station.matching.watchlist_lists import load_lists
from inspection_station.matching.watchlist_parts import parts_of

HOUR = timedelta(hours=1)
HOLDER = "L898902C3"  # the document of ``store_stories.record``


def today() -> SharedClock:
    """A clock that starts now: packs are issued by the machine's own."""
    return SharedClock(now())


def screening_gateway(folder: Path, url: str, clock: SharedClock, packs: Path) -> Gateway:
    """A gateway over a repository of packs; several over the same are several workers."""
    database = Database(url)
    settings = initialise(database, False)
    pictures = FolderPictures(folder / "pictures")
    authority = authority_in(folder / "keys")
    return Gateway(database, pictures, authority, settings, clock.now, PackRepository(packs))


def publish_list(
    publisher: Publisher, *numbers: str, list_id: str = "lost-documents", name: str = "wanted", valid: float = 72
) -> PackLabel:
    """Lost documents as the next version of a pack."""
    parts = parts_of(load_lists(control_list(*numbers, list_id=list_id)))
    return publisher.publish(parts, PackKind.CONTROL_LIST, name, valid=valid * HOUR, stale=min(24, valid) * HOUR).label
