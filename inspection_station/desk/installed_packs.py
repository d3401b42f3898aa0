"""Installed packs in use: control lists into the search, certificates into chip checks, as soon as they are installed.

Looked at before each search and each document, which costs one look at one file while nothing changed. A pack that
cannot be used keeps the others from nothing; what it would have answered is «not checked».
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from inspection_station.desk.installed_roster import require_roster
from inspection_station.desk.list_search import ListSearch
from inspection_station.documents.emrtd.errors import ChipFault
from inspection_station.documents.emrtd.trust_files import SUFFIXES, TrustFile, assemble, parse_file
from inspection_station.documents.emrtd.trust_store import TrustSource, TrustStore
from inspection_station.headquarters.packs import PackAge, PackKind, PackLabel, PackRefused, PackShelf
from inspection_station.headquarters.packs_mission import require_mission
from inspection_station.headquarters.packs_release import require_release
from inspection_station.headquarters.packs_update import Check
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.matching.clearance_list import require_clearance
from inspection_station.matching.face_parts import require_group, require_history
from inspection_station.matching.manifest import manifest_of, require_manifest
from inspection_station.matching.permits import require_permits, require_rules
from inspection_station.matching.watchlist_lists import ControlList, MalformedList, load_lists
from inspection_station.matching.watchlist_parts import lists_of, require_lists

log = logging.getLogger(__name__)

_FILES = frozenset({".toml", ".json"})


class UnusableTrust(ValueError):
    """A pack of certificates that holds none, or one that cannot be read."""


def require_trust(content: Mapping[str, bytes]) -> None:
    """Raises UnusableTrust."""
    files = _trust_files(content)
    if not files or any(file.fault is not None for file in files):
        raise UnusableTrust("a file that is no certificate, revocation list, master list or defect list")


CHECKS: Mapping[PackKind, Check] = {
    PackKind.APPLICATION: require_release,
    PackKind.CONTROL_LIST: require_lists,
    PackKind.FACE_GROUP: require_group,
    PackKind.HISTORY_PHOTOGRAPHS: require_history,
    PackKind.MANIFEST: require_manifest,
    PackKind.MISSION: require_mission,
    PackKind.PERMITS: require_permits,
    PackKind.ROSTER: require_roster,
    PackKind.RULES: require_rules,
    PackKind.TRUST_ANCHORS: require_trust,
    PackKind.WHITELIST: require_clearance,
}
"""What a content must pass before it takes the place of the one that is installed."""


class InstalledLists:
    """Keeps ``search`` at the control lists and manifests that are installed.

    ``own``: lists that came another way, searched too. ``expected``: names of packs or lists that must be at hand; what
    is not is named as not consulted.
    """

    def __init__(
        self,
        vault: PackShelf,
        search: ListSearch,
        own: Sequence[ControlList] = (),
        expected: Sequence[str] = (),
    ) -> None:
        self._vault, self._search = vault, search
        self._own, self._expected = tuple(own), tuple(expected)
        self._seen: tuple[PackLabel, ...] | None = None
        self._kept: dict[PackLabel, tuple[ControlList, ...]] = {}
        self._lock = Lock()

    def look(self) -> None:
        """Take what is installed now; where nothing changed, nothing is done. Raises nothing of a pack's."""
        with self._lock:
            try:
                labels = self._vault.labels(PackKind.CONTROL_LIST) + self._vault.labels(PackKind.MANIFEST)
            except (PackRefused, OSError) as fault:
                log.error("the installed packs cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
                if self._seen is None:
                    self._seen = ()
                    self._search.replace(self._own, ("control lists", *self._expected))
                return
            if labels != self._seen:
                self._take(labels)
                self._seen = labels

    def _take(self, labels: tuple[PackLabel, ...]) -> None:
        found: dict[str, ControlList] = {one.list_id: one for one in self._own}
        until: dict[str, datetime] = {}
        missing: list[str] = []
        kept: dict[PackLabel, tuple[ControlList, ...]] = {}
        for label in labels:
            try:
                kept[label] = self._kept[label] if label in self._kept else self._read(label)
            except (PackRefused, MalformedList, OSError) as fault:
                log.error("a list's pack cannot be used", extra={"code": getattr(fault, "code", "PCK-01")})
                missing.append(label.name)
                continue
            for one in kept[label]:
                before = found.get(one.list_id)
                if before is None or one.issued_at >= before.issued_at:
                    found[one.list_id], until[one.list_id] = one, label.valid_until
        at_hand = {label.name for label in kept} | found.keys()
        missing += [name for name in self._expected if name not in at_hand and name not in missing]
        self._kept = kept
        self._search.replace(tuple(found.values()), missing, until)

    def _read(self, label: PackLabel) -> tuple[ControlList, ...]:
        content = self._vault.content(label)
        found = manifest_of(content).lists() if label.kind is PackKind.MANIFEST else lists_of(content)
        return tuple(
            replace(
                one,
                version=f"{one.version} · {label.name} {label.version}",
                stale_after=max(min(one.stale_after, label.stale_after), one.issued_at),
            )
            for one in found
        )


def open_lists(vault: PackVault, search: ListSearch, folder: Path, names: Sequence[str]) -> InstalledLists:
    """The lists that a profile names: ``….toml`` and ``….json`` are files in ``folder``, anything else a pack or list
    that must be at hand. A file that cannot be read is named as not consulted.
    """
    found: list[ControlList] = []
    expected = [name for name in names if Path(name).suffix not in _FILES]
    for name in names:
        if Path(name).suffix not in _FILES:
            continue
        try:
            found.extend(load_lists((folder / name).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, MalformedList) as fault:
            log.error("a control list cannot be used: %s", type(fault).__name__, extra={"list_file": name})
            expected.append(Path(name).stem)
    return InstalledLists(vault, search, found, expected)


class InstalledTrust:
    """Implements ``trust_store.TrustSource``: the installed packs of certificates, else what ``otherwise`` gives.

    A pack whose validity has ended is not used: its signers are «not verified» until a newer one is there.
    """

    def __init__(self, vault: PackVault, otherwise: TrustSource, now: Callable[[], datetime]) -> None:
        self._vault, self._otherwise, self._now = vault, otherwise, now
        self._seen: tuple[PackLabel, ...] = ()
        self._store = TrustStore()
        self._lock = Lock()

    def current(self) -> TrustStore:
        """The store as it stands now."""
        with self._lock:
            try:
                installed = self._vault.labels(PackKind.TRUST_ANCHORS)
                labels = tuple(label for label in installed if label.age(self._now()) is not PackAge.RED)
                if labels and labels != self._seen:
                    files = [file for label in labels for file in _trust_files(self._vault.content(label))]
                    self._store, self._seen = assemble(files), labels
            except (PackRefused, OSError) as fault:
                log.error("a pack of certificates cannot be used", extra={"code": getattr(fault, "code", "PCK-01")})
                return self._store if self._seen else self._otherwise.current()
            if not installed:
                return self._otherwise.current()
            return self._store if labels else TrustStore()


def _trust_files(content: Mapping[str, bytes]) -> list[TrustFile]:
    files = []
    for name in sorted(content):
        if not name.lower().endswith(tuple(SUFFIXES)):
            files.append(TrustFile(name, fault="not a kind of file that is used"))
            continue
        try:
            files.append(parse_file(name, content[name]))
        except ChipFault as fault:
            files.append(TrustFile(name, fault=fault.detail))
    return files
