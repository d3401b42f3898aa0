"""Who was inspected before landing: from the whitelist of the voyage, and from this station's own records of it.

Of two answers the later decision counts, of two about one decision the stricter; who has landed here has landed. A list
that may no longer be used, and no list at all, is «not checked»; a clearance of this station's own stands as long as a
whitelist of its making would.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

from inspection_station.desk.own_clearances import OWN, OwnClearances, Records, Said
from inspection_station.desk.ports import ClearanceAnswer, StepFault
from inspection_station.headquarters.packs import PackAge, PackKind, PackLabel, PackRefused
from inspection_station.headquarters.packs_mission import mission_now, missions_on
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.inspection.clearance import ClearanceResult, ClearanceStatus
from inspection_station.matching.clearance_list import ClearedDocument, MalformedClearance, clearance_of, portraits_of
from inspection_station.matching.gallery_pack import PackRefused as PortraitsRefused
from inspection_station.matching.portrait_pack import (
    PortraitPack,
    document_key,
    open_portraits,
    portraits_file,
    write_portraits,
)

log = logging.getLogger(__name__)

ALBUM: Final = "cleared"
_BY_NUMBER: Final = "document number"


def names_of_voyage(vault: PackVault, scenario: str, now: datetime) -> frozenset[str]:
    """What the voyage under way is called: its own name and every mission of it that is at hand; nothing where no
    mission is under way, so that nobody is taken for cleared who was so on another voyage.
    """
    try:
        missions = missions_on(vault)
    except (PackRefused, OSError) as fault:
        log.error("the missions cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
        return frozenset()
    running = mission_now(missions, scenario, now)
    if running is None:
        return frozenset()
    voyage = running[1].voyage
    return frozenset({voyage, *(one.mission.mission_id for _, one in missions if one.voyage == voyage)})


@dataclass(frozen=True, slots=True)
class _Listed:
    """A whitelist without its portraits, which stay on the disk."""

    label: PackLabel
    mission: str
    documents: tuple[ClearedDocument, ...]


class ClearanceLists:
    """Implements ``ports.Clearances``. Thread-safe. ``names``: what the voyage under way is called.

    ``folder`` takes the portraits of the whitelist, sealed under ``key``. ``stopped``: inspections of which
    headquarters found a hit after the decision; they clear nobody, whatever a list says that was made before.
    """

    def __init__(
        self,
        vault: PackVault,
        records: Records,
        names: Callable[[], frozenset[str]],
        folder: Path,
        key: bytes,
        stopped: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._vault = vault
        self._own = OwnClearances(records)
        self._names, self._stopped = names, stopped
        self._folder, self._key = folder, key
        self._lock = Lock()
        self._seen: tuple[PackLabel, ...] = ()
        self._at_hand: tuple[_Listed, ...] = ()
        self._unreadable = False

    def check(self, document_number: str, issuing_state: str, now: datetime, *, with_portrait: bool) -> ClearanceAnswer:
        """Raises StepFault: PRE-03 without a number, PRE-04 without a list, PRE-05 where its validity has ended."""
        key = document_key(document_number)
        if key == "-":
            raise StepFault("PRE-03", "no document number")
        names = self._names()
        if not names:
            raise StepFault("PRE-04", "no voyage is under way")
        with self._lock:
            self._look()
            self._own.look(names)
            landed = self._own.landed(key, issuing_state)
            lists = [one for one in self._at_hand if one.mission in names]
            usable = [one for one in lists if one.label.age(now) is not PackAge.RED]
            said = [*self._in_lists(lists, key, issuing_state, now), *self._own.said(key, issuing_state, now)]
            unreadable = self._unreadable
            own, lapsed = self._own.any_cleared(now), self._own.lapsed(key, issuing_state, now)
        if landed is not None:
            return ClearanceAnswer(ClearanceResult(ClearanceStatus.ALREADY_LANDED, OWN, landed, _BY_NUMBER))
        if said:
            newest = max(said, key=lambda one: (one.entry.decided_at, one.entry.outcome is not ClearanceStatus.CLEARED))
            status = newest.entry.outcome
            if status is ClearanceStatus.CLEARED and newest.entry.inspection_id in self._stopped():
                status = ClearanceStatus.HELD
            result = ClearanceResult(
                status,
                newest.version,
                newest.entry.inspection_id,
                _BY_NUMBER,
                stale=newest.stale,
            )
            if unreadable and result.status is ClearanceStatus.CLEARED:
                raise StepFault("PRE-05", "a whitelist cannot be read")  # it may say that somebody is held
            return ClearanceAnswer(result, newest.portrait() if with_portrait else None)
        if lapsed or unreadable or (lists and not usable):
            raise StepFault("PRE-05", "its validity has ended, or it cannot be read")
        if not usable and not own:
            raise StepFault("PRE-04", "no whitelist of this voyage")
        version = ", ".join(_version(one) for one in usable) or OWN
        stale = any(one.label.age(now) is PackAge.AMBER for one in usable)
        return ClearanceAnswer(ClearanceResult(ClearanceStatus.NOT_ON_LIST, version, stale=stale))

    def _look(self) -> None:
        try:
            labels = self._vault.labels(PackKind.WHITELIST)
        except (PackRefused, OSError) as fault:
            log.error("the installed whitelists cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
            self._seen, self._at_hand, self._unreadable = (), (), True
            return
        if labels == self._seen and not self._unreadable:
            return
        before = {one.label: one for one in self._at_hand}
        found = [before.get(label) or self._taken(label) for label in labels]
        self._seen, self._at_hand = labels, tuple(one for one in found if one is not None)
        self._unreadable = None in found

    def _taken(self, label: PackLabel) -> _Listed | None:
        """The list of a pack; its portraits are sealed anew, where one can be opened without the others."""
        try:
            parts = self._vault.content(label)
            cleared = clearance_of(parts)
            write_portraits(
                portraits_file(self._folder, f"{ALBUM}-{label.name}"),
                self._key,
                name=_album(label),
                version=label.version,
                made_at=label.issued_at,
                expires_at=label.valid_until,
                pictures=portraits_of(parts),
            )
        except (PackRefused, MalformedClearance, OSError, ValueError) as fault:
            log.error("a whitelist cannot be used: %s", type(fault).__name__)
            return None
        return _Listed(label, cleared.mission, cleared.documents)

    def _in_lists(self, lists: Sequence[_Listed], key: str, issuing_state: str, now: datetime) -> list[Said]:
        """A list whose validity has ended clears nobody; whom it stops, it stops."""
        found = [(listed, one) for listed in lists for one in listed.documents if one.fits(key, issuing_state)]
        return [
            Said(one, _version(listed), age is not PackAge.GREEN, self._portrait(listed.label, one))
            for listed, one in found
            if (age := listed.label.age(now)) is not PackAge.RED or one.outcome is not ClearanceStatus.CLEARED
        ]

    def _portrait(self, label: PackLabel, entry: ClearedDocument) -> Callable[[], bytes | None]:
        def opened() -> bytes | None:
            path = portraits_file(self._folder, f"{ALBUM}-{label.name}")
            try:
                album: PortraitPack = open_portraits(path, self._key, name=_album(label), now=label.issued_at)
                return album.picture(entry.identifier)
            except (PortraitsRefused, OSError) as fault:
                log.error("a portrait of the pre-clearance cannot be opened: %s", type(fault).__name__)
                return None

        return opened


def _version(listed: _Listed) -> str:
    return f"{listed.label.name} {listed.label.version}"


def _album(label: PackLabel) -> str:
    """The content's digest stands in it: portraits of another version are never shown."""
    return f"{label.name} {label.digest.hex()[:16]}"
