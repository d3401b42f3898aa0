"""Permits and the voyage's manifest in use: asked with the lists, by the document's number, else by name and birth.

What cannot be used is «not checked», never «none»: a list whose validity has ended, one that cannot be read, and, where
nobody is found, any list that is missing beside those that were searched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Generic, TypeVar

from inspection_station.desk.desk_settings import TAIPEI
from inspection_station.desk.ports import ListSearcher
from inspection_station.headquarters.packs import PackAge, PackKind, PackLabel, PackRefused, PackShelf
from inspection_station.headquarters.packs_mission import MissionPack
from inspection_station.inspection.document import MachineReadableZone
from inspection_station.inspection.papers import Announced, ManifestAnswer, PermitAnswer, PermitStatus
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit, WatchlistResult
from inspection_station.matching.manifest import Manifest, manifest_of
from inspection_station.matching.permits import (
    PermitList,
    PermitRules,
    merged_needs,
    permits_of,
    rules_of,
    shipped_rules,
)
from inspection_station.matching.watchlist_lists import ControlList, MalformedList
from inspection_station.matching.watchlist_search import WatchlistSearch

log = logging.getLogger(__name__)

_Form = TypeVar("_Form")
_MOST_DOUBT = (PersonClass.FOREIGNER, PersonClass.MAINLAND, PersonClass.HONG_KONG_MACAO)
"""Of whom a permit may be asked where the rules that say so cannot be read."""


@dataclass(frozen=True, slots=True)
class _Installed(Generic[_Form]):
    """A pack as it is used. ``form`` None: it cannot be read."""

    label: PackLabel
    form: _Form | None
    index: WatchlistSearch | None = None

    def usable(self, now: datetime) -> bool:
        return self.form is not None and self.label.age(now) is not PackAge.RED


@dataclass(frozen=True, slots=True)
class _AtHand:
    permits: tuple[_Installed[PermitList], ...] = ()
    manifests: tuple[_Installed[Manifest], ...] = ()
    rules: tuple[_Installed[PermitRules], ...] = ()
    unreadable: bool = False


class InstalledPapers:
    """Implements ``ports.ListSearcher``: what ``lists`` finds, and what is installed of permits and manifests.

    ``mission``: the mission under way, None where there is none. Thread-safe.
    """

    def __init__(
        self, lists: ListSearcher, vault: PackShelf, mission: Callable[[], MissionPack | None] = lambda: None
    ) -> None:
        self._lists, self._vault, self._mission = lists, vault, mission
        self._seen: tuple[PackLabel, ...] | None = None
        self._at_hand = _AtHand()
        self._lock = Lock()

    def search(self, mrz: MachineReadableZone, now: datetime) -> WatchlistResult:
        """As the port, with ``permit`` and ``manifest``."""
        result = self._lists.search(mrz, now)
        here = self.look()
        return replace(result, permit=_permit(here, mrz, now), manifest=_manifest(here, self._mission(), mrz, now))

    def lists(self, now: datetime) -> Sequence[tuple[ListConsulted, float]]:
        """The lists at hand; papers are no control lists."""
        return self._lists.lists(now)

    def look(self) -> _AtHand:
        """Take what is installed now; where nothing changed, that costs one look. Raises nothing of a pack's."""
        with self._lock:
            try:
                kinds = (PackKind.PERMITS, PackKind.MANIFEST, PackKind.RULES)
                labels = tuple(label for kind in kinds for label in self._vault.labels(kind))
                if labels != self._seen:
                    self._at_hand, self._seen = self._taken(labels), labels
            except (PackRefused, OSError) as fault:
                log.error("the installed packs cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
                self._at_hand, self._seen = replace(self._at_hand, unreadable=True), None
            return self._at_hand

    def _taken(self, labels: Sequence[PackLabel]) -> _AtHand:
        old = self._at_hand
        return _AtHand(
            self._forms(old.permits, labels, PackKind.PERMITS, permits_of, lambda form: form.holders),
            self._forms(old.manifests, labels, PackKind.MANIFEST, manifest_of, _everybody),
            self._forms(old.rules, labels, PackKind.RULES, _rules, lambda form: None),
        )

    def _forms(
        self,
        before: Sequence[_Installed[_Form]],
        labels: Sequence[PackLabel],
        kind: PackKind,
        read: Callable[[Mapping[str, bytes]], _Form],
        holders: Callable[[_Form], ControlList | None],
    ) -> tuple[_Installed[_Form], ...]:
        """Packs of a kind; what was read before is not read again."""
        kept = {one.label: one for one in before if one.form is not None}
        found = []
        for label in labels:
            if label.kind is not kind:
                continue
            if label not in kept:
                form = self._read(label, read)
                listed = holders(form) if form is not None else None
                kept[label] = _Installed(label, form, WatchlistSearch([listed]) if listed is not None else None)
            found.append(kept[label])
        return tuple(found)

    def _read(self, label: PackLabel, read: Callable[[Mapping[str, bytes]], _Form]) -> _Form | None:
        try:
            return read(self._vault.content(label))
        except (PackRefused, MalformedList, OSError) as fault:
            log.error("a pack of papers cannot be used", extra={"code": getattr(fault, "code", "PCK-01")})
            return None


@dataclass(frozen=True, slots=True)
class _Found(Generic[_Form]):
    """An entry that is the traveller's, and the identifiers in which it is not."""

    installed: _Installed[_Form]
    entry_id: str
    differing: tuple[str, ...]


def _permit(here: _AtHand, mrz: MachineReadableZone, now: datetime) -> PermitAnswer:
    needed_by = _needed_by(here.rules, mrz.nationality, now)
    found = list(_entries(here.permits, mrz, now))
    away = here.unreadable or not here.permits or not all(one.usable(now) for one in here.permits)
    if not found:
        status = PermitStatus.NOT_CHECKED if away else PermitStatus.NONE
        labels = [one.label for one in here.permits if one.usable(now)]
        return PermitAnswer(
            status, needed_by, ", ".join(map(_version, labels)), stale=any(_amber(one, now) for one in labels)
        )
    today = now.astimezone(TAIPEI).date()
    judged = [(one, form.terms[one.entry_id]) for one in found if (form := one.installed.form) is not None]
    best, terms = max(
        judged,
        key=lambda pair: (
            pair[1].status(today) is PermitStatus.VALID,
            -len(pair[0].differing),
            pair[1].valid_until,
            pair[0].installed.label.issued_at,
        ),
    )
    label = best.installed.label
    return PermitAnswer(
        terms.status(today),
        needed_by,
        _version(label),
        _iso(label.issued_at),
        _amber(label, now) or (best.installed.form is not None and best.installed.form.holders.stale(now)),
        best.entry_id,
        terms.kind,
        terms.valid_until.isoformat(),
        best.differing,
    )


def _needed_by(rules: Sequence[_Installed[PermitRules]], nationality: str, now: datetime) -> tuple[PersonClass, ...]:
    """Rules that may be used stand in place of those shipped. Others spare nobody: they only ask of more."""
    if any(one.form is None for one in rules):
        return _MOST_DOUBT
    usable = [one.form for one in rules if one.form is not None and one.usable(now)]
    if usable and len(usable) == len(rules):
        return merged_needs(usable).needed_by(nationality)
    every = [one.form for one in rules if one.form is not None]
    return merged_needs([shipped_rules(), *every]).needed_by(nationality)


def _manifest(
    here: _AtHand, mission: MissionPack | None, mrz: MachineReadableZone, now: datetime
) -> ManifestAnswer | None:
    """Of the voyage under way; where no mission is, of whatever manifest may be used."""
    if mission is None:
        asked = [one for one in here.manifests if one.usable(now)]
        awaited = False
    else:
        voyage = mission.voyage.casefold()
        asked = [one for one in here.manifests if one.form is not None and one.form.voyage.casefold() == voyage]
        awaited = any(one.kind is PackKind.MANIFEST for one in mission.packs)
    if not asked:
        return ManifestAnswer(Announced.NOT_CHECKED, mission.voyage) if mission is not None and awaited else None
    for one in sorted(_entries(asked, mrz, now), key=lambda one: len(one.differing)):
        form, label = one.installed.form, one.installed.label
        if form is not None:
            outcome = next(
                (how for how, people in form.travellers.items() if any(who.entry_id == one.entry_id for who in people)),
                None,
            )
            return ManifestAnswer(
                Announced.YES,
                form.voyage,
                _version(label),
                _iso(label.issued_at),
                _amber(label, now),
                one.entry_id,
                outcome.value if outcome is not None else "",
                one.differing,
            )
    newest = max(asked, key=lambda one: one.label.issued_at)
    voyage = newest.form.voyage if newest.form is not None else ""
    usable = all(one.usable(now) for one in asked) and not here.unreadable
    return ManifestAnswer(
        Announced.NO if usable else Announced.NOT_CHECKED,
        voyage,
        _version(newest.label),
        _iso(newest.label.issued_at),
        _amber(newest.label, now),
    )


def _entries(installed: Sequence[_Installed[_Form]], mrz: MachineReadableZone, now: datetime) -> list[_Found[_Form]]:
    """Whose papers these are: an entry of the document's number, or of the same name and day of birth."""
    found = []
    for one in installed:
        if one.index is None or not one.usable(now):
            continue
        for hit in one.index.search(mrz, now).hits:
            differing = _differing(hit)
            if differing is not None:
                found.append(_Found(one, hit.entry_id, differing))
    return found


def _differing(hit: WatchlistHit) -> tuple[str, ...] | None:
    """None where the entry is somebody else's."""
    known = set(hit.matching)
    if "document_number" in known and "issuing_state" not in hit.differing:
        return hit.differing
    same_person = "date_of_birth" in known and known & {"name", "name_alike", "personal_number"}
    if same_person or ("document_number_alike" in known and "issuing_state" not in hit.differing):
        return tuple(dict.fromkeys(("document_number", *hit.differing)))
    return None


def _everybody(manifest: Manifest) -> ControlList:
    travellers = tuple(one for people in manifest.travellers.values() for one in people)
    return ControlList(
        manifest.voyage, ListKind.ALERT, manifest.version, manifest.issued_at, manifest.stale_after, travellers
    )


def _rules(parts: Mapping[str, bytes]) -> PermitRules:
    found = rules_of(parts)
    if found is None:
        raise MalformedList("rules", "no part that a station reads")
    return found


def _amber(label: PackLabel, now: datetime) -> bool:
    return label.age(now) is PackAge.AMBER


def _version(label: PackLabel) -> str:
    return f"{label.name} {label.version}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
