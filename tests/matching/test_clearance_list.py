"""The list of who was inspected before landing: read and written whole, refused without a word of anybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.inspection.clearance import ClearanceStatus
from inspection_station.matching.clearance_list import (
    ClearanceList,
    ClearedDocument,
    MalformedClearance,
    clearance_of,
    clearance_parts,
    load_clearance,
    portraits_of,
    require_clearance,
)

AT = datetime(2026, 11, 22, 22, 10, tzinfo=UTC)
TEXT = """
[clearance]
mission = "EXPLORER-118"
version = "3"
made_at = 2026-11-23T02:00:00Z
[[clearance.documents]]
number = "L898902C<3"
issuing_state = "UTO"
outcome = "cleared"
inspection_id = "i-1"
decided_at = "2026-11-22T22:10:00Z"
[[clearance.documents]]
number = "X1234567"
issuing_state = ""
outcome = "held"
inspection_id = "i-2"
decided_at = "2026-11-22T22:12:00+00:00"
"""


def test_a_list_is_the_same_from_toml_json_and_parts() -> None:
    cleared = load_clearance(TEXT)
    assert [(one.key, one.outcome) for one in cleared.documents] == [
        ("L898902C3", ClearanceStatus.CLEARED),
        ("X1234567", ClearanceStatus.HELD),
    ]
    rows = [
        {
            "number": one.key,
            "issuing_state": one.issuing_state,
            "outcome": one.outcome.value,
            "inspection_id": one.inspection_id,
            "decided_at": one.decided_at.isoformat(),
        }
        for one in cleared.documents
    ]
    head = {"mission": cleared.mission, "version": "3", "made_at": cleared.made_at.isoformat(), "documents": rows}
    assert load_clearance(json.dumps({"clearance": head})) == cleared
    parts = clearance_parts(cleared, [("UTO:L898902C3", b"portrait")])
    again = clearance_of(parts)
    assert set(again.documents) == set(cleared.documents)
    assert dict(portraits_of(parts)) == {"UTO:L898902C3": b"portrait"}
    require_clearance(parts)


def test_a_state_that_is_not_known_fits_any() -> None:
    known, unknown = load_clearance(TEXT).documents
    assert known.fits("L898902C3", "UTO")
    assert known.fits("L898902C3", "")
    assert not known.fits("L898902C3", "JPN")
    assert unknown.fits("X1234567", "JPN")
    assert not unknown.fits("X7654321", "JPN")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[clearance]", "[other]"),
        ("[clearance]", "[clearance"),
        ('outcome = "held"', 'outcome = "fine"'),
        ('outcome = "held"', 'outcome = "not on list"'),
        ('number = "X1234567"', 'number = "<<<"'),
        ('number = "X1234567"', "number = 7"),
        ('number = "X1234567"\nissuing_state = ""', 'number = "L898902C3"\nissuing_state = "UTO"'),
        ('inspection_id = "i-2"', 'inspection_id = ""'),
        ('inspection_id = "i-2"', 'note = "i-2"'),
        ("2026-11-22T22:12:00+00:00", "2026-11-22T22:12:00"),
        ('version = "3"', 'version = "3"\ncolour = "red"'),
    ],
)
def test_what_does_not_say_what_it_must_is_refused_without_naming_a_document(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(MalformedClearance) as refusal:
        load_clearance(TEXT.replace(old, new, 1))
    assert "L898902C3" not in str(refusal.value)
    assert "X1234567" not in str(refusal.value)


@given(st.dictionaries(st.sampled_from(["head", "d/1", "d/2", "p/1"]), st.binary(max_size=80)))
def test_any_parts_are_a_list_or_refused(parts: dict[str, bytes]) -> None:
    try:
        require_clearance(parts)
    except MalformedClearance:
        return
    assert isinstance(clearance_of(parts), ClearanceList)


documents = st.builds(
    ClearedDocument,
    st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=12),
    st.sampled_from(["UTO", "TWN", "D", ""]),
    st.sampled_from([one for one in ClearanceStatus if one is not ClearanceStatus.NOT_ON_LIST]),
    st.text("abcdef0123456789-", min_size=1, max_size=36),
    st.just(AT),
)


@given(st.lists(documents, unique_by=lambda one: one.identifier, max_size=12))
def test_every_list_survives_being_taken_apart(rows: list[ClearedDocument]) -> None:
    cleared = ClearanceList("m-1", "1", AT, tuple(rows))
    again = clearance_of(clearance_parts(cleared))
    assert set(again.documents) == set(rows)
    assert (again.mission, again.version, again.made_at) == ("m-1", "1", AT)
