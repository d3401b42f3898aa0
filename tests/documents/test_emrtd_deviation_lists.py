"""Deviation lists of states, the documents that they and other lists concern, and what each kind of defect does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fakes.chip_material import AUTHORITY, DAY, LASTING_LINES, PORTRAIT

from inspection_station.documents.emrtd import asn1
from inspection_station.documents.emrtd.certificates import parse_certificate
from inspection_station.documents.emrtd.cms import SignerIdentifier
from inspection_station.documents.emrtd.defect_effects import settled
from inspection_station.documents.emrtd.defect_lists import parse_defect_list
from inspection_station.documents.emrtd.defects import (
    AuthorityScope,
    Defect,
    DefectKind,
    DocumentFacts,
    IssueScope,
    SignerScope,
)
from inspection_station.documents.emrtd.folder_verification import verify_files
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.inspection.chip import CheckResult, ChipCheck, overall_of
from inspection_station.training.defect_lists import PublishedDeviation, deviation_content, deviation_list, encoded
from inspection_station.training.passport_issue import issue_passport

OK, FAILED, UNKNOWN, NONE = (
    CheckResult.SUCCESSFUL,
    CheckResult.FAILED,
    CheckResult.UNDETERMINED,
    CheckResult.NOT_SUPPORTED,
)
SIGNER = AUTHORITY.signer()
CERTIFICATE = parse_certificate(encoded(SIGNER))


def hashes_with(directory: Path, listed: bytes) -> CheckResult:
    """The verdict on the hashes of a passport whose DG2 is not as signed, under a deviation list."""
    AUTHORITY.write_trust(directory)
    (directory / "deviations.dfl").write_bytes(listed)
    chip = issue_passport(LASTING_LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault="wrong_hash").files
    checks = verify_files(chip, TrustStore.from_directory(directory), DAY)
    return overall_of(check for check in checks if check.name == "data-group-hash")


HASH_OF_DG2 = asn1.encode_integer(2)


@pytest.mark.parametrize(
    ("deviation", "concerned"),
    [
        (PublishedDeviation("2.2", HASH_OF_DG2, code="P"), True),
        (PublishedDeviation("2.2", HASH_OF_DG2, code="C"), False),
        (PublishedDeviation("2.2", HASH_OF_DG2, signer=SIGNER), True),
        (PublishedDeviation("2.2", HASH_OF_DG2, signer=AUTHORITY.signer("other")), False),
        (PublishedDeviation("2.2", HASH_OF_DG2, numbers=("L898902C3", "A1")), True),
        (PublishedDeviation("2.2", HASH_OF_DG2, numbers=("A1",)), False),
        (PublishedDeviation("2.2", HASH_OF_DG2, issued=(date(2026, 1, 1), date(2026, 6, 1))), True),
        (PublishedDeviation("2.2", HASH_OF_DG2, issued=(date(2020, 1, 1), date(2020, 6, 1))), False),
        (PublishedDeviation("2.2", HASH_OF_DG2, code="P", numbers=("A1",)), False),
        (PublishedDeviation("2.2", asn1.encode_integer(1), code="P"), False),
    ],
)
def test_a_deviation_concerns_the_documents_that_all_its_criteria_fit(
    tmp_path: Path, deviation: PublishedDeviation, concerned: bool
) -> None:
    listed = deviation_list(AUTHORITY, [deviation])
    assert hashes_with(tmp_path, listed) is (UNKNOWN if concerned else FAILED)


@pytest.mark.parametrize(
    ("arcs", "parameter", "kind"),
    [
        ("1.1", b"", DefectKind.CERTIFICATE_MALFORMED),
        ("1.4", b"", DefectKind.ACTIVE_KEYS_COMPROMISED),
        ("2.1", asn1.encode_integer(20), DefectKind.SECURITY_OBJECT_INVALID),
        ("2.1", asn1.encode_integer(21), DefectKind.COMMON_DATA_WRONG),
        ("2.3", b"", DefectKind.SECURITY_OBJECT_INVALID),
        ("2.4", b"", DefectKind.COMMON_DATA_WRONG),
        ("3.1", asn1.encode_integer(3), DefectKind.PRINTED_ZONE_WRONG),
        ("3.2", asn1.encode_integer(4), DefectKind.CHECK_DIGIT_WRONG),
        ("4", b"", DefectKind.OTHER),
        ("5", b"", DefectKind.OTHER),
    ],
)
def test_each_kind_of_deviation_is_understood(arcs: str, parameter: bytes, kind: DefectKind) -> None:
    found = parse_defect_list(deviation_list(AUTHORITY, [PublishedDeviation(arcs, parameter, code="P")]))
    assert ([defect.kind for defect in found.defects], found.unusable) == ([kind], ())


def test_a_state_speaks_of_its_own_documents_only(tmp_path: Path) -> None:
    sister = AUTHORITY.for_state("TWN")
    listed = deviation_list(sister, [PublishedDeviation("2.2", HASH_OF_DG2, code="P")])
    assert hashes_with(tmp_path, listed) is FAILED
    assert len(TrustStore.from_directory(tmp_path).defects) == 1


@pytest.mark.parametrize(
    "deviation",
    [PublishedDeviation("2.2", HASH_OF_DG2), PublishedDeviation("2.2", code="P")],
    ids=["no documents", "no data group"],
)
def test_a_deviation_that_says_too_little_is_told_and_not_used(deviation: PublishedDeviation) -> None:
    found = parse_defect_list(deviation_list(AUTHORITY, [deviation]))
    assert found.defects == ()
    assert len(found.unusable) == 1


def test_an_unsigned_deviation_needs_a_signer_to_go_by() -> None:
    found = parse_defect_list(deviation_content([PublishedDeviation("2.2", HASH_OF_DG2, code="P")]))
    assert found.defects == ()
    found = parse_defect_list(deviation_content([PublishedDeviation("2.2", HASH_OF_DG2, signer=SIGNER, code="P")]))
    assert len(found.defects) == 1


def test_three_hundred_thousand_numbers_are_taken() -> None:
    numbers = tuple(f"CA{n:05}A{letter}" for letter in "LMN" for n in range(100_000))
    (defect,) = parse_defect_list(
        deviation_list(AUTHORITY, [PublishedDeviation("2.4", code="C", numbers=numbers)])
    ).defects
    facts = DocumentFacts(certificate=CERTIFICATE, code="C", number="CA54321AM")
    assert defect.covers(facts) is True
    assert defect.covers(replace(facts, number="CA54321AX")) is False


# Scopes and effects -------------------------------------------------------------------------------------------------


def test_the_strongest_mark_of_a_signer_decides() -> None:
    facts = DocumentFacts(SignerIdentifier(CERTIFICATE.issuer, CERTIFICATE.serial, None), CERTIFICATE)
    right = SignerScope(issuer=CERTIFICATE.issuer, serial=CERTIFICATE.serial)
    assert right.covers(facts) is True
    assert replace(right, key_id=b"other").covers(facts) is False
    assert replace(right, digest=bytes(32)).covers(facts) is False
    unknown = DocumentFacts()
    assert [scope.covers(unknown) for scope in (right, SignerScope(key_id=b"1"), SignerScope(digest=b"1"))] == [
        None
    ] * 3
    named = DocumentFacts(SignerIdentifier(None, None, b"1"))
    assert SignerScope(key_id=b"1").covers(named) is True
    assert right.covers(DocumentFacts(facts.signer)) is True
    assert SignerScope().covers(facts) is None


def test_an_authority_s_defect_concerns_every_signer_of_it() -> None:
    facts = DocumentFacts(certificate=CERTIFICATE)
    assert AuthorityScope(CERTIFICATE.authority_key).covers(facts) is True
    assert AuthorityScope(b"other", CERTIFICATE.issuer).covers(facts) is False
    assert AuthorityScope(name=CERTIFICATE.issuer).covers(facts) is True
    assert AuthorityScope(name=CERTIFICATE.subject).covers(facts) is False
    assert AuthorityScope(name=CERTIFICATE.issuer).covers(DocumentFacts()) is None
    assert AuthorityScope().covers(facts) is None


def test_what_is_not_known_of_a_document_decides_nothing() -> None:
    scope = IssueScope("UT", "P", (DAY, DAY), frozenset({"A1"}))
    assert scope.covers(DocumentFacts()) is None
    assert scope.covers(DocumentFacts(number="B2")) is False
    assert Defect(DefectKind.OTHER, (), "nowhere").covers(DocumentFacts()) is None


def _check(section: str, name: str, result: CheckResult, evidence: str = "") -> ChipCheck:
    return ChipCheck(section, name, result, evidence)


@pytest.mark.parametrize(
    ("kind", "code", "check", "expected"),
    [
        (DefectKind.CHIP_KEYS_COMPROMISED, None, _check("5.6.4.1.2", "chip-authentication", OK), FAILED),
        (DefectKind.CHIP_KEYS_COMPROMISED, None, _check("5.6.4.1.3", "chip-authentication", OK), FAILED),
        (DefectKind.CHIP_KEYS_COMPROMISED, None, _check("5.6.4.1.1", "active-authentication", OK), OK),
        (DefectKind.ACTIVE_KEYS_COMPROMISED, None, _check("5.6.4.1.1", "active-authentication", OK), FAILED),
        (DefectKind.ACTIVE_KEYS_COMPROMISED, None, _check("5.6.4.1.1", "active-authentication", NONE), NONE),
        (DefectKind.PROTOCOL_FAILURE, 0, _check("5.6.4.1.2", "chip-authentication", FAILED), UNKNOWN),
        (DefectKind.PROTOCOL_FAILURE, 1, _check("5.6.4.1.2", "chip-authentication", FAILED), FAILED),
        (DefectKind.PROTOCOL_FAILURE, 6, _check("5.6.4.1.3", "chip-authentication", FAILED), UNKNOWN),
        (DefectKind.PROTOCOL_FAILURE, 6, _check("5.6.4.1.1", "active-authentication", OK), OK),
        (DefectKind.PRINTED_ZONE_WRONG, None, _check("5.7.2", "mrz-against-chip", FAILED), UNKNOWN),
        (DefectKind.CARD_SECURITY_MALFORMED, None, _check("5.6.4.2.2", "x", FAILED, "EF.CardSecurity: no"), UNKNOWN),
        (DefectKind.CARD_SECURITY_MALFORMED, None, _check("5.6.4.2.2", "x", FAILED, "no"), FAILED),
        (DefectKind.CERTIFICATE_MALFORMED, None, _check("5.6.4.3.3", "signer-trust", FAILED), UNKNOWN),
        (DefectKind.CERTIFICATE_MALFORMED, None, _check("5.6.4.3.6", "signer-trust", OK), OK),
        (DefectKind.POWER_DOWN_NEEDED, None, _check("5.6.4.1.2", "chip-authentication", FAILED), FAILED),
    ],
)
def test_what_each_defect_does(kind: DefectKind, code: int | None, check: ChipCheck, expected: CheckResult) -> None:
    defect = Defect(kind, (), "a list", code)
    (once,) = settled([check], [defect])
    assert once.result is expected
    assert settled([once], [defect]) == (once,)
