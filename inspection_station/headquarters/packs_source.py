"""Where packs come from: a repository behind the link, in a folder, or in a sealed bundle. The same files everywhere.

``metadata/N.ROLE.json``, ``metadata/timestamp.json`` (The Update Framework, consistent snapshots) and
``targets/KIND/NAME/N.snapshot|delta``. Nothing that a source gives is believed: see ``packs_trust``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from inspection_station.given_file import open_given
from inspection_station.headquarters import wire
from inspection_station.headquarters.packs import PackFault, PackRefused
from inspection_station.headquarters.packs_body import PACKED_LIMIT
from inspection_station.headquarters.sealed_bundle import TO_STATION, read_bundle
from inspection_station.inspection.outbox import StationIdentity

PART_BYTES = 256 << 10
PACK_LENGTH = "Pack-Length"
_PATH = re.compile(
    r"metadata/(?:[1-9][0-9]{0,15}\.[a-z][a-z-]{0,40}|timestamp)\.json"
    r"|targets/[a-z][a-z-]{0,40}/[a-z0-9][a-z0-9-]{0,62}/[1-9][0-9]{0,15}\.(?:snapshot|delta)"
)
_BUNDLE_PART = 16 << 20
_FILES = 20_000


def is_repository_path(path: str) -> bool:
    """Whether a file of a repository may be called so; nothing else is ever asked for or given."""
    return _PATH.fullmatch(path) is not None


class PackSource(Protocol):
    """A repository, or something in its place."""

    def fetch(self, path: str, limit: int) -> bytes:
        """The file. Raises PackRefused (MISSING; OVERSIZED beyond ``limit`` bytes), LinkFault, OSError."""
        ...


class FolderSource:
    """A repository in a folder, on a stick for instance. Its files are not encrypted: the stick must be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, path: str, limit: int) -> bytes:
        """See ``PackSource``."""
        _require(path)
        try:
            with open_given(self._folder / path) as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise PackRefused(PackFault.MISSING, "a file of the repository is not there") from None
        return _within(data, limit)


class PackLink(Protocol):
    """The part of the link to headquarters that packs need."""

    def pack_part(self, path: str, offset: int) -> tuple[bytes, int] | None:
        """Bytes of a repository's file from ``offset`` on, and its length; None: no such file. Raises LinkFault."""
        ...


class PacksInterrupted(Exception):
    """Something more urgent waits for the link. What was fetched is kept; ask again later."""


class LinkSource:
    """The gateway's repository, in parts. A broken fetch goes on where it ended, as long as this object lives."""

    def __init__(self, urgent: Callable[[], bool] = lambda: False) -> None:
        self.link: PackLink | None = None
        self.received = 0
        self._urgent = urgent
        self._begun: dict[str, tuple[int, bytearray]] = {}

    def fetch(self, path: str, limit: int) -> bytes:
        """See ``PackSource``; also raises PacksInterrupted."""
        _require(path)
        while True:
            length, gathered = self._begun.get(path, (-1, bytearray()))
            if length == len(gathered):
                del self._begun[path]
                return bytes(gathered)
            if self._urgent():
                raise PacksInterrupted
            self._begun[path] = self._further(path, limit, length, gathered)

    def _further(self, path: str, limit: int, length: int, gathered: bytearray) -> tuple[int, bytearray]:
        if self.link is None:
            raise PackRefused(PackFault.MISSING, "there is no link")
        answer = self.link.pack_part(path, len(gathered))
        if answer is None:
            self._begun.pop(path, None)
            raise PackRefused(PackFault.MISSING, "headquarters has no such file")
        part, whole = answer
        if whole > limit:
            self._begun.pop(path, None)
            raise PackRefused(PackFault.OVERSIZED, "a file is longer than it may be")
        if (length not in (-1, whole)) or len(gathered) + len(part) > whole or (not part and len(gathered) < whole):
            self._begun.pop(path, None)
            raise PackRefused(PackFault.ALTERED, "a file changed while it was fetched")
        self.received += len(part)
        gathered += part
        return whole, gathered


class BundleSource:
    """A repository's files out of a sealed bundle for this station; verified and decrypted in memory alone.

    Raises WireError (NotForUs, BadSignature …) and OSError when it is made.
    """

    def __init__(self, source: Path, identity: StationIdentity) -> None:
        self._files: dict[str, bytearray] = {}
        key = Ed25519PublicKey.from_public_bytes(identity.gateway_key)
        for entry in read_bundle(source, TO_STATION, identity.bundle_key, key):
            if wire.name_of(entry) != "pack-file/1":
                continue  # receipts, which «bundle import» reads
            path, offset, data = wire.fields(wire.decode(entry, _BUNDLE_PART + 1024), "pack-file/1", 3)
            self._take(wire.words(path), wire.number(offset), wire.octets(data))

    @property
    def holds_files(self) -> bool:
        """Whether there are packs in the bundle at all."""
        return bool(self._files)

    def _take(self, path: str, offset: int, data: bytes) -> None:
        if not is_repository_path(path) or len(self._files) >= _FILES:
            raise wire.Malformed("a bundle holds what is no file of a repository")
        file = self._files.setdefault(path, bytearray())
        if len(file) != offset:
            raise wire.Malformed("the parts of a file are out of order")
        if len(file) + len(data) > PACKED_LIMIT:
            raise wire.TooLarge("a file of a bundle exceeds the limit")
        file += data

    def fetch(self, path: str, limit: int) -> bytes:
        """See ``PackSource``."""
        found = self._files.get(path)
        if found is None:
            raise PackRefused(PackFault.MISSING, "the bundle does not hold this file")
        return _within(bytes(found), limit)


def bundle_entries(files: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    """A repository's files as entries of a sealed bundle."""
    for path, data in files:
        for offset in range(0, max(len(data), 1), _BUNDLE_PART):
            yield wire.encode(["pack-file/1", path, offset, data[offset : offset + _BUNDLE_PART]])


def _require(path: str) -> None:
    if not is_repository_path(path):
        raise PackRefused(PackFault.MISSING, "not a file of a repository")


def _within(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise PackRefused(PackFault.OVERSIZED, "a file is longer than it may be")
    return data
