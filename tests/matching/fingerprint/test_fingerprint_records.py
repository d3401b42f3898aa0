"""Minutiae records: exact bytes, both standards, and nothing that garbage can break."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.extraction import Extraction
from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.matching.fingerprint.minutiae_record import (
    ExtendedArea,
    FingerView,
    MinutiaeFormat,
    MinutiaeRecord,
    RecordedMinutia,
    read_record,
    write_record,
)
from inspection_station.matching.fingerprint.template_record import read_template, read_templates, template_bytes

ONE_MINUTIA = MinutiaeRecord(
    MinutiaeFormat.ISO, 400, 500, 197, 197, (FingerView(2, 0, 0, 90, (RecordedMinutia(1, 100, 14, 112, 93),)),)
)


def minutiae(form: MinutiaeFormat) -> st.SearchStrategy[RecordedMinutia]:
    most = 255 if form is MinutiaeFormat.ISO else 179
    fourteen = st.integers(0, 0x3FFF)
    return st.builds(RecordedMinutia, st.integers(0, 2), fourteen, fourteen, st.integers(0, most), st.integers(0, 255))


def records(form: MinutiaeFormat) -> st.SearchStrategy[MinutiaeRecord]:
    sixteen = st.integers(1, 0xFFFF)
    areas = st.builds(ExtendedArea, st.integers(0, 0xFFFF), st.binary(max_size=40))
    four = st.integers(0, 15)
    view = st.builds(
        FingerView,
        st.integers(0, 255),
        four,
        four,
        st.integers(0, 255),
        st.lists(minutiae(form), max_size=30).map(tuple),
        st.lists(areas, max_size=3).map(tuple),
    )
    product = st.integers(0, 0xFFFFFFFF) if form is MinutiaeFormat.ANSI else st.just(0)
    return st.builds(
        MinutiaeRecord,
        st.just(form),
        sixteen,
        sixteen,
        sixteen,
        sixteen,
        st.lists(view, min_size=1, max_size=4).map(tuple),
        st.integers(0, 0xFFFF),
        product,
    )


def test_an_iso_record_has_the_bytes_of_the_standard() -> None:
    expected = bytes.fromhex(
        "464d5200 20323000 00000024 0000 0190 01f4 00c5 00c5 01 00"  # record header, 24 bytes
        "02 00 5a 01"  # finger header: right index, view 0 live plain, quality, one minutia
        "4064 000e 70 5d"  # ending at 100, 14; 112 steps of 1.40625 degrees; quality 93
        "0000"  # no extended data
    )
    assert write_record(ONE_MINUTIA) == expected
    assert read_record(expected) == ONE_MINUTIA


def test_an_ansi_record_has_a_short_length_and_a_product() -> None:
    record = MinutiaeRecord(MinutiaeFormat.ANSI, 400, 500, 197, 197, ONE_MINUTIA.views, 0, 0x00120034)
    expected = bytes.fromhex(
        "464d5200 20323000 0026 00120034 0000 0190 01f4 00c5 00c5 01 00 02 00 5a 01 4064 000e 70 5d 0000"
    )
    assert write_record(record) == expected
    assert read_record(expected) == record


def test_an_ansi_record_beyond_64_kilobytes_carries_the_long_length() -> None:
    views = tuple(FingerView(position, 0, 0, 50, (), (ExtendedArea(0x200, bytes(60_000)),)) for position in (2, 7))
    record = MinutiaeRecord(MinutiaeFormat.ANSI, 400, 500, 197, 197, views)
    data = write_record(record)
    assert data[8:10] == b"\0\0"
    assert struct.unpack_from(">I", data, 10)[0] == len(data)
    assert read_record(data) == record


@pytest.mark.parametrize("form", list(MinutiaeFormat))
def test_what_is_written_is_read_back_and_written_again_alike(form: MinutiaeFormat) -> None:
    @settings(max_examples=150, deadline=None)
    @given(records(form))
    def holds(record: MinutiaeRecord) -> None:
        data = write_record(record)
        assert read_record(data) == record
        assert write_record(read_record(data)) == data

    holds()


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_refused_with_a_reason(noise: bytes, headed: bool) -> None:
    data = b"FMR\x00 20\x00" + noise if headed else noise
    with pytest.raises(UnusableFingerprint):
        read_template(data)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_an_altered_template_is_read_or_refused(
    data: st.DataObject, extractions: dict[tuple[int, int], Extraction]
) -> None:
    good = bytearray(template_bytes(extractions[3, 0].template))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(good)))
    torn = bytes(good[:cut] if data.draw(st.booleans()) else good)
    try:
        template = read_template(torn)
    except UnusableFingerprint:
        return
    assert compare(template, extractions[3, 0].template).fmr > 0


@pytest.mark.parametrize("cut", [0, 3, 8, 20, 30, 35])
def test_a_cut_record_is_refused(cut: int) -> None:
    with pytest.raises(UnusableFingerprint) as refused:
        read_record(write_record(ONE_MINUTIA)[:cut])
    assert refused.value.code in {
        FingerprintFault.EMPTY,
        FingerprintFault.TRUNCATED,
        FingerprintFault.MALFORMED_TEMPLATE,
    }


def test_what_a_record_cannot_hold_is_not_written() -> None:
    wide = RecordedMinutia(1, 20_000, 0, 0, 0)
    with pytest.raises(ValueError, match="out of the picture"):
        write_record(MinutiaeRecord(MinutiaeFormat.ISO, 1, 1, 1, 1, (FingerView(0, 0, 0, 0, (wide,)),)))
    steep = RecordedMinutia(1, 0, 0, 180, 0)
    with pytest.raises(ValueError, match="two degrees"):
        write_record(MinutiaeRecord(MinutiaeFormat.ANSI, 1, 1, 1, 1, (FingerView(0, 0, 0, 0, (steep,)),)))


def test_an_iso_template_read_back_is_the_template_that_was_written(
    extractions: dict[tuple[int, int], Extraction],
) -> None:
    written = extractions[3, 0].template
    ((position, again),) = read_templates(template_bytes(written, position=FingerPosition.LEFT_RING))
    assert position is FingerPosition.LEFT_RING
    for name in ("x", "y", "turn", "kind", "quality"):
        assert np.array_equal(getattr(again.minutiae, name), getattr(written.minutiae, name))
    assert np.array_equal(again.bits, written.bits)
    assert np.array_equal(again.flow, written.flow)
    assert compare(again, extractions[3, 1].template) == compare(written, extractions[3, 1].template)


def test_ansi_moves_no_direction_by_more_than_a_degree(extractions: dict[tuple[int, int], Extraction]) -> None:
    written = extractions[3, 0].template
    again = read_template(template_bytes(written, MinutiaeFormat.ANSI))
    off = (again.minutiae.turn - written.minutiae.turn).astype(np.int8)
    assert np.abs(off).max() <= 1
    assert compare(again, extractions[3, 1].template).match


def test_minutiae_alone_are_enough_to_compare(extractions: dict[tuple[int, int], Extraction]) -> None:
    bare = {key: read_template(template_bytes(one.template, with_flow=False)) for key, one in extractions.items()}
    assert not bare[3, 0].has_flow
    assert len(template_bytes(extractions[3, 0].template, with_flow=False)) < 500
    assert compare(bare[3, 0], bare[3, 1]).match
    assert compare(bare[3, 0], extractions[3, 2].template).match
    assert compare(bare[3, 0], bare[11, 0]).score < compare(bare[3, 0], bare[3, 1]).score
