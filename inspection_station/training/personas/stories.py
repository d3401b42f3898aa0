"""What is odd about a traveller and what an officer should make of it: the answer key, read from a table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.person_class import ClassEvidence, Collection, PersonClass, collection
from inspection_station.resource_path import resource
from inspection_station.training.personas.identity import Persona, PersonaKind


class Place(StrEnum):
    """Who makes the oddity: the traveller, the issuing of the passport, a device, the control lists or face groups."""

    PERSON = "person"
    PASSPORT = "passport"
    DEVICE = "device"
    LIST = "list"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Story:
    """One row of ``tables/persona_stories.toml``."""

    fault: str
    place: Place
    endings: tuple[Disposition, ...]
    findings: tuple[str, ...]
    may_show: tuple[str, ...]
    weight: int
    why: str
    why_zh: str


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What is right for one traveller.

    ``endings`` best first; ``findings`` codes that must show, ``may_show`` codes that may; ``person_class`` is the
    class to confirm; ``collection`` what article 91 says before that (``allowed`` None: confirm first).
    """

    endings: tuple[Disposition, ...]
    findings: tuple[str, ...]
    may_show: tuple[str, ...]
    person_class: PersonClass
    collection: Collection
    why: str
    why_zh: str

    def accepts(self, ending: Disposition) -> bool:
        """Whether an officer's ending is among the right ones."""
        return ending in self.endings


@cache
def stories() -> tuple[Story, ...]:
    """All stories, in the table's order."""
    rows = tomllib.loads(resource("tables", "persona_stories.toml").read_text(encoding="utf-8"))["story"]
    return tuple(
        Story(
            fault=row["fault"],
            place=Place(row["where"]),
            endings=tuple(Disposition(code) for code in row["endings"]),
            findings=tuple(row["findings"]),
            may_show=tuple(row.get("may_show", ())),
            weight=row["weight"],
            why=row["why"],
            why_zh=row["why_zh"],
        )
        for row in rows
    )


def story(fault: str) -> Story:
    """The story of a fault. Raises ValueError, naming the known ones, for another word."""
    for known in stories():
        if known.fault == fault:
            return known
    raise ValueError(f"no story of {fault!r}; known: {', '.join(s.fault for s in stories())}")


def answer(persona: Persona, told: Story | None, today: date) -> AnswerKey:
    """The answer key of a traveller; ``told`` None for one with whom nothing is wrong."""
    lawful = collection(
        ClassEvidence(
            nationality=persona.nationality,
            issuing_state=persona.issuing_state,
            document_code=persona.document_code,
            taiwan_id_valid=bool(persona.optional_data),
            date_of_birth=persona.date_of_birth,
        ),
        today,
    )
    findings = () if told is None else told.findings
    may_show = () if told is None else told.may_show
    if lawful.allowed is False:
        # Nothing is compared, so a wrong face cannot show: the officer's eye is all there is.
        may_show = tuple(sorted({*may_show, *(f for f in findings if f.startswith("BIO-"))}))
        findings = (*(f for f in findings if not f.startswith("BIO-")), "BIO-05")
    if told is not None:
        return AnswerKey(told.endings, findings, may_show, persona.person_class, lawful, told.why, told.why_zh)
    endings: tuple[Disposition, ...] = (Disposition.AD,)
    if persona.kind is PersonaKind.CREW:
        endings = (Disposition.TE, Disposition.AD)
    why, why_zh = _PLAIN.get(persona.kind, ("Nothing is wrong.", "一切相符。"))
    return AnswerKey(endings, findings, may_show, persona.person_class, lawful, why, why_zh)


_PLAIN = {
    PersonaKind.CREW: ("Crew: temporary entry with a time to be back.", "船員：臨時入國，註明返船時限。"),
    PersonaKind.DIPLOMAT: (
        "A diplomatic passport: confirm whether article 27(1) exempts the holder before taking biometrics.",
        "外交護照：先確認是否屬第27條第1項人員，再決定是否錄存生物特徵。",
    ),
    PersonaKind.MINOR: ("Under fourteen: no biometrics are collected.", "未滿十四歲：不錄存生物特徵。"),
    PersonaKind.REGISTERED_NATIONAL: (
        "A national with household registration: no biometrics are collected.",
        "有戶籍國民：不錄存生物特徵。",
    ),
    PersonaKind.NATIONAL_WITHOUT_REGISTRATION: (
        "A national without household registration: confirm the class, then biometrics may be collected.",
        "無戶籍國民：確認身分別後得錄存生物特徵。",
    ),
}
