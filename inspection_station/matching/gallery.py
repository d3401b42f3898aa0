"""Groups of templates in memory, searched exactly, all at once (one to many).

No approximate index: it would lose a seventh of the best candidates, and one million templates are read in some 25 ms.
A group is added or removed while the station runs; a search works on the state it found when it began.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from inspection_station.matching.face_groups import GroupPolicy, GroupUse
from inspection_station.matching.gallery_pack import Pack, Subjects, subject_array
from inspection_station.matching.gallery_rows import Rows
from inspection_station.matching.ports import FaceTemplate, IncomparableTemplates, Vector
from inspection_station.matching.score_normalisation import Cohort, Spread
from inspection_station.matching.thresholds import FaceThresholds, ScoreScale

_SMALLEST_ROOM = 256


class GroupRefused(ValueError):
    """A group that policy does not let onto this station, or that is too large."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible person, for an officer to judge.

    ``score`` on the scale of the bounds (z with a cohort, else the cosine ``similarity``). ``one_in``: one stranger in
    so many reaches this score in a comparison one to one; None unless calibrated. In a group of N, N times as many do.
    """

    subject: str
    score: float
    similarity: float
    above: bool
    one_in: float | None


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """What one group gave. ``margin``: best score less the second person's; None with fewer than two persons.

    ``bound_measured``: the bound's false-match rate lies within what the calibration measured; where not, the group is
    too large for the calibration and false alarms are more frequent than the policy wants.
    """

    group_id: str
    use: GroupUse
    version: int
    searched: int
    bound: float
    bound_measured: bool
    candidates: tuple[Candidate, ...]
    margin: float | None

    @property
    def alarms(self) -> bool:
        """Whether somebody reaches the bound."""
        return any(candidate.above for candidate in self.candidates)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """All groups. ``not_searched``: group id → why (``expired``, ``absent``): shown as not consulted, never clean."""

    answers: tuple[GroupAnswer, ...]
    not_searched: tuple[tuple[str, str], ...]
    calibrated: bool


class GalleryGroup:
    """One group's templates. Thread-safe: one writer at a time, searches never wait."""

    def __init__(
        self, policy: GroupPolicy, model_id: str, version: int, expires_at: datetime, cohort: Cohort | None = None
    ) -> None:
        if cohort is not None and cohort.model_id != model_id:
            raise IncomparableTemplates("a group and a cohort of different models")
        self.policy = policy
        self.model_id = model_id
        self.version = version
        self.expires_at = expires_at
        self._cohort = cohort
        self._lock = threading.Lock()
        self._parts: tuple[Rows, ...] = ()
        self._open: Rows | None = None

    @classmethod
    def of_pack(
        cls, policy: GroupPolicy, pack: Pack, cohort: Cohort | None = None, *, offline_station: bool = True
    ) -> GalleryGroup:
        """The group of an opened pack, whose memory it takes over.

        ``offline_station``: refuse what may not lie on a station. Raises ``GroupRefused``, ``IncomparableTemplates``.
        """
        header = pack.header
        if header.group != policy.group_id:
            raise GroupRefused("the pack belongs to another group")
        if offline_station and not policy.offline:
            raise GroupRefused(f"group {policy.group_id} may not lie on a station")
        if header.rows > policy.largest:
            raise GroupRefused(f"group {policy.group_id} has {header.rows} templates, {policy.largest} are allowed")
        group = cls(policy, header.model_id, header.version, header.expires_at, cohort)
        known = pack.spread if cohort is not None and header.cohort_sha256 == cohort.digest else None
        group._take(pack.vectors, pack.subjects, known)
        return group

    def __len__(self) -> int:
        return sum(part.live for part in self._parts)

    def add(self, templates: Sequence[FaceTemplate], subjects: Sequence[str]) -> None:
        """Put templates in. Several of one subject are allowed; the best counts."""
        if len(templates) != len(subjects):
            raise ValueError("a template an identifier")
        if any(template.model_id != self.model_id for template in templates):
            raise IncomparableTemplates(f"templates of another model than {self.model_id}")
        if not templates:
            return
        if len(self) + len(templates) > self.policy.largest:
            raise GroupRefused(f"group {self.policy.group_id} is full at {self.policy.largest} templates")
        vectors = np.stack([template.vector for template in templates]).astype(np.float32)
        spread = self._cohort.spread(vectors) if self._cohort is not None else None
        wide = subject_array(subjects)
        with self._lock:
            room = self._open
            if room is None or room.free < len(templates):
                room = Rows.empty(max(_SMALLEST_ROOM, 2 * len(templates), len(self) // 8), vectors.shape[1])
                self._open = room
                self._parts = (*self._parts, room)
            room.append(vectors, wide, spread)

    def remove(self, subject: str) -> int:
        """Take a subject out at once: masked, and the templates overwritten. How many there were."""
        with self._lock:
            return sum(part.erase(subject.encode()) for part in self._parts)

    def close(self) -> None:
        """Overwrite every template and forget the group."""
        with self._lock:
            for part in self._parts:
                part.erase_all()
            self._parts, self._open = (), None

    def contents(self) -> tuple[Vector, Subjects, Spread | None]:
        """What is in it, for sealing: vectors, subjects, statistics (None without a cohort)."""
        with self._lock:
            if not self._parts:
                raise ValueError("an empty group")
            pieces = [part.contents() for part in self._parts]
        vectors = np.concatenate([vectors for vectors, _ in pieces])
        subjects = np.concatenate([subjects for _, subjects in pieces])
        return vectors, subjects, self._cohort.spread(vectors) if self._cohort is not None else None

    def best(self, probe: Vector, own: Spread | None, count: int) -> list[tuple[float, float, str]]:
        """(score, similarity, subject) of the ``count`` best rows, the best first."""
        found: list[tuple[float, float, str]] = []
        for part in self._parts:
            found.extend(part.best(probe, own, count))
        found.sort(key=lambda row: (-row[0], row[2]))
        return found[:count]

    def _take(self, vectors: Vector, subjects: Subjects, spread: Spread | None) -> None:
        if spread is None and self._cohort is not None and len(vectors):
            spread = self._cohort.spread(vectors)
        if len(vectors):
            self._parts = (*self._parts, Rows.taken(vectors, subjects, spread))


class FaceGallery:
    """The groups at hand, with one set of bounds and its cohort. Thread-safe."""

    def __init__(self, thresholds: FaceThresholds, cohort: Cohort | None = None) -> None:
        if (thresholds.scale is ScoreScale.NORMALISED) != (cohort is not None):
            raise ValueError("bounds of z need their cohort, and bounds of cosines none")
        self._thresholds = thresholds
        self._cohort = cohort
        self._groups: dict[str, GalleryGroup] = {}
        self._lock = threading.Lock()

    def put(self, group: GalleryGroup) -> None:
        """Add a group, or put it in place of the one with its id. Raises ``IncomparableTemplates``."""
        if group.model_id != self._thresholds.model_id:
            raise IncomparableTemplates("a group of another model than the bounds")
        with self._lock:
            self._groups = {**self._groups, group.policy.group_id: group}

    def drop(self, group_id: str) -> bool:
        """Remove a group; whether it was there."""
        with self._lock:
            left = dict(self._groups)
            gone = left.pop(group_id, None)
            self._groups = left
        if gone is not None:
            gone.close()
        return gone is not None

    @property
    def groups(self) -> tuple[GalleryGroup, ...]:
        """The groups at hand."""
        return tuple(self._groups.values())

    def search(self, probe: FaceTemplate, now: datetime, group_ids: Iterable[str] | None = None) -> SearchAnswer:
        """Search groups (all unless named) for a face. Raises ``IncomparableTemplates``."""
        if probe.model_id != self._thresholds.model_id:
            raise IncomparableTemplates(f"{probe.model_id} against groups of {self._thresholds.model_id}")
        groups = self._groups
        own = self._cohort.spread(probe.vector) if self._cohort is not None else None
        answers: list[GroupAnswer] = []
        missing: list[tuple[str, str]] = []
        for group_id in groups if group_ids is None else group_ids:
            group = groups.get(group_id)
            if group is None:
                missing.append((group_id, "absent"))
            elif now >= group.expires_at:
                missing.append((group_id, "expired"))
            else:
                answers.append(self._answer(group, probe.vector, own))
        return SearchAnswer(tuple(answers), tuple(missing), self._thresholds.calibrated)

    def _answer(self, group: GalleryGroup, probe: Vector, own: Spread | None) -> GroupAnswer:
        policy, size = group.policy, len(group)
        bound, measured = self._bound(policy, size)
        wanted = policy.candidates + 1  # one more, so that the last shown has its margin
        rows = group.best(probe, own, 4 * wanted)
        seen: dict[str, Candidate] = {}
        for score, similarity, subject in rows:
            if subject not in seen:
                one_in = self._thresholds.one_in(score)
                seen[subject] = Candidate(subject, round(score, 5), round(similarity, 5), score >= bound, one_in)
        persons = list(seen.values())
        margin = round(persons[0].score - persons[1].score, 5) if len(persons) > 1 else None
        shown = tuple(persons[: policy.candidates])
        return GroupAnswer(policy.group_id, policy.use, group.version, size, bound, measured, shown, margin)

    def _bound(self, policy: GroupPolicy, size: int) -> tuple[float, bool]:
        """FPIR of a group of N is about N times the false-match rate (ISO/IEC 19795-1)."""
        if policy.threshold is not None and self._thresholds.scale is ScoreScale.NORMALISED:
            return policy.threshold, True
        return self._thresholds.bound_for(policy.false_alarms / max(size, 1))
