"""Tags and lengths from hostile bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import asn1, tlv
from inspection_station.documents.emrtd.errors import MalformedChipData

TAGS = st.sampled_from([0x02, 0x04, 0x30, 0x31, 0x5F1F, 0x7F61, 0x87, 0xA0, 0xBF8101])


@given(TAGS, st.binary(max_size=70_000))
def test_what_is_encoded_is_read_back(tag: int, value: bytes) -> None:
    element, end = tlv.read(tlv.encode(tag, value))
    assert (element.tag, element.value, end) == (tag, value, len(element.raw))


@given(st.binary(max_size=200))
def test_any_bytes_are_elements_or_malformed(data: bytes) -> None:
    try:
        rebuilt = b"".join(element.raw for element in tlv.elements(data))
    except MalformedChipData:
        return
    assert rebuilt == data


@given(st.binary(max_size=300))
def test_any_bytes_become_definite_or_malformed(data: bytes) -> None:
    try:
        once = tlv.to_definite(data)
    except MalformedChipData:
        return
    assert tlv.to_definite(once) == once


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x05\x00",
        b"\x30\x85\x00\x00\x00\x00\x01",
        b"\x3f\x81\x81\x81\x01",
        b"\x30\x82\x01",
        b"\x30\x80",
    ],
)
def test_a_length_or_tag_that_does_not_fit_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedChipData) as caught:
        tlv.read(data)
    assert caught.value.code == "CHP-07"


def test_indefinite_lengths_become_definite_and_split_strings_whole() -> None:
    split = b"\x24\x80" + tlv.encode(0x04, b"ab") + tlv.encode(0x04, b"cd") + b"\0\0"
    assert tlv.to_definite(b"\x30\x80" + split + b"\0\0") == tlv.encode(0x30, tlv.encode(0x04, b"abcd"))


def test_what_holds_nothing_indefinite_keeps_its_bytes() -> None:
    long_form = b"\x30\x81\x04\x02\x81\x01\x05"
    assert tlv.to_definite(long_form) == long_form


def test_nesting_without_end_is_refused_and_not_followed() -> None:
    with pytest.raises(MalformedChipData, match="nested"):
        tlv.to_definite(b"\x30\x80" * 30_000)


@given(st.integers(-(1 << 2000), 1 << 2000))
def test_integers_survive(value: int) -> None:
    assert asn1.integer(tlv.read(asn1.encode_integer(value))[0]) == value


@given(st.lists(st.integers(0, 1 << 40), max_size=10), st.integers(0, 2), st.integers(0, 39))
def test_object_identifiers_survive(rest: list[int], first: int, second: int) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert asn1.oid(tlv.read(asn1.encode_oid(dotted))[0]) == dotted


@pytest.mark.parametrize(("encoded", "year"), [(b"491231235959Z", 2049), (b"500101000000Z", 1950)])
def test_two_digit_years_turn_at_fifty(encoded: bytes, year: int) -> None:
    assert asn1.moment(tlv.read(tlv.encode(asn1.UTC_TIME, encoded))[0]).year == year


def test_a_day_that_does_not_exist_is_malformed() -> None:
    with pytest.raises(MalformedChipData):
        asn1.moment(tlv.read(tlv.encode(asn1.UTC_TIME, b"260230000000Z"))[0])
