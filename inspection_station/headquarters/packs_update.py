"""Bringing a station's packs up to date from a source: which files are needed, fetched, verified, installed.

A pack comes by its chain of deltas where that starts at what is installed and is shorter than the snapshot, else whole.
One pack that is refused keeps the others from nothing, and never takes the place of a good one.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tuf.api.exceptions import LengthOrHashMismatchError

from inspection_station.headquarters.packs import PackAge, PackFault, PackKind, PackLabel, PackRefused
from inspection_station.headquarters.packs_body import PACKED_LIMIT, Content, read_delta, read_snapshot
from inspection_station.headquarters.packs_source import PackSource
from inspection_station.headquarters.packs_trust import Listed, refreshed
from inspection_station.headquarters.packs_vault import PackVault

log = logging.getLogger(__name__)

Check = Callable[[Content], None]
"""Raises ValueError for a content that the station could not use."""


@dataclass(slots=True)
class PackReport:
    """What an update came to. ``refused``: kind and name («*» for a whole kind), and why."""

    installed: list[PackLabel] = field(default_factory=list)
    withdrawn: list[tuple[PackKind, str]] = field(default_factory=list)
    unchanged: int = 0
    fetched_bytes: int = 0
    refused: list[tuple[PackKind, str, PackRefused]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything on the station is another than before."""
        return bool(self.installed or self.withdrawn)


def update_packs(
    vault: PackVault,
    source: PackSource,
    work: Path,
    now: datetime,
    checks: Mapping[PackKind, Check] | None = None,
) -> PackReport:
    """Install what ``source`` has and the station lacks. Deltas and snapshots are verified in memory.

    Raises PackRefused when the metadata as a whole are refused; LinkFault, PacksInterrupted (call again: what was
    installed stays), VaultBusy, OSError.
    """
    catalogue = refreshed(source, vault.state().trusted, work, vault.trust)
    run = _Update(vault, source, now, checks or {})
    for kind, refusal in catalogue.refused.items():
        run.refuse(kind, "*", refusal)
    for kind, listed in catalogue.listed.items():
        run.bring(kind, listed)
    return run.report


class _Update:
    def __init__(self, vault: PackVault, source: PackSource, now: datetime, checks: Mapping[PackKind, Check]) -> None:
        self._vault, self._source, self._now, self._checks = vault, source, now, checks
        self.report = PackReport()

    def refuse(self, kind: PackKind, name: str, refusal: PackRefused) -> None:
        log.error("a pack is refused", extra={"code": refusal.code, "kind": kind.value, "fault": refusal.fault.value})
        self.report.refused.append((kind, name, refusal))

    def bring(self, kind: PackKind, listed: tuple[Listed, ...]) -> None:
        """Every pack of a kind: what is listed is brought, what is no longer listed is withdrawn."""
        newest: dict[str, Listed] = {}
        for one in listed:
            if one.base is None and (
                one.label.name not in newest or one.label.version > newest[one.label.name].label.version
            ):
                newest[one.label.name] = one
        for name in sorted(newest):
            try:
                self._bring(newest[name], [one for one in listed if one.label.name == name and one.base is not None])
            except PackRefused as refusal:
                self.refuse(kind, name, refusal)
        for label in self._vault.labels(kind):
            if label.name not in newest and self._vault.withdraw(kind, label.name):
                self.report.withdrawn.append((kind, label.name))

    def _bring(self, wanted: Listed, deltas: list[Listed]) -> None:
        label = wanted.label
        state = self._vault.state()
        before = state.packs.get((label.kind, label.name))
        if before is not None and before.label == label:
            self.report.unchanged += 1
            return
        if label.version < state.floors.get((label.kind, label.name), 0):
            raise PackRefused(PackFault.ROLLBACK, "an older version than was installed before")
        if label.age(self._now) is PackAge.RED:
            raise PackRefused(PackFault.FREEZE, "its validity has ended, or it is issued in the future")
        content = self._by_deltas(wanted, deltas, None if before is None else before.label)
        if content is None:
            data = self._fetched(wanted)
            content = read_snapshot(data, label.kind, label.name, label.version, label.digest)
        self._require_usable(label.kind, content)
        self._vault.install(label, content)
        self.report.installed.append(label)
        log.info("a pack was installed", extra={"kind": label.kind.value, "version": label.version})

    def _by_deltas(self, wanted: Listed, deltas: list[Listed], before: PackLabel | None) -> dict[str, bytes] | None:
        """The content by the chain of deltas; None where there is none worth it. A chain that fails is refused, told,
        and the snapshot is taken instead.
        """
        if before is None:
            return None
        chain = _chain(before, wanted, deltas)
        if chain is None or sum(one.target.length for one in chain) >= wanted.target.length:
            return None
        try:
            content, digest = self._vault.content(before), before.digest
            for one in chain:
                label = one.label
                data = self._fetched(one)
                content = read_delta(data, label.kind, label.name, label.version, content, digest, label.digest)
                digest = label.digest
            return content
        except PackRefused as refusal:
            self.refuse(wanted.label.kind, wanted.label.name, refusal)
            return None

    def _fetched(self, listed: Listed) -> bytes:
        if listed.target.length > PACKED_LIMIT:
            raise PackRefused(PackFault.OVERSIZED, "more than a pack may hold")
        data = self._source.fetch(f"targets/{listed.path}", listed.target.length)
        self.report.fetched_bytes += len(data)
        if len(data) < listed.target.length:
            raise PackRefused(PackFault.TRUNCATED, "a pack's file ends too soon")
        try:
            listed.target.verify_length_and_hashes(io.BytesIO(data))
        except LengthOrHashMismatchError:
            raise PackRefused(PackFault.ALTERED, "a pack's file is not the one that was signed") from None
        return data

    def _require_usable(self, kind: PackKind, content: Content) -> None:
        check = self._checks.get(kind)
        if check is None:
            return
        try:
            check(content)
        except ValueError as error:
            detail = f"the station cannot use what it holds ({type(error).__name__})"
            raise PackRefused(PackFault.UNUSABLE, detail) from None


def _chain(before: PackLabel, wanted: Listed, deltas: list[Listed]) -> list[Listed] | None:
    """Deltas from what is installed to what is wanted, in order of versions; None where a link is missing."""
    found, digest = [], before.digest
    for one in sorted(deltas, key=lambda delta: delta.label.version):
        if before.version < one.label.version <= wanted.label.version:
            if one.base != digest:
                return None
            found.append(one)
            digest = one.label.digest
    return found if found and digest == wanted.label.digest else None
