"""Whether headquarters was in reach stands on each check that it could have answered, and in the record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk_props import FakeDesk, Script

from inspection_station.inspection.biometrics import FingerprintCapture, FingerSearch
from inspection_station.inspection.evidence import Taken
from inspection_station.inspection.face_search import (
    HEADQUARTERS_ONLY,
    FaceProbe,
    FaceSearchResult,
    GroupNotSearched,
    GroupSearched,
    GroupUse,
)
from inspection_station.inspection.inspection import Inspection
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistResult
from inspection_station.ui.presenters.checks import check_rows
from inspection_station.ui.presenters.reach import Reach, reach
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording

AT = "2026-11-23T13:00:00Z"
HERE = ListConsulted("wanted-1", ListKind.WANTED, "7", AT, False)
ASKED = ListConsulted("RMAS", ListKind.ALERT, "", AT, False, "RMAS", AT)


def inspected(step: Step, result: object) -> Inspection:
    inspection = FakeDesk(Script()).begin().inspection
    assert inspection is not None
    evidence = inspection.evidence.get(step)
    taken = evidence if isinstance(evidence, Taken) else Taken(None, 100.0, 0.0)  # type: ignore[arg-type]
    return replace(inspection, evidence={**inspection.evidence, step: replace(taken, result=result)})


def lists(*consulted: ListConsulted, away: tuple[str, ...] = ()) -> WatchlistResult:
    return WatchlistResult(consulted, (), away)


def groups(online: bool, away: bool) -> FaceSearchResult:
    searched = GroupSearched("foreign-wanted", GroupUse.ALERT, 1, 10, 0.5, True, AT, None, "", AT if online else "")
    not_searched = (GroupNotSearched("e-gate-foreigners", HEADQUARTERS_ONLY),) if away else ()
    return FaceSearchResult("model", FaceProbe.LIVE, True, (searched,), (), not_searched)


@pytest.mark.parametrize(
    ("step", "result", "expected"),
    [
        (Step.WATCHLIST, lists(HERE, away=("RMAS",)), Reach.OFFLINE),
        (Step.WATCHLIST, lists(HERE, ASKED), Reach.ONLINE),
        (Step.WATCHLIST, lists(replace(HERE, online_at=AT), away=("RMAS",)), Reach.PARTLY),
        (Step.GROUPS, groups(online=False, away=True), Reach.OFFLINE),
        (Step.GROUPS, groups(online=True, away=False), Reach.ONLINE),
        (Step.GROUPS, groups(online=True, away=True), Reach.PARTLY),
        (Step.GROUPS, groups(online=False, away=False), None),
        (Step.FINGERPRINTS, FingerprintCapture(()), None),
    ],
)
def test_a_check_tells_whether_headquarters_answered(step: Step, result: object, expected: Reach | None) -> None:
    assert reach(inspected(step, result), step) is expected


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (None, Reach.OFFLINE),
        (FingerSearch("BIO", code="NET-02"), Reach.OFFLINE),
        (FingerSearch("BIO", AT, 9), Reach.ONLINE),
    ],
)
def test_fingers_that_nobody_compared_are_offline(search: FingerSearch | None, expected: Reach) -> None:
    inspection = FakeDesk(Script()).begin().inspection
    assert inspection is not None
    taken = inspection.evidence[Step.FINGERPRINTS]
    assert isinstance(taken, Taken)
    assert isinstance(taken.result, FingerprintCapture)
    assert taken.result.samples
    given = inspected(Step.FINGERPRINTS, replace(taken.result, search=search))
    assert reach(given, Step.FINGERPRINTS) is expected


def test_the_badge_stands_on_the_row_grey_where_it_was_offline() -> None:
    rows = check_rows(inspected(Step.WATCHLIST, lists(HERE, away=("RMAS",))), Wording("zh_TW"))
    row = next(row for row in rows if row.step is Step.WATCHLIST)
    assert (row.badge, row.badge_tone) == ("離線", Tone.UNCHECKED)
    assert next(row for row in rows if row.step is Step.DOCUMENT).badge == ""


def test_a_step_that_was_not_made_has_no_badge() -> None:
    inspection = FakeDesk(Script(hold=frozenset(Step))).begin().inspection
    assert inspection is not None
    assert reach(inspection, Step.WATCHLIST) is None
