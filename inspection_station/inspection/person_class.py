"""Article 91: whose biometrics may be collected (PL-01…PL-05).

The class is a proposal until an officer confirms it where the document alone does not decide; nothing biometric is
asked for before. A person who may not be collected gets no portrait read, no face captured, no finger taken, unless a
profile shows the portrait from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from inspection_station.inspection.document import MachineReadableZone

UNDER_AGE = 14  # Immigration Act art. 91(2) no. 1


class PersonClass(StrEnum):
    """Classes the law tells apart; the value is the stable key."""

    FOREIGNER = "foreigner"
    MAINLAND = "mainland"
    HONG_KONG_MACAO = "hong kong or macao"
    NATIONAL_WITHOUT_REGISTRATION = "national without household registration"
    REGISTERED_NATIONAL = "registered national"
    UNKNOWN = "unknown"


class Exemption(StrEnum):
    """Grounds of art. 91(2); the value is the skip code family K (FLOWS 5.2)."""

    UNDER_14 = "K14"
    ARTICLE_27 = "K27"
    SPECIAL_CONSENT = "KSC"


@dataclass(frozen=True, slots=True)
class Collection:
    """Whether biometrics may be taken. ``allowed`` None: the officer must confirm the class first."""

    person_class: PersonClass
    allowed: bool | None
    reason: str  # skip code, or "" when allowed


@dataclass(frozen=True, slots=True)
class ClassEvidence:
    """What the document says about the class. ``taiwan_id_valid``: optional data hold a valid national ID (PL-05).

    ``document_says``: the class that the kind of document stands for; it only tells holders from Hong Kong and Macao
    among those whose nationality is printed CHN, and never loosens or tightens what may be collected.
    """

    nationality: str
    issuing_state: str
    document_code: str
    taiwan_id_valid: bool
    date_of_birth: date | None  # latest day the printed parts allow: the youngest the holder can be
    document_says: PersonClass | None = None

    @classmethod
    def of(
        cls, mrz: MachineReadableZone, taiwan_id_valid: bool, document_says: PersonClass | None = None
    ) -> ClassEvidence:
        """Read from a zone; the ID check itself belongs to ``documents.taiwan_ids``, the class to its rules."""
        birth = mrz.date_of_birth.latest()
        return cls(mrz.nationality, mrz.issuing_state, mrz.document_code, taiwan_id_valid, birth, document_says)


def propose(evidence: ClassEvidence) -> PersonClass:
    """Class as far as the document shows it."""
    if not evidence.nationality:
        return PersonClass.UNKNOWN
    if evidence.nationality == "TWN":
        return (
            PersonClass.REGISTERED_NATIONAL if evidence.taiwan_id_valid else PersonClass.NATIONAL_WITHOUT_REGISTRATION
        )
    if evidence.nationality in ("HKG", "MAC"):
        return PersonClass.HONG_KONG_MACAO
    if evidence.nationality == "CHN":
        if evidence.issuing_state in ("HKG", "MAC") or evidence.document_says is PersonClass.HONG_KONG_MACAO:
            return PersonClass.HONG_KONG_MACAO
        return PersonClass.MAINLAND
    return PersonClass.FOREIGNER


def age_on(birth: date, day: date) -> int:
    """Completed years; a birthday on 29 February counts on 1 March in other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def collection(
    evidence: ClassEvidence,
    today: date,
    *,
    confirmed: PersonClass | None = None,
    exemption: Exemption | None = None,
) -> Collection:
    """Apply article 91. Unknown birth dates and unregistered nationals wait for the officer (allowed None)."""
    person_class = confirmed or propose(evidence)
    if person_class is PersonClass.REGISTERED_NATIONAL:
        return Collection(person_class, False, "KHR")
    if exemption is not None:
        return Collection(person_class, False, exemption.value)
    if evidence.date_of_birth is not None and age_on(evidence.date_of_birth, today) < UNDER_AGE:
        return Collection(person_class, False, Exemption.UNDER_14.value)
    if confirmed is not None and confirmed is not PersonClass.UNKNOWN:
        return Collection(person_class, True, "")
    if evidence.date_of_birth is None or person_class in (
        PersonClass.UNKNOWN,
        PersonClass.NATIONAL_WITHOUT_REGISTRATION,
    ):
        return Collection(person_class, None, "")
    if evidence.document_code[:2] in ("PD", "PO", "PS"):
        # Diplomatic, official and service passports may fall under art. 27(1): the officer says.
        return Collection(person_class, None, "")
    return Collection(person_class, True, "")
