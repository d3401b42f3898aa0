"""Who stands here, as the document says: the header over every page and the rows of the decision page."""

from __future__ import annotations

from dataclasses import dataclass

from inspection_station.desk.reasons import reason_table
from inspection_station.documents.countries import country
from inspection_station.inspection.document import CheckVerdict, MachineReadableZone, MrzDate, MrzField
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.person_class import Collection, age_on
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A label and a value, with the state of its check where it has one."""

    label: str
    value: str
    tone: Tone = Tone.NOTE
    word: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The header. ``banner`` is what article 91 says about this person."""

    name: str
    line: str
    banner: str
    banner_tone: Tone


def identity(inspection: Inspection | None, wording: Wording) -> Identity:
    """Empty until a document was read."""
    if inspection is None:
        return Identity("", "", "", Tone.NOTE)
    text, tone = article_91(inspection.collection, wording)
    document = inspection.document
    if document is None:
        known = inspection.confirmed_class is not None
        return Identity(wording.text("identity.unknown"), "", text if known else "", tone)
    mrz = document.mrz
    parts = [
        country_name(mrz.nationality, wording),
        mrz.document_number,
        birth(mrz.date_of_birth, inspection, wording),
        wording.text(f"sex.{mrz.sex or 'X'}"),
    ]
    line = wording.text("identity.separator").join(p for p in parts if p)
    return Identity(full_name(mrz), line, text, tone)


def article_91(collection: Collection, wording: Wording) -> tuple[str, Tone]:
    """Whether biometrics are taken from this person, and why not."""
    name = wording.text(f"class.{collection.person_class.value}")
    if collection.allowed is None:
        return wording.text("article-91.open", person_class=name), Tone.LOOK
    if collection.allowed:
        return wording.text("article-91.allowed", person_class=name), Tone.NOTE
    reason = reason_table().of(collection.reason)
    because = reason.text(wording.language) if reason else collection.reason
    return because, Tone.UNCHECKED


def full_name(mrz: MachineReadableZone) -> str:
    """Primary before secondary identifier, as printed."""
    name = mrz.name
    return ", ".join(part for part in (name.primary, name.secondary) if part)


def country_name(code: str, wording: Wording) -> str:
    """The state's name with its code; the bare code where no table holds it. A name that comes with a note in brackets
    takes the code into them: one pair is enough.
    """
    found = country(code)
    if found is None:
        return code
    name = found.name_zh if wording.language == "zh_TW" else found.name_en
    plain, note = _noted(name)
    if note:
        return wording.text("identity.country-noted", name=plain, code=code, note=note)
    return wording.text("identity.country", name=name, code=code)


def _noted(name: str) -> tuple[str, str]:
    """A name and the note that stands in brackets at its end."""
    for opening, closing in ((" (", ")"), ("(", ")"), ("（", "）")):
        if name.endswith(closing) and opening in name:
            plain, _, note = name.rpartition(opening)
            return plain, note.removesuffix(closing)
    return name, ""


def printed_date(value: MrzDate) -> str:
    """ISO order; unknown parts as the zone leaves them."""
    parts = (
        f"{value.year:04d}" if value.year is not None else "????",
        f"{value.month:02d}" if value.month is not None else "??",
        f"{value.day:02d}" if value.day is not None else "??",
    )
    return "-".join(parts)


def birth(value: MrzDate, inspection: Inspection, wording: Wording) -> str:
    """Date of birth with the completed years."""
    day = value.as_date()
    if day is None:
        return printed_date(value)
    return wording.text("identity.birth", date=printed_date(value), age=age_on(day, inspection.today))


def field_rows(inspection: Inspection, wording: Wording) -> tuple[FieldRow, ...]:
    """Fields of the zone with the verdict of each check digit. A field without one is grey: nothing vouches for it."""
    document = inspection.document
    if document is None:
        return ()
    mrz = document.mrz
    verdicts = {c.field: c.verdict for c in mrz.checks}

    def row(field: MrzField, value: str) -> FieldRow:
        verdict = verdicts.get(field)
        if field in mrz.malformed_fields or verdict is CheckVerdict.WRONG:
            tone, word = Tone.LOOK, "wrong"
        elif verdict is CheckVerdict.CORRECT:
            tone, word = Tone.OK, "correct"
        else:
            tone, word = Tone.UNCHECKED, "no-digit"
        return FieldRow(wording.text(f"field.{field.value}"), value or "—", tone, wording.text(f"digit.{word}"))

    expiry = row(MrzField.DATE_OF_EXPIRY, printed_date(mrz.date_of_expiry))
    if inspection.expired is True:
        expiry = FieldRow(expiry.label, expiry.value, Tone.BAR, wording.text("digit.expired"))
    kind = wording.text_or(f"document.{mrz.document_code[:1]}", mrz.document_code)
    return (
        row(MrzField.NAME, full_name(mrz)),
        row(MrzField.DOCUMENT_NUMBER, mrz.document_number),
        row(MrzField.NATIONALITY, country_name(mrz.nationality, wording)),
        row(MrzField.ISSUING_STATE, country_name(mrz.issuing_state, wording)),
        row(MrzField.DATE_OF_BIRTH, birth(mrz.date_of_birth, inspection, wording)),
        row(MrzField.SEX, wording.text(f"sex.{mrz.sex or 'X'}")),
        expiry,
        row(MrzField.DOCUMENT_CODE, f"{kind} · {mrz.format.value}"),
        row(MrzField.COMPOSITE, wording.text("digit.whole-line")),
    )
