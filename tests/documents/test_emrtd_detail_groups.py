"""The optional data groups: what they hold comes out, and hostile bytes are refused with the one typed error."""

import pytest
from fakes.chip_material import PORTRAIT, outside_data
from hypothesis import given
from hypothesis import strategies as st

from inspection_station.documents.emrtd import tlv
from inspection_station.documents.emrtd.detail_groups import (
    contacts,
    displayed_pictures,
    document_details,
    holder_details,
    optional_details,
)
from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import Compression, finger_images
from inspection_station.documents.emrtd.group_format import check_format
from inspection_station.inspection.chip import CheckResult

HOLDER = tlv.encode(
    0x6B,
    tlv.encode(0x5C, bytes.fromhex("5F0EA05F105F2B5F115F425F16")),
    tlv.encode(0x5F0E, "MÜLLER<<JÖRG".encode()),
    tlv.encode(0xA0, tlv.encode(0x02, b"\x02"), tlv.encode(0x5F0F, b"SMITH<<A"), tlv.encode(0x5F0F, b"SMYTHE<<A")),
    tlv.encode(0x5F10, b"1234567"),
    tlv.encode(0x5F2B, bytes.fromhex("19740812")),
    tlv.encode(0x5F11, b"Z\xfcrich<CH"),
    tlv.encode(0x5F42, b"STREET 1<TOWN"),
    tlv.encode(0x5F16, PORTRAIT),
)
DOCUMENT = tlv.encode(
    0x6C,
    tlv.encode(0x5C, bytes.fromhex("5F195F26A05F1E5F55")),
    tlv.encode(0x5F19, b"UTOPIA"),
    tlv.encode(0x5F26, b"20240229"),
    tlv.encode(0xA0, tlv.encode(0x02, b"\x01"), tlv.encode(0x5F1A, b"SMITH<<B")),
    tlv.encode(0x5F1E, PORTRAIT),
    tlv.encode(0x5F55, bytes.fromhex("20240229121314")),
)


def finger(compression: int = 2, image: bytes = b"\xff\xa0noise", width: int = 300, spoil: int = 0) -> bytes:
    view = (14 + len(image) + spoil).to_bytes(4, "big") + bytes((7, 1, 1, 90, 0))
    view += width.to_bytes(2, "big") + (400).to_bytes(2, "big") + b"\0" + image
    header = b"FIR\x00010\x00" + (32 + len(view)).to_bytes(6, "big") + bytes((0, 0, 0, 31, 1, 1))
    header += (500).to_bytes(2, "big") * 4 + bytes((8, compression, 0, 0))
    template = tlv.encode(0x7F60, tlv.encode(0xA1, b""), tlv.encode(0x5F2E, header + view))
    return tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01"), template))


def test_the_holder_s_details_come_out() -> None:
    found = holder_details(HOLDER)
    assert (found.name, found.personal_number, found.date_of_birth) == ("MÜLLER<<JÖRG", "1234567", "19740812")
    assert found.other_names == ("SMITH<<A", "SMYTHE<<A")
    assert found.place_of_birth == "Zürich<CH"
    assert found.proof_of_citizenship == PORTRAIT
    assert found.telephone is None
    assert "SMITH" not in repr(found)


def test_the_document_s_details_come_out() -> None:
    found = document_details(DOCUMENT)
    assert (found.issuing_authority, found.date_of_issue, found.personalised_at) == (
        "UTOPIA",
        "20240229",
        "20240229121314",
    )
    assert (found.other_persons, found.rear, found.front) == (("SMITH<<B",), PORTRAIT, None)
    assert "UTOPIA" not in repr(found)


def test_whom_to_notify_comes_out() -> None:
    entry = tlv.encode(0xA1, tlv.encode(0x5F50, b"20240101"), tlv.encode(0x5F51, b"SMITH<<C"))
    (found,) = contacts(tlv.encode(0x70, tlv.encode(0x02, b"\x01"), entry))
    assert (found.recorded, found.name, found.address) == ("20240101", "SMITH<<C", None)
    assert "SMITH" not in repr(found)


def test_displayed_pictures_come_out() -> None:
    for tag, inner in ((0x65, 0x5F40), (0x67, 0x5F43)):
        group = tlv.encode(tag, tlv.encode(0x02, b"\x01"), tlv.encode(inner, PORTRAIT))
        assert displayed_pictures(group) == (PORTRAIT,)


def test_what_a_state_keeps_for_itself_stays_as_it_is() -> None:
    assert optional_details(tlv.encode(0x6D, b"anything")) == b"anything"


def test_the_fingers_of_a_published_chip_come_out() -> None:
    found = finger_images(outside_data("bsi2008", "Datagroup3.bin").read_bytes())
    assert [one.position for one in found] == [2, 7]
    assert {(one.compression, one.width, one.height, one.resolution) for one in found} == {
        (Compression.WSQ, 620, 620, 500)
    }
    assert all(one.image.endswith(b"\xff\xa1") for one in found)


def test_one_finger_comes_out_and_an_empty_group_has_none() -> None:
    (found,) = finger_images(finger())
    assert (found.position, found.quality, found.width, found.height) == (7, 90, 300, 400)
    assert found.per_inch
    assert finger_images(tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x02, b"\x00")))) == ()


@pytest.mark.parametrize(
    "group",
    [
        finger(compression=9),
        finger(image=b"no wsq"),
        finger(compression=0, image=bytes(10)),
        finger(width=0),
        finger(width=60_000),
        finger(spoil=5),
        tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x7F60, tlv.encode(0x5F2E, b"FIR\0")))),
        tlv.encode(0x63, tlv.encode(0x7F61, tlv.encode(0x7F60, tlv.encode(0x7F2E, b"")))),
        tlv.encode(0x63),
    ],
)
def test_fingers_that_do_not_fit_are_refused(group: bytes) -> None:
    with pytest.raises(MalformedChipData):
        finger_images(group)


@pytest.mark.parametrize(
    "group",
    [
        tlv.encode(0x6B, tlv.encode(0x5F2B, b"someday!")),
        tlv.encode(0x6B, tlv.encode(0x5F2B, b"197")),
        tlv.encode(0x6B, tlv.encode(0x5F0E, b"A" * 5000)),
        tlv.encode(0x6B, *[tlv.encode(0x5F0F, b"A")] * 200),
        tlv.encode(0x6C),
    ],
)
def test_details_that_do_not_fit_are_refused(group: bytes) -> None:
    with pytest.raises(MalformedChipData):
        holder_details(group)


def test_displayed_groups_that_do_not_fit_are_refused() -> None:
    for group in (tlv.encode(0x67), tlv.encode(0x67, tlv.encode(0x5F43, b"no picture")), tlv.encode(0x61)):
        with pytest.raises(MalformedChipData):
            displayed_pictures(group)


@given(st.integers(1, 16), st.binary(max_size=300))
def test_noise_for_any_group_is_a_check_and_never_a_crash(number: int, noise: bytes) -> None:
    tags = (0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70)
    for content in (noise, tlv.encode(tags[number - 1], noise)):
        found = check_format(number, content)
        assert found is None or found.result in (CheckResult.SUCCESSFUL, CheckResult.FAILED, CheckResult.UNDETERMINED)


@given(st.sampled_from([HOLDER, DOCUMENT, finger()]), st.integers(0, 400), st.integers(0, 255))
def test_a_group_with_one_byte_changed_is_read_or_refused(group: bytes, at: int, value: int) -> None:
    at %= len(group)
    changed = group[:at] + bytes([value]) + group[at + 1 :]
    for number in (3, 11, 12):
        assert check_format(number, changed) is not None
