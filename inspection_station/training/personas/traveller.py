"""A whole training traveller: who, with which document and face, what is odd, and what the right ending is.

Only ingredients: the chip is issued by ``training.issuing_authority``, the page printed by ``training.page_renderer``.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from random import Random

from PIL import Image

from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.training.personas.chip_habits import chip_profile
from inspection_station.training.personas.face_live import LiveCondition, LiveFace
from inspection_station.training.personas.face_pictures import portrait
from inspection_station.training.personas.face_scene import Picture
from inspection_station.training.personas.face_traits import FaceTraits, relative, traits
from inspection_station.training.personas.good_faces import face_for, other_face
from inspection_station.training.personas.identity import Persona, PersonaKind, persona
from inspection_station.training.personas.listed import Listing, listed_people
from inspection_station.training.personas.listed_faces import people_of
from inspection_station.training.personas.stories import (
    NO_PERMIT,
    AnswerKey,
    Place,
    Story,
    answer,
    lawful,
    stories,
    story,
)
from inspection_station.training.virtual_chip.profiles import PROFILES

PORTRAIT_BYTES = 15_000
"""Size a chip portrait is coded to: what issuing states commonly use, and costs the comparison nothing."""
_ODD_SHARE = 0.28
_QUAYSIDE = SCENARIOS["quayside"]
_KINDS: tuple[tuple[PersonaKind, float], ...] = (
    (PersonaKind.FOREIGNER, 60),
    (PersonaKind.CREW, 10),
    (PersonaKind.REGISTERED_NATIONAL, 8),
    (PersonaKind.NATIONAL_WITHOUT_REGISTRATION, 4),
    (PersonaKind.HONG_KONG, 4),
    (PersonaKind.MACAO, 2),
    (PersonaKind.MAINLAND, 5),
    (PersonaKind.MINOR, 5),
    (PersonaKind.DIPLOMAT, 2),
)
_NEED_A_PERMIT = (PersonaKind.MAINLAND, PersonaKind.HONG_KONG, PersonaKind.MACAO)


@dataclass(frozen=True, slots=True)
class TrainingTraveller:
    """A traveller of a lesson. ``fault`` names the story, or is None.

    ``passport_fault`` is to be handed to the issuing of the chip, ``device_fault`` to the devices. ``chip`` names the
    chip's profile in ``virtual_chip.PROFILES``. ``live_face`` is the face at the counter: the holder's own but for
    impostors and twins.
    """

    seed: int
    persona: Persona
    face_seed: int
    live_face: int | FaceTraits
    fault: str | None
    passport_fault: str | None
    device_fault: str | None
    chip: str
    expected: AnswerKey

    @property
    def mrz_lines(self) -> tuple[str, ...]:
        """The zone as printed and as on the chip."""
        return self.persona.mrz_lines

    def expected_in(self, scenario: str) -> AnswerKey:
        """What is right in a scenario; ``expected`` is what is right at the quayside. KeyError for one there is not."""
        told = None if self.fault is None else story(self.fault)
        return answer(self.persona, told, self.expected.collection, SCENARIOS[scenario])

    @property
    def portrait(self) -> Picture:
        """The document's portrait, BGR, 531 x 413 x 3; drawn at the first call (about half a second), then kept."""
        return _portrait(self.face_seed).copy()

    @property
    def portrait_jp2(self) -> bytes:
        """The portrait as JPEG 2000 of about 15 kB, for data group 2."""
        return _portrait_jp2(self.face_seed)

    def live(
        self, *, size: tuple[int, int] = (1280, 720), condition: LiveCondition = LiveCondition.GOOD, occasion: int = 0
    ) -> LiveFace:
        """What the camera sees of the person; ``occasion`` changes light, stance and background."""
        return LiveFace(self.live_face, frame_seed=self.seed * 31 + occasion, size=size, condition=condition)


def traveller(
    seed: int,
    *,
    kind: PersonaKind = PersonaKind.FOREIGNER,
    today: date,
    fault: str | None = None,
    chip: str | None = None,
) -> TrainingTraveller:
    """The traveller of a seed; nothing is drawn yet. ``fault`` is a name of ``stories``, ``chip`` one of
    ``virtual_chip.PROFILES`` instead of what the traveller's state would issue; ValueError for others.
    """
    if chip is not None and chip not in PROFILES:
        raise ValueError(f"no chip {chip!r}; known: {', '.join(PROFILES)}")
    made = _composed(seed, kind, today, None if fault is None else story(fault))
    return made if chip is None else replace(made, chip=chip)


def lesson(seed: int, count: int, today: date) -> tuple[TrainingTraveller, ...]:
    """A mixed set: mostly plain, about a quarter with something to notice; faces come twice only when all were used."""
    chance = Random(f"lesson {seed}")
    travellers: list[TrainingTraveller] = []
    used: set[int] = set()
    met: set[str] = set()
    for _ in range(count):
        kind = chance.choices([k for k, _ in _KINDS], [w for _, w in _KINDS])[0]
        told = _drawn_story(chance) if chance.random() < _ODD_SHARE else None
        made = _composed(chance.getrandbits(40), kind, today, told, frozenset(used), frozenset(met))
        used.add(made.face_seed)
        met.add(made.persona.document_number)
        travellers.append(made)
    return tuple(travellers)


def encoded_portrait(picture: Picture, size: int = PORTRAIT_BYTES) -> bytes:
    """A BGR picture as JPEG 2000 (JP2, irreversible) of about ``size`` bytes."""
    out = io.BytesIO()
    rate = picture.size / size
    Image.fromarray(picture[..., ::-1].copy()).save(
        out, "JPEG2000", quality_mode="rates", quality_layers=[rate], irreversible=True
    )
    return out.getvalue()


def _composed(
    seed: int,
    kind: PersonaKind,
    today: date,
    told: Story | None,
    avoid: frozenset[int] = frozenset(),
    met: frozenset[str] = frozenset(),
) -> TrainingTraveller:
    """``avoid``: faces, and ``met``: document numbers, that the lesson has shown already."""
    listed: int | None = None
    if told is not None and told.place is Place.GROUP:
        people = people_of(told.fault, today)
        unseen = [one for one in people if one[0].document_number not in met] or list(people)
        who, listed_face = unseen[seed % len(unseen)]
        listed = listed_face.seed
    elif told is not None and told.place is Place.LIST:
        known = listed_people(Listing(told.fault), today)
        fresh = [one for one in known if one.document_number not in met] or known
        who = fresh[seed % len(fresh)]
    else:
        if told is not None and told.fault == NO_PERMIT and kind not in _NEED_A_PERMIT:
            kind = PersonaKind.MAINLAND
        who = persona(seed, kind=kind, today=today, expired=told is not None and told.fault == "expired")
    chance = Random(f"traveller {seed} {kind.value} {told.fault if told else ''}")
    face = face_for(who, who.age(today), chance, avoid)
    own = face.seed if listed is None else listed
    live: int | FaceTraits = own
    if told is not None and told.fault == "impostor":
        live = other_face(face, chance).seed
    elif told is not None and told.fault == "twin":
        live = relative(traits(face.seed), seed)
    return TrainingTraveller(
        seed=seed,
        persona=who,
        face_seed=own,
        live_face=live,
        fault=told.fault if told else None,
        passport_fault=told.fault if told and told.place is Place.PASSPORT else None,
        device_fault=told.fault if told and told.place is Place.DEVICE else None,
        chip=chip_profile(who),
        expected=answer(who, told, lawful(who, today), _QUAYSIDE),
    )


def _drawn_story(chance: Random) -> Story:
    known: Sequence[Story] = stories()
    return chance.choices(known, [s.weight for s in known])[0]


@lru_cache(maxsize=32)
def _portrait(face_seed: int) -> Picture:
    return portrait(face_seed)


@cache
def _portrait_jp2(face_seed: int) -> bytes:
    return encoded_portrait(_portrait(face_seed))
