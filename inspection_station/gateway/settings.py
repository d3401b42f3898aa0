"""Where a gateway keeps its things: one folder, and a database that may lie elsewhere.

``$GATEWAY_FOLDER`` · ``$GATEWAY_DATABASE`` (SQLAlchemy's form; SQLite in the folder unless told) ·
``$GATEWAY_PASSPHRASE`` (of the keys). The environment, so that all workers read the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs

from inspection_station.gateway.authority import Authority, load_authority, renew_if_due
from inspection_station.gateway.database import Database
from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.gateway.pictures import FolderPictures
from inspection_station.gateway.service import Gateway, read_settings
from inspection_station.gateway.whitelists import Whitelists

PACK_PASSPHRASE = "PACK_PASSPHRASE"
FOLDER, DATABASE, PASSPHRASE = "GATEWAY_FOLDER", "GATEWAY_DATABASE", "GATEWAY_PASSPHRASE"


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway's folder, database address and passphrase."""

    folder: Path
    database: str
    passphrase: bytes | None

    @property
    def keys(self) -> Path:
        """The keys' folder."""
        return self.folder / "keys"

    @property
    def packs(self) -> Path:
        """The repository of data packs."""
        return self.folder / "packs"

    def authority(self) -> Authority:
        """Raises KeysMissing, ValueError, TypeError (passphrase)."""
        return load_authority(self.keys, self.passphrase)

    def bring_forward(self, now: datetime) -> None:
        """What a newer program and passing time ask for before it serves: the schema of a database that was
        initialised, and the server's certificate. Raises as ``open`` does.
        """
        authority = self.authority()
        database = Database(self.database)
        try:
            read_settings(database)
            database.migrate()
        finally:
            database.close()
        renew_if_due(authority, now, self.passphrase)

    def open(self) -> Gateway:
        """The gateway. Raises KeysMissing, ValueError, and what the database raises."""
        authority = self.authority()
        database = Database(self.database)
        pictures, packs = FolderPictures(self.folder / "pictures"), PackRepository(self.packs)
        gateway = Gateway(database, pictures, authority, read_settings(database), packs=packs)
        if (self.keys / "packs").is_dir():
            gateway.on_late_hits = lambda: self.whitelists(gateway).refresh()
        return gateway

    def whitelists(self, gateway: Gateway) -> Whitelists:
        """Of an open gateway."""
        secret = os.environ.get(PACK_PASSPHRASE)
        return Whitelists(
            gateway.database,
            gateway.pictures,
            PackRepository(self.packs),
            self.keys / "packs",
            secret.encode() if secret else None,
            gateway.now,
        )


def place(folder: Path | None = None, database: str | None = None) -> Place:
    """From arguments, else from the environment, else the user's data folder."""
    chosen = folder or Path(os.environ.get(FOLDER) or platformdirs.user_data_dir("inspection-gateway", appauthor=False))
    address = database or os.environ.get(DATABASE) or f"sqlite:///{chosen.resolve() / 'gateway.db'}"
    passphrase = os.environ.get(PASSPHRASE)
    return Place(chosen, address, passphrase.encode() if passphrase else None)
