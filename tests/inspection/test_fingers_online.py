"""Who else has these fingers: an answer ends «not searched», a candidate bars, silence stays grey."""

from __future__ import annotations

import pytest

from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import (
    FingerCandidate,
    FingerPosition,
    FingerprintCapture,
    FingerprintSample,
    FingerSearch,
)
from inspection_station.inspection.codec import event_from_plain, to_plain
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.finding_rules import _fingers
from inspection_station.inspection.findings import OverrideRule, Severity
from inspection_station.inspection.redaction import without_biometrics

SAMPLE = FingerprintSample(BlobRef("0" * 64, "image/png", 9), FingerPosition.RIGHT_INDEX, 70, "nfiq")
CLEAN = FingerSearch("foreigner-biometrics", "2026-05-04T03:02:01+00:00", 900)
FOUND = FingerSearch(CLEAN.system, CLEAN.online_at, 900, (FingerCandidate("controlled-foreigners", "W-0", 0.7),))
SILENT = FingerSearch("foreigner-biometrics", code="NET-01")


@pytest.mark.parametrize("search", [None, SILENT])
def test_without_an_answer_fingers_stay_not_searched(search: FingerSearch | None) -> None:
    (finding,) = _fingers(FingerprintCapture((SAMPLE,), search=search))
    assert (finding.key, finding.code, finding.severity) == ("fingerprints:not-searched", "BIO-11", Severity.UNCHECKED)


def test_an_answer_without_candidates_leaves_nothing_to_say() -> None:
    assert not list(_fingers(FingerprintCapture((SAMPLE,), search=CLEAN)))


def test_a_candidate_bars_until_two_persons_have_judged() -> None:
    (finding,) = _fingers(FingerprintCapture((SAMPLE,), search=FOUND))
    assert (finding.code, finding.severity, finding.override) == ("BIO-04", Severity.BAR, OverrideRule.TWO_PERSONS)
    assert finding.key == "fingerprints:candidate:controlled-foreigners:W-0"


def known(group: str, same_document: bool) -> FingerSearch:
    return FingerSearch(CLEAN.system, CLEAN.online_at, 900, (FingerCandidate(group, "i-9", 0.7, same_document),))


def test_the_travellers_own_earlier_fingers_under_the_same_document_bar_nothing() -> None:
    (finding,) = _fingers(FingerprintCapture((SAMPLE,), search=known("biometric-enrolled", True)))
    assert (finding.key, finding.code, finding.severity) == ("fingerprints:known", "BIO-14", Severity.NOTE)


@pytest.mark.parametrize(("group", "same_document"), [("biometric-enrolled", False), ("controlled-foreigners", True)])
def test_fingers_under_another_document_or_of_a_controlled_person_bar(group: str, same_document: bool) -> None:
    (finding,) = _fingers(FingerprintCapture((SAMPLE,), search=known(group, same_document)))
    assert (finding.code, finding.severity) == ("BIO-04", Severity.BAR)


def test_a_journal_of_an_older_station_knows_no_document_of_a_candidate() -> None:
    plain = to_plain(e.FingerprintsCaptured(1, 10.0, 5.0, (SAMPLE,), search=FOUND))
    assert isinstance(plain, dict)
    del plain["search"]["candidates"][0]["same_document"]
    event = event_from_plain(plain)
    assert isinstance(event, e.FingerprintsCaptured)
    assert event.search == FOUND


def test_the_search_is_in_the_journal_and_goes_with_everything_biometric() -> None:
    event = e.FingerprintsCaptured(1, 10.0, 5.0, (SAMPLE,), search=FOUND)
    assert event_from_plain(to_plain(event)) == event
    (redacted,) = without_biometrics([event])
    assert isinstance(redacted, e.FingerprintsCaptured)
    assert (redacted.samples, redacted.search) == ((), None)


def test_a_journal_of_an_older_station_has_no_search() -> None:
    plain = to_plain(e.FingerprintsCaptured(1, 10.0, 5.0, (SAMPLE,)))
    assert isinstance(plain, dict)
    del plain["search"]
    event = event_from_plain(plain)
    assert isinstance(event, e.FingerprintsCaptured)
    assert event.search is None
