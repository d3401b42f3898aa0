"""What is odd about a traveller and what an officer should make of it: the answer key, read from a table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Final

from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.person_class import ClassEvidence, Collection, PersonClass, collection
from inspection_station.inspection.scenario import SCENARIOS, Demand, Scenario, Step
from inspection_station.resource_path import resource
from inspection_station.training.personas.identity import Persona, PersonaKind

NO_PERMIT: Final = "no_permit"
"""The story of somebody who needs a permit to enter and has none."""


class Place(StrEnum):
    """Who makes the oddity: the traveller, the passport's issuing, a device, control lists, face groups, or what was
    done before landing.
    """

    PERSON = "person"
    PASSPORT = "passport"
    DEVICE = "device"
    LIST = "list"
    GROUP = "group"
    CLEARANCE = "clearance"


@dataclass(frozen=True, slots=True)
class Story:
    """One row of ``tables/persona_stories.toml``. ``step``: where it shows; ``portrait``: the chip gives one."""

    fault: str
    place: Place
    step: Step
    portrait: bool
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
            step=Step(row["step"]),
            portrait=row.get("portrait", True),
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


def lawful(persona: Persona, today: date) -> Collection:
    """What article 91 says of a traveller before an officer confirms anything."""
    return collection(
        ClassEvidence(
            nationality=persona.nationality,
            issuing_state=persona.issuing_state,
            document_code=persona.document_code,
            taiwan_id_valid=bool(persona.optional_data),
            date_of_birth=persona.date_of_birth,
        ),
        today,
    )


def answer(persona: Persona, told: Story | None, collected: Collection, scenario: Scenario) -> AnswerKey:
    """The answer key of a traveller in a scenario; ``told`` None for one with whom nothing is wrong."""
    found = _found(persona, told, scenario)
    if scenario.demand(Step.CLEARANCE) is not Demand.NOT_DONE:
        found = _after_clearance(persona, told, scenario, found)
    findings, may_show = found.findings, found.may_show
    if collected.allowed is False:
        # Nothing is compared, so a wrong face cannot show: the officer's eye is all there is.
        may_show = tuple(sorted({*may_show, *(f for f in findings if f.startswith("BIO-"))}))
        findings = (*(f for f in findings if not f.startswith("BIO-")), "BIO-05")
    why, why_zh = found.why or _PLAIN.get(persona.kind, ("Nothing is wrong.", "一切相符。"))
    return AnswerKey(found.endings, findings, may_show, persona.person_class, collected, why, why_zh)


def left_by_pre_clearance(persona: Persona, told: Story | None) -> Disposition | None:
    """How a pre-clearance by the book ended; None where the traveller was not there."""
    if told is not None and told.place is Place.CLEARANCE:
        return {"not_inspected": None, "held_aboard": Disposition.HD}.get(told.fault, Disposition.PC)
    return _found(persona, told, _PRE_CLEARANCE).endings[0]


@dataclass(frozen=True, slots=True)
class _Found:
    """``why`` None: nothing of the story shows here."""

    endings: tuple[Disposition, ...]
    findings: tuple[str, ...] = ()
    may_show: tuple[str, ...] = ()
    why: tuple[str, str] | None = None


_PRE_CLEARANCE: Final = next(row for row in SCENARIOS.values() if Disposition.PC in row.dispositions)


def _found(persona: Persona, told: Story | None, scenario: Scenario) -> _Found:
    """What shows of a story by the steps that the scenario does."""
    passing = next(one for one in scenario.dispositions if one.lets_pass)
    if told is None or scenario.demand(told.step) is Demand.NOT_DONE:
        crew = persona.kind is PersonaKind.CREW and Disposition.TE in scenario.dispositions
        return _Found((Disposition.TE, passing) if crew and told is None else (passing,))
    endings = tuple(passing if one is Disposition.AD else one for one in told.endings)
    if told.place is Place.DEVICE and scenario.demand(told.step) is Demand.IF_AVAILABLE and passing not in endings:
        endings = (passing, *endings)  # the step may be missing here
    may_show = told.may_show
    other = {Step.CHIP: Step.FACE, Step.FACE: Step.CHIP}.get(told.step)
    if other is not None and scenario.demand(other) is Demand.NOT_DONE:
        may_show = (*may_show, "BIO-07", "GRP-02")  # no other face than the one that may be missing
    return _Found(
        tuple(one for one in endings if one in scenario.dispositions), told.findings, may_show, (told.why, told.why_zh)
    )


def _after_clearance(persona: Persona, told: Story | None, scenario: Scenario, found: _Found) -> _Found:
    """Landing: what the pre-clearance came to stands on its list."""
    if told is None or told.place is Place.CLEARANCE:
        return found
    before = _found(persona, told, _PRE_CLEARANCE)
    if not before.endings[0].lets_pass:
        endings = tuple(one for one in before.endings if one in scenario.dispositions)
        may_show = found.may_show if told.portrait else (*found.may_show, "BIO-07")
        stopped = (*found.findings, "PRE-02")
        return replace(found, endings=endings, findings=stopped, may_show=may_show, why=(told.why, told.why_zh))
    if not told.portrait:
        return replace(
            found, endings=(*found.endings, Disposition.RF), may_show=(*found.may_show, "BIO-07", "WAV-01"), why=_EYE
        )
    return found


_EYE: Final = (
    "Cleared, but the chip gave no portrait then: compare with the page by eye, or refer.",
    "已通過前站查驗，惟當時晶片無照片：以目視比對資料頁，或移第二線。",
)
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
