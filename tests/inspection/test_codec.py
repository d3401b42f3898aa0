"""Core values survive the way to JSON and back, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import ComparisonResult, FingerprintCapture, FingerprintSample
from inspection_station.inspection.chip import AccessProtocol, ChipReading
from inspection_station.inspection.codec import (
    TAG,
    MalformedPlain,
    canonical_json,
    event_from_plain,
    from_plain,
    parse_json,
    to_plain,
    union_from_plain,
)
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.evidence import Evidence, Missing, Taken
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import Step

EVENTS = typing.get_args(e.Event)

_numbers = st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(max_size=12)
for scalar, strategy in ((float, _numbers), (str, _texts)):
    st.register_type_strategy(scalar, strategy)
st.register_type_strategy(date, st.dates())

values_of_events = st.one_of([st.from_type(cls) for cls in EVENTS])
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(values_of_events)
def test_every_event_returns_as_it_was(event: e.Event) -> None:
    assert event_from_plain(parse_json(canonical_json(to_plain(event)))) == event


@quick
@given(st.from_type(InspectionRecord))
def test_every_record_returns_as_it_was(record: InspectionRecord) -> None:
    assert from_plain(InspectionRecord, parse_json(canonical_json(to_plain(record)))) == record


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
def test_each_event_names_its_class(cls: type) -> None:
    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_type(cls))
    def check(event: e.Event) -> None:
        plain = to_plain(event)
        assert isinstance(plain, dict)
        assert plain[TAG] == cls.__name__
        assert event_from_plain(plain) == event

    check()


@quick
@given(st.from_type(InspectionRecord))
def test_equal_values_have_equal_bytes(record: InspectionRecord) -> None:
    data = canonical_json(to_plain(record))
    again = from_plain(InspectionRecord, json.loads(data))
    assert canonical_json(to_plain(again)) == data


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.just(TAG), inner, max_size=4)
        ),
    )
)
def test_any_plain_data_are_read_or_refused(plain: object) -> None:
    with pytest.raises(MalformedPlain):
        event_from_plain(plain)
    with pytest.raises(MalformedPlain):
        from_plain(InspectionRecord, plain)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    try:
        parse_json(data)
    except MalformedPlain:
        return


_CORRUPTIONS = st.sampled_from([None, True, 7, -1.5, "", "x", [], {}, [None], {TAG: "Event"}])


@quick
@given(values_of_events, st.data())
def test_a_corrupted_field_is_read_or_refused_but_never_crashes(event: e.Event, data: st.DataObject) -> None:
    plain = json.loads(canonical_json(to_plain(event)))
    spot: typing.Any = plain
    while True:
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(spot[key], (dict, list)) and spot[key] and data.draw(st.booleans()):
            spot = spot[key]
            continue
        spot[key] = data.draw(_CORRUPTIONS)
        break
    try:
        event_from_plain(plain)
    except MalformedPlain:
        return


def missing_step() -> e.StepFailed:
    return e.StepFailed(Step.CHIP, 2, "CHP-01", "no answer")


def test_the_refusal_says_where_and_quotes_nothing() -> None:
    plain = typing.cast(dict[str, object], to_plain(missing_step()))
    with pytest.raises(MalformedPlain) as refusal:
        event_from_plain({**plain, "step": "L898902C3"})
    assert refusal.value.path == "step"
    assert "L898902C3" not in str(refusal.value)


def test_a_missing_field_is_named() -> None:
    plain = typing.cast(dict[str, object], to_plain(missing_step()))
    del plain["attempt"]
    with pytest.raises(MalformedPlain, match="lacks attempt"):
        event_from_plain(plain)


def test_a_field_with_a_default_may_be_absent() -> None:
    plain = typing.cast(dict[str, object], to_plain(e.StepFailed(Step.CHIP, 1, "CHP-01")))
    del plain["detail"]
    assert event_from_plain(plain) == e.StepFailed(Step.CHIP, 1, "CHP-01")


def test_an_unknown_field_is_refused() -> None:
    plain = typing.cast(dict[str, object], to_plain(missing_step()))
    with pytest.raises(MalformedPlain, match="1 unknown field"):
        event_from_plain({**plain, "portrait": "…"})


def test_another_class_than_asked_for_is_refused() -> None:
    with pytest.raises(MalformedPlain, match="another class"):
        from_plain(e.NoteAdded, to_plain(missing_step()))


def test_truth_values_are_no_numbers() -> None:
    plain = typing.cast(dict[str, object], to_plain(missing_step()))
    with pytest.raises(MalformedPlain):
        event_from_plain({**plain, "attempt": True})


def test_a_whole_number_serves_as_a_float() -> None:
    plain = typing.cast(dict[str, object], to_plain(Taken(reading(), 3.0, 2.0)))
    taken = union_from_plain(Evidence, {**plain, "total_ms": 3})
    assert isinstance(taken, Taken)
    assert type(taken.total_ms) is float


def test_numbers_that_are_not_finite_are_refused_both_ways() -> None:
    with pytest.raises(MalformedPlain):
        to_plain(Taken(reading(), float("nan")))
    with pytest.raises(MalformedPlain):
        parse_json(b'{"total_ms": Infinity}')


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(MalformedPlain, match="twice"):
        parse_json(b'{"a": 1, "a": 2}')


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(MalformedPlain):
        parse_json(b"[" * 200_000)


def test_half_a_surrogate_pair_cannot_be_written() -> None:
    with pytest.raises(MalformedPlain):
        canonical_json(to_plain(e.NoteAdded("officer-1", "\ud800")))


def test_bytes_have_no_plain_form() -> None:
    @dataclasses.dataclass(frozen=True)
    class Portrait:
        picture: bytes

    with pytest.raises(TypeError):
        to_plain(Portrait(b"\xff\xd8"))


def test_fingers_and_comparisons_are_told_apart_in_evidence() -> None:
    @quick
    @given(st.from_type(FingerprintSample), st.from_type(ComparisonResult))
    def check(finger: FingerprintSample, comparison: ComparisonResult) -> None:
        for result in (FingerprintCapture((finger, finger), (), (comparison,)), (comparison,), ()):
            evidence = Taken(result)
            assert union_from_plain(Evidence, parse_json(canonical_json(to_plain(evidence)))) == evidence

    check()


def test_mappings_sets_and_dates_have_a_plain_form() -> None:
    assert to_plain(BOARD) == {
        TAG: "Board",
        "evidence": {"chip": {TAG: "Missing", "code": "CHP-01", "detail": ""}},
        "running": ["chip", "face"],
        "today": "2026-05-04",
        "place": ["quay", 3],
    }
    assert from_plain(Board, to_plain(BOARD)) == BOARD


@dataclasses.dataclass(frozen=True)
class Board:
    evidence: Mapping[Step, Evidence]
    running: frozenset[Step]
    today: date
    place: tuple[str, int]


BOARD = Board({Step.CHIP: Missing("CHP-01")}, frozenset({Step.FACE, Step.CHIP}), date(2026, 5, 4), ("quay", 3))


@pytest.mark.parametrize("day", ["2026-13-01", "20260504", "2026-W19-1", "", 7])
def test_a_day_that_does_not_exist_is_refused(day: object) -> None:
    plain = typing.cast(dict[str, object], to_plain(BOARD))
    with pytest.raises(MalformedPlain):
        from_plain(Board, {**plain, "today": day})


def test_a_set_with_a_member_twice_is_refused() -> None:
    plain = typing.cast(dict[str, object], to_plain(BOARD))
    with pytest.raises(MalformedPlain, match="twice"):
        from_plain(Board, {**plain, "running": ["chip", "chip"]})


def reading() -> ChipReading:
    """Evidence that holds something."""
    return ChipReading(AccessProtocol.BAC, (), None, BlobRef("00" * 32, "image/jp2", 12), ())
