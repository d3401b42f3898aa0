"""What the played systems know: invented people alone, the same that lessons bring before an officer.

Faces and fingers are compared by the station's own code, on drawn faces and drawn ridges. Nothing is kept on a disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from threading import Lock

import numpy as np

from inspection_station.inspection.watchlist import ListKind
from inspection_station.matching.face import DlibFaceMatcher, cosine
from inspection_station.matching.face_groups import GroupPolicy, built_in_groups
from inspection_station.matching.fingerprint.extraction import extract
from inspection_station.matching.fingerprint.scores import model_for
from inspection_station.matching.fingerprint.search import Candidate, FingerprintGallery
from inspection_station.matching.fingerprint.template import FingerprintTemplate
from inspection_station.matching.gallery import FaceGallery, GalleryGroup, GroupAnswer
from inspection_station.matching.manifest import Manifest, PreCheck
from inspection_station.matching.pictures import decode_picture
from inspection_station.matching.portrait_pack import document_key
from inspection_station.matching.ports import FaceTemplate
from inspection_station.matching.thresholds import built_in_thresholds
from inspection_station.matching.watchlist_lists import BirthRange, ControlList, ListedDocument, ListedName, ListEntry
from inspection_station.training.control_lists import training_lists
from inspection_station.training.personas.identity import Persona, persona
from inspection_station.training.personas.listed import Listing, listed_people
from inspection_station.training.personas.listed_faces import (
    ALERTED,
    LISTED_FACES,
    POINTED_OUT,
    listed_portraits,
    people_of,
)

FINGER_GROUP = "controlled-foreigners"
ENROLLED_GROUP = "biometric-enrolled"
EMERGENCY_GROUP = "emergency"
_TAIPEI = timezone(timedelta(hours=8))
VOYAGE = "EXPLORER-2026-118"
_AGE_ABROAD, _AGE_AT_HOME = timedelta(hours=26), timedelta(hours=2)
_LASTS = timedelta(hours=48)
_GROUP_LASTS = timedelta(days=365)
_ANNOUNCED = range(1, 25)  # seeds of travellers of lessons
_ALSO_IN = {"biometric-enrolled": POINTED_OUT, "departed-foreigners": ALERTED, EMERGENCY_GROUP: ALERTED}
_DRAWN_BOUND = 11.0  # drawn fingers are more alike than real ones (docs/fingerprints.md)
"""Groups that no lesson keeps on a station, and whose faces they hold here."""


def station_day(now: datetime) -> date:
    """The day at the stations: invented people's documents and birthdays follow from it."""
    return now.astimezone(_TAIPEI).date()


@dataclass(frozen=True, slots=True)
class Sources:
    """Lists and manifests as they are issued when the simulators start."""

    control: tuple[ControlList, ...]
    lost_abroad: ControlList
    lost_at_home: ControlList
    reported: Mapping[tuple[str, str], str]
    manifest: Manifest


def sources(now: datetime) -> Sources:
    """Of the training lists' people. RMAS knows every second lost document as stolen, by issuer and number."""
    today = station_day(now)
    lost = listed_people(Listing.LOST_DOCUMENT, today)
    return Sources(
        training_lists(now),
        _lost("lost-documents-abroad", lost[: len(lost) // 2], now - _AGE_ABROAD),
        _lost("lost-documents-home", lost[len(lost) // 2 :], now - _AGE_AT_HOME),
        {(who.issuing_state, who.document_number): "stolen" for who in lost[::2]},
        _manifest(now),
    )


def _lost(list_id: str, people: Sequence[Persona], issued: datetime) -> ControlList:
    entries = tuple(
        ListEntry(f"L-{number}", documents=(ListedDocument(who.document_number, who.issuing_state),))
        for number, who in enumerate(people)
    )
    return ControlList(list_id, ListKind.LOST_DOCUMENT, issued.strftime("%Y%m%d%H"), issued, issued + _LASTS, entries)


def _manifest(now: datetime) -> Manifest:
    announced: dict[PreCheck, list[ListEntry]] = {outcome: [] for outcome in PreCheck}
    for number in _ANNOUNCED:
        outcome = PreCheck.REFUSE if number % 12 == 0 else PreCheck.REFER if number % 6 == 0 else PreCheck.CLEAR
        who = persona(number, today=station_day(now))
        announced[outcome].append(
            ListEntry(
                f"{number:04d}",
                names=(ListedName(who.name.primary_zone, who.name.secondary_zone),),
                documents=(ListedDocument(who.document_number, who.issuing_state),),
                born=(BirthRange(who.date_of_birth, who.date_of_birth),),
                nationalities=(who.nationality,),
                sex=who.sex,
            )
        )
    issued = now - timedelta(hours=9)
    travellers = {outcome: tuple(entries) for outcome, entries in announced.items()}
    return Manifest(VOYAGE, "1", issued, issued + _LASTS, travellers)


@dataclass
class Fingers:
    """Enrolled fingers. Thread-safe, as its gallery is."""

    gallery: FingerprintGallery = field(default_factory=FingerprintGallery)
    kept: Counter[str] = field(default_factory=Counter)  # fingers by group
    documents: dict[str, tuple[str, str]] = field(default_factory=dict)  # of a subject: number, issuing state

    @property
    def bound(self) -> float:
        """What makes a candidate."""
        return max(float(model_for(True).threshold), _DRAWN_BOUND)

    def enrol(self, subject: str, position: int, template: FingerprintTemplate, document: tuple[str, str]) -> None:
        """Put a finger in that was taken at an inspection: that person is known, which is no suspicion."""
        self.documents[subject] = document
        self._add(subject, position, template, ENROLLED_GROUP)

    def _add(self, subject: str, position: int, template: FingerprintTemplate, group: str) -> None:
        self.gallery.add(f"{subject}/{position}", template, group)
        self.kept[group] += 1

    def search(self, template: FingerprintTemplate) -> list[Candidate]:
        """Who reaches the bound."""
        return [one for one in self.gallery.search(template) if one.comparison.score >= self.bound]

    def enrol_listed(self, people: int, today: datetime) -> None:
        """Draw the index fingers of the first wanted people and put them in; a second and a half each."""
        from inspection_station.inspection.biometrics import FingerPosition
        from inspection_station.matching.fingerprint.template_record import POSITION_CODES
        from inspection_station.training.personas.fingerprint import ImpressionCondition, finger_of, impression

        for number, who in enumerate(listed_people(Listing.WANTED, station_day(today))[:people]):
            for position in (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX):
                grey = impression(finger_of(who.seed, position), 1, ImpressionCondition(noise=0.1))
                self._add(f"W-{number}", POSITION_CODES[position], extract(grey).template, FINGER_GROUP)


class Faces:
    """Groups of drawn faces, and photographs by document number. Loaded at the first question; thread-safe."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._lock = Lock()
        self._matcher = DlibFaceMatcher()
        self._gallery: FaceGallery | None = None
        self._templates: dict[str, dict[str, FaceTemplate]] = {}
        self._photographs: dict[str, FaceTemplate] = {}
        self.thresholds = built_in_thresholds(training=True)

    @property
    def model_id(self) -> str:
        """Of its templates."""
        return self._matcher.model_id

    def load(self) -> FaceGallery:
        """Everything ready; some seconds the first time. Raises FaceModelMissing."""
        with self._lock:
            if self._gallery is None:
                self._gallery = self._made()
            return self._gallery

    def template(self, model_id: str, vector: bytes | None, picture: bytes | None) -> FaceTemplate:
        """Of what was sent. Raises ValueError, FaceRejected and UnusablePicture among them."""
        if vector is not None and model_id == self.model_id:
            values = np.frombuffer(vector, "<f4").astype(np.float32)
            length = float(np.linalg.norm(values))
            if len(values) != self._matcher.embedder.dimension or not 0.9 < length < 1.1:
                raise ValueError("a template that is none")
            return FaceTemplate(values / np.float32(length), model_id)
        if picture is None:
            raise ValueError("a template of another model, and no picture")
        self.load()
        return self._matcher.template(decode_picture(picture))

    def search(self, probe: FaceTemplate, groups: Sequence[str]) -> tuple[Sequence[GroupAnswer], Sequence[str]]:
        """Answers of the groups, and the names of those that cannot be searched."""
        found = self.load().search(probe, self._now, groups or None)
        return found.answers, [name for name, _ in found.not_searched]

    def pair(self, probe: FaceTemplate, reference: FaceTemplate) -> float:
        """How alike."""
        return cosine(probe, reference)

    def photograph(self, document_number: str) -> FaceTemplate | None:
        """The designated person's, by document number."""
        self.load()
        return self._photographs.get(document_key(document_number))

    def group(self, group_id: str) -> Mapping[str, FaceTemplate] | None:
        """A group's templates by subject; None: there is no such group."""
        self.load()
        return self._templates.get(group_id)

    def _made(self) -> FaceGallery:
        self._matcher.load()
        drawn = {name: self._matcher.template(decode_picture(data)) for name, data in listed_portraits().items()}
        of_group: dict[str, dict[str, FaceTemplate]] = {}
        for face in LISTED_FACES:
            of_group.setdefault(face.group_id, {})[face.reference_id] = drawn[face.reference_id]
        policies = {**built_in_groups(), EMERGENCY_GROUP: _emergency_policy()}
        gallery = FaceGallery(self.thresholds)
        for group_id, policy in policies.items():
            templates = of_group.get(_ALSO_IN.get(group_id, group_id), {})
            group = GalleryGroup(policy, self.model_id, 1, self._now + _GROUP_LASTS)
            group.add(list(templates.values()), list(templates))
            gallery.put(group)
            self._templates[group_id] = templates
        for story in ("listed_face", "pointed_out"):
            for who, face in people_of(story, station_day(self._now)):
                self._photographs[document_key(who.document_number)] = drawn[face.reference_id]
        return gallery


def _emergency_policy() -> GroupPolicy:
    ordinary = built_in_groups()[ALERTED]
    return GroupPolicy(
        EMERGENCY_GROUP,
        "緊急人別",
        "Emergency set",
        ordinary.use,
        ordinary.false_alarms,
        ordinary.largest,
        True,
        ordinary.valid,
        ordinary.candidates,
        ordinary.threshold,
    )
