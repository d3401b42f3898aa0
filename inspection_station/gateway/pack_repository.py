"""The repository of packs at headquarters: files of The Update Framework, in a folder that any worker can serve.

Every file is written whole and never changed but ``timestamp.json``, which is replaced last: whoever reads meanwhile
sees the state before or the one after. One publisher at a time holds the lock file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from inspection_station.gateway.pack_roles import (
    DUE,
    ROLE_LIFE,
    ROOT_LIFE,
    SNAPSHOT_LIFE,
    TIMESTAMP_LIFE,
    delegations,
    forget_old_deltas,
    role_of,
    signed,
    until,
    version_of,
)
from inspection_station.gateway.publishing_lock import LockHeld, exclusive
from inspection_station.headquarters.packs import (
    PackKind,
    PackLabel,
    delta_path,
    label_of,
    snapshot_path,
)
from inspection_station.headquarters.packs_body import (
    PACKED_LIMIT,
    Content,
    content_digest,
    read_snapshot,
    write_delta,
    write_snapshot,
)
from inspection_station.headquarters.packs_source import is_repository_path
from inspection_station.whole_file import replace_file

ROOT_KEYS, ROOT_THRESHOLD = 3, 2
_LOCK_SECONDS = 30.0
_S = TypeVar("_S", Root, Timestamp, Snapshot, Targets)


class RepositoryUnusable(ValueError):
    """The repository is not there, is locked by another publisher, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: the label, and bytes of the snapshot and of the delta from the version before (0: none)."""

    label: PackLabel
    snapshot_bytes: int
    delta_bytes: int


class PackRepository:
    """The repository in ``folder``. Reading needs nothing; what signs is passed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        return (self.folder / "metadata" / "timestamp.json").is_file()

    def mark(self) -> tuple[int, int, int] | None:
        """Another value whenever something was published; None where there is no repository."""
        try:
            status = (self.folder / "metadata" / "timestamp.json").stat()
        except FileNotFoundError:
            return None
        return status.st_size, status.st_mtime_ns, status.st_ino

    def part(self, path: str, offset: int, most: int) -> tuple[bytes, int] | None:
        """Bytes of a file from ``offset`` on, at most ``most``, and its length; None: there is no such file."""
        if not is_repository_path(path):
            return None
        try:
            with (self.folder / path).open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                file.seek(min(offset, length))
                return file.read(most), length
        except (FileNotFoundError, IsADirectoryError):
            return None

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Everything a station may need, ``timestamp.json`` last. Only what the newest metadata name, and all roots."""
        snapshot = self._current()
        names = [f"metadata/{path.name}" for path in sorted((self.folder / "metadata").glob("*.root.json"))]
        names += [f"metadata/{meta.version}.{role}" for role, meta in snapshot.signed.meta.items()]
        for kind in PackKind:
            if f"{kind.value}.json" in snapshot.signed.meta:
                names += [f"targets/{path}" for path in self._role(kind, snapshot).signed.targets]
        names += [f"metadata/{snapshot.signed.version}.snapshot.json", "metadata/timestamp.json"]
        for name in names:
            yield name, (self.folder / name).read_bytes()

    def create(
        self,
        roots: Sequence[CryptoSigner],
        targets: CryptoSigner,
        kinds: Mapping[PackKind, CryptoSigner],
        snapshot: CryptoSigner,
        timestamp: CryptoSigner,
        now: datetime,
    ) -> bytes:
        """Make an empty repository; returns the root that stations are to trust. Raises RepositoryUnusable, OSError."""
        if len(roots) < ROOT_THRESHOLD:
            raise RepositoryUnusable("the root needs more keys")
        with self._publishing():
            if (self.folder / "metadata" / "1.root.json").exists():
                raise RepositoryUnusable("there is a repository here already")
            root = Metadata(Root(1, expires=until(now, ROOT_LIFE), consistent_snapshot=True))
            for signer in roots:
                root.signed.add_key(signer.public_key, "root")
            for role, signer in (("targets", targets), ("snapshot", snapshot), ("timestamp", timestamp)):
                root.signed.add_key(signer.public_key, role)
            root.signed.roles["root"].threshold = ROOT_THRESHOLD
            top = Metadata(Targets(1, expires=until(now, ROOT_LIFE), delegations=delegations(kinds)))
            listing = Metadata(Snapshot(1, expires=until(now, SNAPSHOT_LIFE), meta={"targets.json": MetaFile(1)}))
            for kind, signer in kinds.items():
                self._write("metadata", f"1.{kind.value}.json", signed(Metadata(role_of(now)), [signer]))
                listing.signed.meta[f"{kind.value}.json"] = MetaFile(1)
            self._write("metadata", "1.root.json", trusted := signed(root, roots))
            self._write("metadata", "1.targets.json", signed(top, [targets]))
            self._write("metadata", "1.snapshot.json", signed(listing, [snapshot]))
            first = Metadata(Timestamp(1, expires=until(now, TIMESTAMP_LIFE), snapshot_meta=MetaFile(1)))
            self._write("metadata", "timestamp.json", signed(first, [timestamp]))
            return trusted

    def publish(
        self,
        kind: PackKind,
        name: str,
        content: Content,
        stale_after: datetime,
        valid_until: datetime,
        signers: tuple[CryptoSigner, CryptoSigner, CryptoSigner],
        now: datetime,
    ) -> Published:
        """Publish the next version of a pack. ``signers``: of the kind, of snapshot and of timestamp.

        Raises RepositoryUnusable, PackRefused (OVERSIZED), ValueError (name, moments), OSError.
        """
        with self._publishing():
            snapshot = self._current()
            role = self._role(kind, snapshot)
            before = self._newest(kind, name, role.signed)
            version = 1 if before is None else before.version + 1
            digest = content_digest(content)
            label = PackLabel(kind, name, version, digest, now.replace(microsecond=0), stale_after, valid_until)
            whole = write_snapshot(kind, name, version, content)
            delta = b""
            if before is not None:
                delta = write_delta(kind, name, version, self.content(before), content)
                self._list(role.signed, delta_path(kind, name, version), delta, label, before.digest)
                del role.signed.targets[snapshot_path(kind, name, before.version)]
            self._list(role.signed, snapshot_path(kind, name, version), whole, label, None)
            forget_old_deltas(role.signed, kind, name, version)
            self._advance(kind, role, snapshot, signers, now)
            return Published(label, len(whole), len(delta))

    def withdraw(
        self,
        kind: PackKind,
        name: str,
        signers: tuple[CryptoSigner, CryptoSigner, CryptoSigner],
        now: datetime,
    ) -> None:
        """Take a pack back: stations drop it when they hear of it. Raises RepositoryUnusable, OSError."""
        with self._publishing():
            snapshot = self._current()
            role = self._role(kind, snapshot)
            listed = [path for path in role.signed.targets if path.split("/")[1] == name]
            if not listed:
                raise ValueError("no pack of this kind and name is published")
            for path in listed:
                del role.signed.targets[path]
            self._advance(kind, role, snapshot, signers, now)

    def refresh(
        self,
        snapshot_signer: CryptoSigner,
        timestamp_signer: CryptoSigner,
        now: datetime,
        kinds: Mapping[PackKind, CryptoSigner] | None = None,
    ) -> datetime:
        """Sign snapshot and timestamp anew, so that stations go on accepting; until when.

        Roles of ``kinds`` that run out within thirty days are signed anew too: a kind that is seldom published would
        otherwise be refused as a whole. Raises RepositoryUnusable (also for a key that does not sign for its kind).
        """
        with self._publishing():
            snapshot = self._current()
            for kind, signer in (kinds or {}).items():
                if f"{kind.value}.json" not in snapshot.signed.meta:
                    continue
                role = self._role(kind, snapshot)
                if role.signed.expires < now + DUE:
                    self._sign_role(kind, role, snapshot, signer, now)
            return self._stamp(snapshot, snapshot_signer, timestamp_signer, now)

    def endings(self) -> dict[str, datetime]:
        """Until when each role's newest metadata are good. Raises RepositoryUnusable."""
        snapshot = self._current()
        newest = max(version_of(path) for path in (self.folder / "metadata").glob("*.root.json"))
        found = {
            "root": self._read(f"{newest}.root.json", Root).signed.expires,
            "targets": self._read(
                f"{snapshot.signed.meta['targets.json'].version}.targets.json", Targets
            ).signed.expires,
            "snapshot": snapshot.signed.expires,
            "timestamp": self._read("timestamp.json", Timestamp).signed.expires,
        }
        for kind in PackKind:
            if f"{kind.value}.json" in snapshot.signed.meta:
                found[kind.value] = self._role(kind, snapshot).signed.expires
        return found

    def need_a_person(self, now: datetime) -> dict[str, datetime]:
        """Roles that run out within thirty days and were not signed anew: their keys are elsewhere."""
        return {
            role: ends
            for role, ends in self.endings().items()
            if role not in ("snapshot", "timestamp") and ends < now + DUE
        }

    def rotate_root(self, signers: Sequence[CryptoSigner], now: datetime) -> bytes:
        """The next version of the root, signed by enough of its keys, with a new life. Raises RepositoryUnusable."""
        with self._publishing():
            newest = max(version_of(path) for path in (self.folder / "metadata").glob("*.root.json"))
            root: Metadata[Root] = self._read(f"{newest}.root.json", Root)
            root.signed.version += 1
            root.signed.expires = until(now, ROOT_LIFE)
            data = signed(root, signers)
            try:
                root.verify_delegate("root", root)
            except RepositoryError:
                raise RepositoryUnusable("not enough of the root's keys") from None
            self._write("metadata", f"{root.signed.version}.root.json", data)
            return data

    def _advance(
        self,
        kind: PackKind,
        role: Metadata[Targets],
        snapshot: Metadata[Snapshot],
        signers: tuple[CryptoSigner, CryptoSigner, CryptoSigner],
        now: datetime,
    ) -> None:
        self._sign_role(kind, role, snapshot, signers[0], now)
        self._stamp(snapshot, signers[1], signers[2], now)

    def _sign_role(
        self, kind: PackKind, role: Metadata[Targets], snapshot: Metadata[Snapshot], signer: CryptoSigner, now: datetime
    ) -> None:
        role.signed.version += 1
        role.signed.expires = until(now, ROLE_LIFE)
        data = signed(role, [signer])
        self._require_delegated(kind, role, snapshot)
        self._write("metadata", f"{role.signed.version}.{kind.value}.json", data)
        snapshot.signed.meta[f"{kind.value}.json"] = MetaFile(role.signed.version)

    def _stamp(self, snapshot: Metadata[Snapshot], one: CryptoSigner, other: CryptoSigner, now: datetime) -> datetime:
        snapshot.signed.version += 1
        snapshot.signed.expires = until(now, SNAPSHOT_LIFE)
        self._write("metadata", f"{snapshot.signed.version}.snapshot.json", signed(snapshot, [one]))
        timestamp = self._read("timestamp.json", Timestamp)
        timestamp.signed.version += 1
        timestamp.signed.expires = until(now, TIMESTAMP_LIFE)
        timestamp.signed.snapshot_meta = MetaFile(snapshot.signed.version)
        self._write("metadata", "timestamp.json", signed(timestamp, [other]))
        return timestamp.signed.expires

    def _require_delegated(self, kind: PackKind, role: Metadata[Targets], snapshot: Metadata[Snapshot]) -> None:
        """The wrong key is noticed here, not by every station."""
        top = self._read(f"{snapshot.signed.meta['targets.json'].version}.targets.json", Targets)
        try:
            top.verify_delegate(kind.value, role)
        except (RepositoryError, ValueError):
            raise RepositoryUnusable(f"this key does not sign for {kind.value}") from None

    def _list(self, role: Targets, path: str, data: bytes, label: PackLabel, base: bytes | None) -> None:
        if len(data) > PACKED_LIMIT:
            raise RepositoryUnusable("more than a pack may hold")
        folder, _, file = path.rpartition("/")
        self._write(f"targets/{folder}", file, data)
        target = TargetFile.from_data(path, data, ["sha256"])
        target.unrecognized_fields["custom"] = {"label": label.told(), "base": None if base is None else base.hex()}
        role.targets[path] = target

    def _newest(self, kind: PackKind, name: str, role: Targets) -> PackLabel | None:
        labels = [
            label_of(target.unrecognized_fields["custom"]["label"])
            for path, target in role.targets.items()
            if path.startswith(f"{kind.value}/{name}/") and path.endswith(".snapshot")
        ]
        return max(labels, key=lambda label: label.version, default=None)

    def content(self, label: PackLabel) -> dict[str, bytes]:
        """Content of a published version, held against its digest. Raises PackRefused, OSError."""
        data = (self.folder / "targets" / snapshot_path(label.kind, label.name, label.version)).read_bytes()
        return read_snapshot(data, label.kind, label.name, label.version, label.digest)

    def labels(self) -> tuple[PackLabel, ...]:
        """The newest version of every pack. Raises RepositoryUnusable."""
        snapshot = self._current()
        found: dict[tuple[PackKind, str], PackLabel] = {}
        for kind in PackKind:
            if f"{kind.value}.json" in snapshot.signed.meta:
                for path in self._role(kind, snapshot).signed.targets:
                    name = path.split("/")[1]
                    newest = self._newest(kind, name, self._role(kind, snapshot).signed)
                    if newest is not None:
                        found[kind, name] = newest
        return tuple(found[key] for key in sorted(found))

    def _current(self) -> Metadata[Snapshot]:
        timestamp = self._read("timestamp.json", Timestamp)
        return self._read(f"{timestamp.signed.snapshot_meta.version}.snapshot.json", Snapshot)

    def _role(self, kind: PackKind, snapshot: Metadata[Snapshot]) -> Metadata[Targets]:
        meta = snapshot.signed.meta.get(f"{kind.value}.json")
        if meta is None:
            raise RepositoryUnusable(f"no role for {kind.value}")
        return self._read(f"{meta.version}.{kind.value}.json", Targets)

    def _read(self, name: str, kind: type[_S]) -> Metadata[_S]:
        try:
            found: Metadata[Any] = Metadata.from_bytes((self.folder / "metadata" / name).read_bytes())
        except FileNotFoundError:
            raise RepositoryUnusable("there is no repository of packs here") from None
        except (RepositoryError, json.JSONDecodeError):
            raise RepositoryUnusable("the repository's metadata cannot be read") from None
        if not isinstance(found.signed, kind):
            raise RepositoryUnusable("the repository's metadata are mixed up")
        return found

    def _write(self, folder: str, name: str, data: bytes) -> None:
        replace_file(self.folder / folder / name, data)

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with exclusive(self.folder / "publishing.lock", _LOCK_SECONDS):
                yield
        except LockHeld:
            raise RepositoryUnusable("another publisher is at work") from None
