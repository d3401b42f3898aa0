"""What a face is held against beside the chip's portrait: groups on the station, and history photographs by number.

Opened in the matching pool while the station starts, so that no screen waits for it; a search that comes earlier waits
in the pool. What cannot be opened is named with its reason and shown as not checked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillOpening
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from inspection_station.desk.ports import GroupsAnswer, StepFault
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    FaceCandidate,
    FaceProbe,
    FaceSearchResult,
    GroupNotSearched,
    GroupSearched,
    GroupUse,
)
from inspection_station.matching.face import DlibFaceMatcher
from inspection_station.matching.face_groups import GroupPolicy
from inspection_station.matching.face_installation import FaceScale
from inspection_station.matching.gallery import GroupAnswer
from inspection_station.matching.gallery_loading import GalleryLoaded, load_gallery
from inspection_station.matching.gallery_pack import PackRefused
from inspection_station.matching.pictures import UnusablePicture, decode_picture
from inspection_station.matching.portrait_pack import (
    PortraitPack,
    document_key,
    history_file,
    open_portraits,
    portraits_file,
)
from inspection_station.matching.ports import FaceModelMissing, FaceRejected, FaceTemplate
from inspection_station.matching.thresholds import ThresholdStatus

log = logging.getLogger(__name__)

HISTORY = "history"
_OPENING_SECONDS = 60.0
_ORDER = (GroupUse.ALERT, GroupUse.PROMPT, GroupUse.WHITELIST)


@dataclass(frozen=True, slots=True)
class Opened:
    """What lies on the station. ``history_fault``: why there are no history photographs, "" where there are."""

    groups: GalleryLoaded
    portraits: Mapping[str, PortraitPack] = field(default_factory=dict)
    history: PortraitPack | None = None
    history_fault: str = ""


def open_references(
    folder: Path, key: bytes, scale: FaceScale, policies: Mapping[str, GroupPolicy], now: datetime
) -> Opened:
    """Open every pack below ``folder``. Raises nothing of theirs."""
    loaded = load_gallery(folder, key, scale, policies, now)
    portraits: dict[str, PortraitPack] = {}
    for group in loaded.gallery.groups:
        group_id = group.policy.group_id
        pack = _portraits(portraits_file(folder, group_id), key, group_id, now)
        if isinstance(pack, PortraitPack):
            portraits[group_id] = pack
    history = _portraits(history_file(folder), key, HISTORY, now)
    for group_id, reason in loaded.not_loaded:
        if reason != "absent":
            log.error("a face group is not used", extra={"group": group_id, "reason": reason})
    log.info(
        "face groups opened",
        extra={group.policy.group_id: {"version": group.version, "rows": len(group)} for group in loaded.gallery.groups}
        | {"history": len(history) if isinstance(history, PortraitPack) else history},
    )
    if isinstance(history, PortraitPack):
        return Opened(loaded, portraits, history)
    return Opened(loaded, portraits, None, history)


def _portraits(path: Path, key: bytes, name: str, now: datetime) -> PortraitPack | str:
    if not path.is_file():
        return "absent"
    try:
        return open_portraits(path, key, name=name, now=now)
    except PackRefused as refused:
        log.error("photographs are not used", extra={"pack": name, "reason": refused.code.value})
        return refused.code.value
    except OSError as fault:
        log.error("photographs are not used", extra={"pack": name, "reason": type(fault).__name__})
        return "unreadable"


class FaceReferences:
    """Implements ``ports.FaceGroups`` and ``ports.HistoryPhotographs``. Thread-safe."""

    def __init__(
        self, matcher: DlibFaceMatcher, scale: FaceScale, policies: Mapping[str, GroupPolicy], opening: Future[Opened]
    ) -> None:
        self._matcher = matcher
        self._scale = scale
        self._policies = policies
        self._opening = opening

    def reopen(self, opening: Future[Opened]) -> None:
        """Search what ``opening`` gives from now on: packs have arrived."""
        self._opening = opening

    def search(self, picture: bytes, template: object | None, probe: FaceProbe, now: datetime) -> GroupsAnswer:
        """Raises StepFault: GRP-01 while nothing could be opened, GRP-02 for a picture without a usable face."""
        opened = self._opened("GRP-01")
        thresholds = self._scale.thresholds
        if thresholds.status is ThresholdStatus.NONE:  # nobody could ever reach a bound: that is not a search
            raise StepFault("GRP-01", "nothing was measured with this face model")
        found = opened.groups.gallery.search(self._template(picture, template), now)
        at_hand = {answer.group_id for answer in found.answers}
        away = {**dict(opened.groups.not_loaded), **dict(found.not_searched)}
        away = {group_id: reason for group_id, reason in away.items() if group_id not in at_hand}
        kept_off = {policy.group_id for policy in self._policies.values() if not policy.offline} - at_hand - set(away)
        not_searched = [GroupNotSearched(group_id, reason) for group_id, reason in away.items()]
        not_searched += [GroupNotSearched(one, HEADQUARTERS_ONLY) for one in self._policies if one in kept_off]
        expiries = {group.policy.group_id: group.expires_at for group in opened.groups.gallery.groups}
        searched = tuple(
            GroupSearched(
                answer.group_id,
                answer.use,
                answer.version,
                answer.searched,
                round(answer.bound, 5),
                answer.bound_measured,
                expiries[answer.group_id].astimezone(UTC).isoformat() if answer.group_id in expiries else "",
                answer.margin,
            )
            for answer in found.answers
        )
        candidates = [one for answer in found.answers for one in _candidates(answer)]
        candidates.sort(key=lambda one: (_ORDER.index(one.use), one.rank, -one.score))
        result = FaceSearchResult(
            thresholds.model_id, probe, found.calibrated, searched, tuple(candidates), tuple(not_searched)
        )
        return GroupsAnswer(result, self._pictures(opened, candidates))

    def photograph(self, document_number: str, now: datetime) -> bytes | None:
        """The history photograph of a document, None where there is none. Raises StepFault (HIS-01)."""
        opened = self._opened("HIS-01")
        if opened.history is None:
            raise StepFault("HIS-01", opened.history_fault)
        if now >= opened.history.header.expires_at:
            raise StepFault("HIS-01", "expired")
        try:
            return opened.history.picture(document_key(document_number))
        except (PackRefused, OSError) as fault:
            raise StepFault("HIS-01", type(fault).__name__) from fault

    def _opened(self, code: str) -> Opened:
        try:
            return self._opening.result(_OPENING_SECONDS)
        except StillOpening:
            raise StepFault(code, "the packs are still being opened") from None
        except Exception as fault:
            log.error("face packs could not be opened: %s", type(fault).__name__, exc_info=fault)
            raise StepFault(code, type(fault).__name__) from fault

    def _template(self, picture: bytes, template: object | None) -> FaceTemplate:
        if isinstance(template, FaceTemplate):
            return template
        try:
            return self._matcher.template(decode_picture(picture))
        except FaceRejected as rejected:
            raise StepFault("GRP-02", rejected.prompt.value) from rejected
        except UnusablePicture as unusable:
            raise StepFault("GRP-02", unusable.detail) from unusable
        except FaceModelMissing as fault:
            raise StepFault("SYS-02", "face model") from fault

    @staticmethod
    def _pictures(opened: Opened, candidates: list[FaceCandidate]) -> dict[tuple[str, str], bytes]:
        found: dict[tuple[str, str], bytes] = {}
        for one in candidates:
            pack = opened.portraits.get(one.group_id)
            if pack is None:
                continue
            try:
                picture = pack.picture(one.reference_id)
            except (PackRefused, OSError) as fault:
                log.error("a candidate's photograph cannot be shown: %s", type(fault).__name__)
                continue
            if picture is not None:
                found[one.group_id, one.reference_id] = picture
        return found


def _candidates(answer: GroupAnswer) -> list[FaceCandidate]:
    found = []
    for place, one in enumerate(answer.candidates):
        if not one.above:
            break
        following = answer.candidates[place + 1].score if place + 1 < len(answer.candidates) else None
        margin = answer.margin if place == 0 else None if following is None else round(one.score - following, 5)
        found.append(FaceCandidate(answer.group_id, answer.use, one.subject, place + 1, one.score, margin, one.one_in))
    return found
