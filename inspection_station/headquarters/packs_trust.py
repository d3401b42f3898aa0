"""What headquarters says about packs, by The Update Framework's client (``tuf``), from a root of trust given by hand.

Root 2 of 3, one delegated role a kind; signatures, thresholds, rollback and expiry («freeze») are the library's. What
was trusted last comes from the sealed vault and goes back there; the library's working files lie in a folder only while
it works, and hold nothing but public metadata. A kind whose role is refused keeps the others from nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tuf.api import exceptions as tuf
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater

from inspection_station.headquarters.packs import (
    PackFault,
    PackKind,
    PackLabel,
    PackRefused,
    delta_path,
    label_of,
    snapshot_path,
)
from inspection_station.headquarters.packs_source import PackSource

_BASE: Final = "repository:/metadata/"
_ROOT: Final = "root"
_TOP: Final = ("timestamp", "snapshot", "targets")
_MOST_TARGETS = 10_000
ROOT_LIMIT = 512_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a pack that a role signed for. ``base``: digest of what a delta starts from; None: a snapshot."""

    path: str
    label: PackLabel
    target: TargetFile
    base: bytes | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What each kind's role lists; a kind that is in neither is not delegated."""

    listed: Mapping[PackKind, tuple[Listed, ...]]
    refused: Mapping[PackKind, PackRefused] = field(default_factory=dict)


def root_version(data: bytes) -> int:
    """The version of root metadata that signs itself with its own threshold. Raises PackRefused."""
    if len(data) > ROOT_LIMIT:
        raise PackRefused(PackFault.OVERSIZED, "the root is longer than it may be")
    try:
        root: Metadata[Root] = Metadata.from_bytes(data)
        if not isinstance(root.signed, Root):
            raise PackRefused(PackFault.MALFORMED, "not a root of trust")
        root.verify_delegate(_ROOT, root)
    except (tuf.RepositoryError, ValueError) as error:
        raise _refusal(error) from None
    return root.signed.version


def refreshed(
    source: PackSource, trusted: Mapping[str, bytes], folder: Path, keep: Callable[[dict[str, bytes]], None]
) -> Catalogue:
    """Look what headquarters lists now. ``keep`` gets the metadata that is trusted from now on, also before a refusal.

    Raises PackRefused (FREEZE, ROLLBACK, UNSIGNED, NOT_TRUSTED …), LinkFault, OSError.
    """
    if _ROOT not in trusted:
        raise PackRefused(PackFault.NOT_TRUSTED, "no root of trust was given to this station")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".trust-", dir=folder) as work:
        place = Path(work)
        for role, data in trusted.items():
            if role != _ROOT:
                (place / f"{role}.json").write_bytes(data)
        try:
            updater = Updater(str(place), _BASE, fetcher=_Fetching(source), bootstrap=trusted[_ROOT])
            updater.refresh()
            return _catalogue(updater, place)
        except (tuf.RepositoryError, tuf.DownloadError) as error:
            raise _refusal(error) from None
        finally:
            after = _gathered(place, trusted)
            if after != dict(trusted):
                keep(after)


def _gathered(place: Path, trusted: Mapping[str, bytes]) -> dict[str, bytes]:
    roles = (_ROOT, *_TOP, *(kind.value for kind in PackKind))
    found = {role: place / f"{role}.json" for role in roles}
    return {**trusted, **{role: path.read_bytes() for role, path in found.items() if path.is_file()}}


def _catalogue(updater: Updater, place: Path) -> Catalogue:
    top: Metadata[Targets] = Metadata.from_file(str(place / "targets.json"))
    snapshot: Metadata[Snapshot] = Metadata.from_file(str(place / "snapshot.json"))
    delegations = top.signed.delegations
    delegated = set(delegations.roles or ()) if delegations is not None else set()
    listed: dict[PackKind, tuple[Listed, ...]] = {}
    refused: dict[PackKind, PackRefused] = {}
    for kind in PackKind:
        if kind.value not in delegated:
            continue
        try:
            updater.get_targetinfo(f"{kind.value}/-/-")  # makes the library fetch and verify the kind's role
            role: Metadata[Targets] = Metadata.from_file(str(place / f"{kind.value}.json"))
            said = snapshot.signed.meta.get(f"{kind.value}.json")
            if said is None or said.version != role.signed.version:
                raise PackRefused(PackFault.ROLLBACK, "the role's metadata are not those of the snapshot")
            listed[kind] = _files_of(kind, role.signed)
        except (tuf.RepositoryError, tuf.DownloadError) as error:
            refused[kind] = _refusal(error)
        except PackRefused as error:
            refused[kind] = error
    return Catalogue(listed, refused)


def _files_of(kind: PackKind, role: Targets) -> tuple[Listed, ...]:
    if len(role.targets) > _MOST_TARGETS:
        raise PackRefused(PackFault.OVERSIZED, "a role lists too many files")
    return tuple(_listed(kind, path, target) for path, target in role.targets.items())


def _listed(kind: PackKind, path: str, target: TargetFile) -> Listed:
    said: Any = target.unrecognized_fields.get("custom")
    if not isinstance(said, dict):
        raise PackRefused(PackFault.MALFORMED, "a file without its label")
    label, base = label_of(said.get("label")), said.get("base")
    if label.kind is not kind:
        raise PackRefused(PackFault.OTHER_ROLE, "a role that lists packs of another kind")
    try:
        start = None if base is None else bytes.fromhex(base)
    except (ValueError, TypeError):
        raise PackRefused(PackFault.MALFORMED, "a delta without its base") from None
    place = snapshot_path if start is None else delta_path
    if path != place(kind, label.name, label.version):
        raise PackRefused(PackFault.OTHER_ROLE, "a file that lies where another belongs")
    return Listed(path, label, target, start)


class _Fetching(FetcherInterface):
    """Metadata from a source, in memory."""

    def __init__(self, source: PackSource) -> None:
        self._source = source

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """See the library's. Faults of the link pass through as they are."""
        try:
            return self._source.fetch("metadata/" + url.removeprefix(_BASE), max_length)
        except PackRefused as refused:
            if refused.fault is PackFault.MISSING:
                raise tuf.DownloadHTTPError("not there", 404) from None
            if refused.fault is PackFault.OVERSIZED:
                raise tuf.DownloadLengthMismatchError("longer than it may be") from None
            raise

    def _fetch(self, url: str) -> Any:
        yield self.download_bytes(url, ROOT_LIMIT)


_FAULTS: tuple[tuple[type[Exception], PackFault, str], ...] = (
    (tuf.ExpiredMetadataError, PackFault.FREEZE, "what headquarters says has run out: newer metadata are held back"),
    (tuf.BadVersionNumberError, PackFault.ROLLBACK, "older metadata than were trusted before"),
    (tuf.UnsignedMetadataError, PackFault.UNSIGNED, "not signed by enough of the keys that may"),
    (tuf.LengthOrHashMismatchError, PackFault.ALTERED, "metadata of another length or hash"),
    (tuf.DownloadLengthMismatchError, PackFault.OVERSIZED, "metadata longer than they may be"),
    (tuf.DownloadError, PackFault.MISSING, "metadata are not there"),
)


def _refusal(error: Exception) -> PackRefused:
    for kind, fault, detail in _FAULTS:
        if isinstance(error, kind):
            return PackRefused(fault, detail)
    return PackRefused(PackFault.MALFORMED, "metadata cannot be read")
