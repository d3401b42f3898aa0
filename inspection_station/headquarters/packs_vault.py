"""Installed packs on the station's disk: sealed, switched as a whole, nothing of them in the clear.

One small sealed file says which packs count and which metadata of headquarters is trusted; each content lies in a
sealed file of its own under a random name. A new pack is written beside the old one, and the small file is replaced
last: at any moment of a power cut the station has the old state or the new one. Keys are derived from the store's key.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inspection_station.headquarters.packs import PackFault, PackKind, PackLabel, PackRefused, label_of
from inspection_station.headquarters.packs_body import PACKED_LIMIT, Content, read_snapshot, write_snapshot
from inspection_station.whole_file import replace_file

log = logging.getLogger(__name__)

PACK_FOLDER: Final = "packs"
_STATE: Final = "packs.sealed"
_SUFFIX: Final = ".pack"
_MAGIC = b"ISPACKS1"
_SALT, _NONCE = 32, b"\0" * 12  # every file has a key of its own, so one nonce serves
_PURPOSE = b"inspection-station data packs 1"
_STATE_LIMIT = 64 << 20
_LEFT_OVER_SECONDS = 3600.0

Key = tuple[PackKind, str]


@dataclass(frozen=True, slots=True)
class Installed:
    """A pack that counts, and the file its content lies in."""

    label: PackLabel
    file: str


@dataclass(frozen=True, slots=True)
class VaultState:
    """What the small file says. ``trusted``: metadata of headquarters by role; ``generation`` grows by each change.

    ``floors``: the highest version ever installed of each pack, also of one that was withdrawn.
    """

    generation: int = 0
    trusted: Mapping[str, bytes] = field(default_factory=dict)
    packs: Mapping[Key, Installed] = field(default_factory=dict)
    floors: Mapping[Key, int] = field(default_factory=dict)


class VaultBusy(OSError):
    """Another program changed the installed packs meanwhile: try again."""


class PackVault:
    """The packs in ``folder`` under ``key`` (32 bytes). Safe from any thread; a second process is noticed."""

    def __init__(self, folder: Path, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the key has 32 bytes")
        self._folder, self._key = folder, key
        self._guard = RLock()
        self._mark: tuple[int, int, int] | None = None
        self._state = VaultState()

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def state(self) -> VaultState:
        """As it stands on the disk now. Raises PackRefused (a state that does not open under the key), OSError."""
        with self._guard:
            mark = self._seen()
            if mark is None:
                self._mark, self._state = None, VaultState()
            elif mark != self._mark:
                self._state = _state_of(self._opened(self._folder / _STATE, b"state", _STATE_LIMIT))
                self._mark = mark
            return self._state

    def labels(self, kind: PackKind | None = None) -> tuple[PackLabel, ...]:
        """Labels of the installed packs, by kind and name. Raises as ``state``."""
        packs = self.state().packs
        return tuple(packs[key].label for key in sorted(packs) if kind in (None, key[0]))

    def content(self, label: PackLabel) -> dict[str, bytes]:
        """Content of an installed pack, held against its digest. Raises PackRefused (MISSING, ALTERED), OSError."""
        with self._guard:
            found = self.state().packs.get((label.kind, label.name))
            if found is None or found.label != label:
                raise PackRefused(PackFault.MISSING, "this version is not installed")
            packed = self._opened(self._folder / found.file, found.file.encode(), PACKED_LIMIT)
            return read_snapshot(packed, label.kind, label.name, label.version, label.digest)

    def trust(self, trusted: Mapping[str, bytes]) -> None:
        """Keep metadata of headquarters from now on. Raises VaultBusy, OSError, PackRefused."""
        with self._guard:
            self._save(replace(self.state(), trusted=dict(trusted)))

    def install(self, label: PackLabel, content: Content) -> None:
        """Put a pack in place of the older version of the same. Raises PackRefused (ROLLBACK), VaultBusy, OSError."""
        key: Key = (label.kind, label.name)
        with self._guard:
            state = self.state()
            before = state.packs.get(key)
            if before is not None and before.label == label:
                return
            floor = state.floors.get(key, 0)
            if label.version < floor:
                raise PackRefused(PackFault.ROLLBACK, f"version {label.version}, {floor} was there before")
            if before is not None and label.version == before.label.version and label.digest != before.label.digest:
                raise PackRefused(PackFault.ROLLBACK, "another content under the same version")
            file = secrets.token_hex(16) + _SUFFIX
            packed = write_snapshot(label.kind, label.name, label.version, content)
            self._sealed(self._folder / file, file.encode(), packed)
            packs = {**state.packs, key: Installed(label, file)}
            self._save(replace(state, packs=packs, floors={**state.floors, key: label.version}))
            self._sweep(packs, before)

    def withdraw(self, kind: PackKind, name: str) -> bool:
        """Take a pack away; whether it was there. Its versions stay refused. Raises VaultBusy, OSError, PackRefused."""
        with self._guard:
            state = self.state()
            packs = {key: pack for key, pack in state.packs.items() if key != (kind, name)}
            if len(packs) == len(state.packs):
                return False
            self._save(replace(state, packs=packs))
            self._sweep(packs, state.packs[kind, name])
            return True

    def _save(self, state: VaultState) -> None:
        if self._seen() != self._mark:
            raise VaultBusy("another program changed the installed packs")
        fresh = replace(state, generation=state.generation + 1)
        self._sealed(self._folder / _STATE, b"state", _told(fresh))
        self._state, self._mark = fresh, self._seen()

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            status = (self._folder / _STATE).stat()
        except FileNotFoundError:
            return None
        return status.st_size, status.st_mtime_ns, status.st_ino

    def _sealed(self, path: Path, purpose: bytes, plain: bytes) -> None:
        salt = secrets.token_bytes(_SALT)
        sealed = self._cipher(salt).encrypt(_NONCE, plain, purpose)
        replace_file(path, _MAGIC + salt + sealed)

    def _opened(self, path: Path, purpose: bytes, limit: int) -> bytes:
        try:
            with path.open("rb") as file:
                data = file.read(limit + 1024)
        except FileNotFoundError:
            raise PackRefused(PackFault.MISSING, "a pack's file is gone") from None
        start = len(_MAGIC) + _SALT
        if data[: len(_MAGIC)] != _MAGIC or len(data) < start:
            raise PackRefused(PackFault.ALTERED, "a pack's file is not one of ours")
        try:
            return self._cipher(data[len(_MAGIC) : start]).decrypt(_NONCE, data[start:], purpose)
        except InvalidTag:
            raise PackRefused(PackFault.ALTERED, "a pack's file was changed, or belongs to another store") from None

    def _cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt, _PURPOSE).derive(self._key))

    def _sweep(self, packs: Mapping[Key, Installed], replaced: Installed | None) -> None:
        """Remove what was replaced, and what a power cut left over; not what another program may be writing now."""
        kept = {pack.file for pack in packs.values()}
        for path in (*self._folder.glob(f"*{_SUFFIX}"), *self._folder.glob(".*.new")):
            try:
                old = time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS
                if path.name not in kept and (old or (replaced is not None and path.name == replaced.file)):
                    path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("an old pack could not be removed", extra={"fault": type(error).__name__})


def _told(state: VaultState) -> bytes:
    told: dict[str, Any] = {
        "form": 1,
        "generation": state.generation,
        "trusted": {role: data.decode() for role, data in state.trusted.items()},
        "packs": [{**pack.label.told(), "file": pack.file} for pack in state.packs.values()],
        "floors": [[kind.value, name, version] for (kind, name), version in state.floors.items()],
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=False).encode()


def _state_of(plain: bytes) -> VaultState:
    try:
        told = json.loads(plain)
        if told["form"] != 1:
            raise PackRefused(PackFault.UNKNOWN_VERSION, "the installed packs are of a later program")
        installed = [Installed(label_of(row), str(row["file"])) for row in told["packs"]]
        return VaultState(
            int(told["generation"]),
            {str(role): str(data).encode() for role, data in told["trusted"].items()},
            {(one.label.kind, one.label.name): one for one in installed},
            {(PackKind(kind), str(name)): int(version) for kind, name, version in told["floors"]},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, PackRefused):
            raise
        raise PackRefused(PackFault.ALTERED, "the list of installed packs cannot be read") from None
