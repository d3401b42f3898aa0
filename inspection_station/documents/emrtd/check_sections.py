"""Every section of BSI TR-03135-1 v2.5 from 5.5 on, and what this station does about it.

``docs/chip-checks.md`` shows the same table; a test holds both together, and both to the checks that the code makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """What the station does about a section; the value is for people."""

    CHIP = "made on the chip"
    STATION = "made elsewhere in the station"
    SUMMARY = "sums up those beneath it"
    NO_OPTICS = "needs optics that this station does not have"
    NOT_MADE = "not made"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the guideline in our own words; ``note`` says where it is made, how far it goes, or why not."""

    number: str
    title: str
    standing: Standing
    note: str = ""

    @property
    def level(self) -> int:
        """How deep it lies: 1 for «5.6»."""
        return self.number.count(".")


_CHIP, _STATION, _SUMMARY, _OPTICS, _NOT = Standing
_SPECTRAL = "page readers here take pictures in visible light"
_SEQUENCE = "order of ``chip_session``"
_ONE_DOCUMENT = "one document at a time"
_SEALS = "no reader of seals"

SECTIONS: tuple[Section, ...] = (
    Section("5.5", "Optical checks", _SUMMARY),
    Section("5.5.1", "Spectral checks: what they are", _OPTICS, _SPECTRAL),
    Section("5.5.1.1", "Model of a document", _OPTICS, _SPECTRAL),
    Section("5.5.1.2", "Spectral checks", _OPTICS, _SPECTRAL),
    Section("5.5.1.3", "Catalogue of spectral checks", _OPTICS, _SPECTRAL),
    Section("5.5.2", "Detecting and capturing the document", _STATION, "page readers; visible light only"),
    Section("5.5.3", "Telling the model of a document", _OPTICS, "no database of models"),
    Section("5.5.4", "Result of the optical checks", _SUMMARY),
    Section("5.5.4.1", "Zone against Doc 9303", _SUMMARY),
    Section("5.5.4.1.1", "Zone consistent in itself", _STATION, "``documents/mrz``, findings DOC-02, DOC-06, DOC-07"),
    Section("5.5.4.1.2", "Zone readable in infrared", _OPTICS, _SPECTRAL),
    Section("5.5.4.1.3", "Zone printed in OCR-B", _OPTICS, "the reading asks for OCR-B, but passes no verdict on it"),
    Section("5.5.4.2", "Spectral verification", _OPTICS, _SPECTRAL),
    Section("5.5.4.3", "A maker's own optical checks", _OPTICS, _SPECTRAL),
    Section("5.6", "Electronic checks", _SUMMARY),
    Section("5.6.1", "Key infrastructures behind them", _SUMMARY),
    Section(
        "5.6.1.1",
        "Receiving lists and certificates",
        _STATION,
        "``trust import`` and the trust folder: master lists, defect and deviation lists, revocation lists, single "
        "certificates; no document signer lists",
    ),
    Section("5.6.2", "Sequences of access", _SUMMARY),
    Section("5.6.2.1", "Sequence 1: BAC or PACE, CA or AA", _STATION, _SEQUENCE),
    Section("5.6.2.2", "Sequence 2: PACE, CA or AA", _STATION, _SEQUENCE),
    Section("5.6.2.3", "Sequence 3: PACE, TA 2, CA 2", _NOT, "version 2 belongs to German identity cards"),
    Section("5.6.2.4", "Sequence 4: PACE-CAM", _STATION, _SEQUENCE),
    Section("5.6.3", "Access protocols", _SUMMARY),
    Section("5.6.3.1", "BAC or PACE", _CHIP),
    Section("5.6.3.1.1", "BAC", _CHIP),
    Section("5.6.3.1.2", "PACE", _CHIP, "and EF.CardAccess against what the state signed"),
    Section("5.6.3.2", "Terminal authentication", _CHIP, "version 1, with keys from a file"),
    Section("5.6.4", "Contents of the chip", _SUMMARY),
    Section("5.6.4.1", "Chip genuine", _CHIP),
    Section("5.6.4.1.1", "Active authentication", _CHIP),
    Section("5.6.4.1.2", "Chip authentication", _CHIP, "version 1"),
    Section("5.6.4.1.3", "PACE with chip-authentication mapping", _CHIP),
    Section("5.6.4.2", "Passive authentication", _SUMMARY),
    Section("5.6.4.2.1", "All security objects", _CHIP, "with a note on weak algorithms"),
    Section("5.6.4.2.2", "One security object", _CHIP, "EF.SOD and EF.CardSecurity; EF.ChipSecurity is not read"),
    Section("5.6.4.3", "Issuer certificates", _SUMMARY),
    Section("5.6.4.3.1", "Issuer certificates together", _SUMMARY),
    Section("5.6.4.3.2", "Issuer of one security object", _CHIP, "document types in the signer's certificate"),
    Section("5.6.4.3.3", "Signature of the document signer", _CHIP),
    Section("5.6.4.3.4", "Validity of signer and root", _CHIP),
    Section("5.6.4.3.5", "Revocation of the signer", _CHIP, "revocation lists and defect lists"),
    Section("5.6.4.3.6", "Trust in the certificates", _CHIP, "names the version of the trust store"),
    Section("5.6.4.4", "Integrity of the contents", _SUMMARY),
    Section("5.6.4.4.1", "EF.SOD against EF.COM", _CHIP, "where EF.COM is read"),
    Section("5.6.4.4.2", "Hashes of the data groups", _CHIP, "a group that is not signed fails"),
    Section("5.6.4.5", "Issuing state: DG1 against the signer", _CHIP),
    Section("5.7", "Combined checks", _SUMMARY),
    Section("5.7.1", "Expiry of the document", _CHIP, "in ``verify-chip``; in an inspection from the page, DOC-03"),
    Section("5.7.2", "Printed zone against DG1", _CHIP, "needs the printed zone: not in ``verify-chip``"),
    Section("5.7.3", "Across pages", _SUMMARY),
    Section("5.7.3.1", "Both sides of a card", _OPTICS, "the front of a card is not read as text"),
    Section("5.7.4", "Across documents", _SUMMARY),
    Section("5.7.4.1", "Passport against visa", _NOT, _ONE_DOCUMENT),
    Section("5.7.4.2", "Passport against residence permit", _NOT, _ONE_DOCUMENT),
    Section("5.7.4.3", "Passport number against a visa's seal", _NOT, _SEALS),
    Section("5.7.5", "Printed text against zone and chip", _OPTICS, "the visual zone is not read as text"),
    Section("5.7.6", "DG2 against the printed portrait", _NOT, "DG2 is compared with the live face instead"),
    Section("5.7.7", "Printed zone against a seal", _NOT, _SEALS),
    Section("5.8", "Known defects", _CHIP, "those of a kind that no section treats"),
    Section("5.8.1", "Optical defects", _SUMMARY),
    Section("5.8.1.1", "Specimens", _NOT, "no database of models"),
    Section("5.8.1.2", "Country written wrongly", _STATION, "a code in no table makes the officer look, DOC-07"),
    Section("5.8.1.3", "Zone of a wrong format", _CHIP, "from deviation lists"),
    Section("5.8.1.4", "Zone in a wrong typeface", _OPTICS, "see 5.5.4.1.3"),
    Section("5.8.1.5", "Wrong check digits", _CHIP, "from deviation lists"),
    Section("5.8.1.6", "Zone not readable in infrared", _OPTICS, _SPECTRAL),
    Section("5.8.2", "Electronic defects", _SUMMARY),
    Section("5.8.2.1", "Defects of authentication", _SUMMARY),
    Section("5.8.2.1.1", "Signer revoked", _CHIP),
    Section("5.8.2.1.2", "Signer certificate malformed, replaced", _CHIP, "and the form of every signer"),
    Section("5.8.2.1.3", "Keys of chip authentication compromised", _CHIP),
    Section("5.8.2.1.4", "Keys of active authentication compromised", _CHIP),
    Section("5.8.2.1.5", "Protocol known to fail", _CHIP),
    Section("5.8.2.1.6", "Validity wrong", _CHIP),
    Section("5.8.2.2", "Defects of the application", _SUMMARY),
    Section("5.8.2.2.1", "Data group malformed", _CHIP, "and the format of every group"),
    Section("5.8.2.2.2", "Security object malformed", _CHIP, "and the form of every security object"),
    Section("5.8.2.2.3", "EF.COM and EF.SOD differ", _CHIP),
    Section("5.8.2.2.4", "Wrong signer named", _CHIP),
    Section("5.8.2.2.5", "Issuing country wrong", _CHIP),
    Section("5.8.2.3", "Defects of the document", _CHIP, "of unknown meaning: undetermined"),
    Section("5.8.2.3.1", "EF.CardSecurity malformed", _CHIP, "the corrected object is not taken from the list"),
    Section("5.8.2.3.2", "EF.ChipSecurity malformed", _CHIP, "told; the file is not read"),
    Section("5.8.2.3.3", "Chip has to be switched off", _CHIP, "told; a reading authenticates once"),
    Section("5.8.2.3.4", "Certificate malformed, not replaced", _CHIP),
    *(
        Section(f"5.9{number}", title, _NOT, _SEALS)
        for number, title in (
            ("", "Digital seals"),
            (".1", "Result"),
            (".1.1", "Readable"),
            (".1.1.1", "Present"),
            (".1.1.2", "Of its kind"),
            (".1.1.3", "Turned into data"),
            (".1.2", "Whole"),
            (".1.2.1", "Structure"),
            (".1.2.2", "Meaning"),
            (".1.2.3", "Check digits of its zone"),
            (".1.3.1", "Signature of its signer"),
            (".1.3.2", "Validity of its signer"),
            (".1.3.4", "Trust in its signer"),
            (".1.4", "Authentic"),
            (".1.4.1", "Signature"),
            (".1.5", "Countries"),
            (".1.5.1", "Zone against the issuer of its signer"),
            (".1.5.2", "Zone against its signer"),
            (".1.5.3", "Signer against its issuer"),
        )
    ),
)
BY_NUMBER = {section.number: section for section in SECTIONS}
