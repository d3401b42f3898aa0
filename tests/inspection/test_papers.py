"""Permits and the manifest in the findings: asked of those who need one, and never green unless somebody looked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_builders import chip_read, document_read, searched, started

from inspection_station.inspection import events as e
from inspection_station.inspection.codec import event_from_plain, to_plain
from inspection_station.inspection.finding_rules import findings
from inspection_station.inspection.findings import Finding, OverrideRule, Severity
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.papers import Announced, ManifestAnswer, PermitAnswer, PermitStatus
from inspection_station.inspection.person_class import PersonClass
from inspection_station.inspection.workflow import advance

ASKED = (PersonClass.MAINLAND, PersonClass.HONG_KONG_MACAO)
GOOD = PermitAnswer(PermitStatus.VALID, ASKED, "permits 1", number="113", kind="entry permit")


def told(
    permit: PermitAnswer | None = None,
    manifest: ManifestAnswer | None = None,
    nationality: str = "CHN",
    *more: e.Event,
) -> Inspection:
    answer = searched()
    answer = replace(answer, result=replace(answer.result, permit=permit, manifest=manifest))
    inspection: Inspection | None = None
    for event in (started(), document_read(nationality=nationality), chip_read(), answer, *more):
        inspection = advance(inspection, event).inspection
    assert inspection is not None
    return inspection


def found(inspection: Inspection) -> dict[str, Finding]:
    return {one.code: one for one in findings(inspection) if one.code.startswith(("PMT", "MAN"))}


def test_a_good_permit_says_nothing() -> None:
    assert found(told(GOOD)) == {}


def test_no_permit_bars_until_one_officer_has_seen_it() -> None:
    (one,) = found(told(replace(GOOD, status=PermitStatus.NONE))).values()
    assert (one.code, one.severity, one.override) == ("PMT-01", Severity.BAR, OverrideRule.ONE_PERSON)


@pytest.mark.parametrize(
    "status", [PermitStatus.EXPIRED, PermitStatus.USED, PermitStatus.CANCELLED, PermitStatus.NOT_YET]
)
def test_a_permit_that_is_no_longer_good_is_set_aside_by_two(status: PermitStatus) -> None:
    (one,) = found(told(replace(GOOD, status=status))).values()
    assert (one.code, one.severity, one.override) == ("PMT-02", Severity.BAR, OverrideRule.TWO_PERSONS)


def test_permits_that_nobody_looked_at_are_grey() -> None:
    (one,) = found(told(replace(GOOD, status=PermitStatus.NOT_CHECKED))).values()
    assert (one.code, one.severity) == ("PMT-04", Severity.UNCHECKED)


def test_a_permit_that_differs_asks_for_a_look() -> None:
    (one,) = found(told(replace(GOOD, differing=("name",)))).values()
    assert (one.code, one.severity, one.detail) == ("PMT-03", Severity.LOOK, "name")


def test_an_old_list_of_permits_is_told_as_other_lists_are() -> None:
    codes = [one.detail for one in findings(told(replace(GOOD, stale=True))) if one.code == "LST-01"]
    assert codes == ["permits"]


def test_of_somebody_who_needs_none_nothing_is_said() -> None:
    assert found(told(replace(GOOD, status=PermitStatus.NONE), nationality="JPN")) == {}


def test_the_class_that_the_officer_confirms_decides() -> None:
    asked = replace(GOOD, status=PermitStatus.NONE)
    confirmed = e.PersonClassConfirmed("o-1", PersonClass.FOREIGNER)
    assert found(told(asked)) != {}
    assert found(told(asked, None, "CHN", confirmed)) == {}


@pytest.mark.parametrize(
    ("answer", "code", "severity"),
    [
        (ManifestAnswer(Announced.YES, "V-1", "now 1"), "", None),
        (ManifestAnswer(Announced.YES, "V-1", "now 1", differing=("name",)), "MAN-01", Severity.LOOK),
        (ManifestAnswer(Announced.NOT_CHECKED, "V-1"), "MAN-02", Severity.UNCHECKED),
        (ManifestAnswer(Announced.NO, "V-1", "now 1"), "MAN-03", Severity.LOOK),
    ],
)
def test_the_manifest_is_asked_of_everybody(answer: ManifestAnswer, code: str, severity: Severity | None) -> None:
    expected = {code: severity} if code else {}
    assert {key: one.severity for key, one in found(told(None, answer, "JPN")).items()} == expected


def test_answers_about_papers_survive_the_journal() -> None:
    answer = searched()
    answer = replace(answer, result=replace(answer.result, permit=GOOD, manifest=ManifestAnswer(Announced.YES, "V-1")))
    assert event_from_plain(to_plain(answer)) == answer


def test_a_journal_from_before_papers_is_read() -> None:
    plain = to_plain(searched())
    assert isinstance(plain, dict)
    for name in ("permit", "manifest"):
        del plain["result"][name]
    assert event_from_plain(plain) == searched()
