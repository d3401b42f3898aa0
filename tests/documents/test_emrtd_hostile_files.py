"""Files that a forger or a failing chip might hold: whatever the bytes, a value or a typed error."""

from contextlib import suppress

import pytest
from fakes.chip_material import DAY, PORTRAIT, passport
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.documents.emrtd import passive_authentication, tlv
from inspection_station.documents.emrtd.certificates import parse_certificate, parse_revocation_list, pem_blocks
from inspection_station.documents.emrtd.data_groups import portraits, zone_lines
from inspection_station.documents.emrtd.errors import ChipFault, MalformedChipData
from inspection_station.documents.emrtd.master_list import parse_master_list
from inspection_station.documents.emrtd.portrait_format import MAX_PIXELS, portrait_format
from inspection_station.documents.emrtd.security_object import parse_card_security, parse_security_object
from inspection_station.documents.emrtd.signatures import AlgorithmUnknown
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.training.passport_issue import data_group_1, data_group_2

FILES = passport().files
STORE = TrustStore()


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    """The original with a few bytes changed, cut out or put in."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.integers(0, 2)):
            case 0 if content:
                content[at] = draw(st.integers(0, 255))
            case 1:
                del content[at : at + draw(st.integers(1, 40))]
            case _:
                content[at:at] = draw(st.binary(max_size=40))
    return bytes(content)


def judged(content: bytes) -> None:
    sod = parse_security_object(content)
    passive_authentication.check_signer(sod.signed, STORE, DAY)
    passive_authentication.check_hashes(sod, {1: b""})


@given(mutated(FILES["EF.SOD"]))
@settings(max_examples=600)
def test_an_altered_security_object_is_judged_or_malformed(content: bytes) -> None:
    with suppress(MalformedChipData, AlgorithmUnknown):
        judged(content)


@given(st.data())
def test_an_altered_certificate_never_verifies_and_never_crashes(data: st.DataObject) -> None:
    certificate = parse_security_object(FILES["EF.SOD"]).signer_certificate
    assert certificate is not None
    altered = data.draw(mutated(certificate.raw))
    try:
        found = parse_certificate(altered)
        _ = (found.public_key, found.key_id, STORE.path_for(found))
    except ChipFault:
        return


@given(st.binary(max_size=400))
def test_noise_is_no_file_of_any_kind(noise: bytes) -> None:
    kinds = (parse_security_object, parse_card_security, parse_master_list, parse_certificate, parse_revocation_list)
    for parse in (*kinds, zone_lines, portraits):
        with pytest.raises(MalformedChipData):
            parse(noise)
    with suppress(MalformedChipData):
        pem_blocks(noise)


@given(mutated(FILES["DG1"]))
def test_an_altered_dg1_has_lines_of_a_known_width_or_is_malformed(content: bytes) -> None:
    try:
        lines = zone_lines(content)
    except MalformedChipData:
        return
    assert {len(line) for line in lines} <= {30, 36, 44}


@given(mutated(FILES["DG2"]))
@settings(max_examples=300)
def test_an_altered_dg2_has_a_portrait_of_bounded_size_or_is_malformed(content: bytes) -> None:
    try:
        found = portraits(content)
    except MalformedChipData:
        return
    assert all(p.format.width * p.format.height <= MAX_PIXELS for p in found)


def test_a_portrait_that_would_unfold_into_a_bomb_is_refused_unopened() -> None:
    size = PORTRAIT.index(b"\xff\x4f\xff\x51") + 8
    header = PORTRAIT.index(b"ihdr") + 4
    bomb = bytearray(PORTRAIT)
    for at in (size, size + 4, header, header + 4):
        bomb[at : at + 4] = (60_000).to_bytes(4, "big")
    with pytest.raises(MalformedChipData, match="60000 x 60000"):
        portrait_format(bytes(bomb))


def test_two_headers_that_disagree_are_malformed() -> None:
    bomb = bytearray(PORTRAIT)
    at = PORTRAIT.index(b"\xff\x4f\xff\x51") + 8
    bomb[at : at + 4] = (60_000).to_bytes(4, "big")
    with pytest.raises(MalformedChipData, match="differ"):
        portrait_format(bytes(bomb))


def test_a_jpeg_bomb_is_refused_unopened() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(20)
    with pytest.raises(MalformedChipData, match="65535 x 65535"):
        portrait_format(jpeg)


def test_a_jpeg_portrait_tells_its_size() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc2\x00\x11\x08\x02\x13\x01\x9d\x03" + bytes(20)
    found = portrait_format(jpeg)
    assert (found.media_type, found.width, found.height) == ("image/jpeg", 413, 531)
    assert portraits(data_group_2(jpeg))[0].image == jpeg


@pytest.mark.parametrize("count", [b"\x00", b"\xff", b"\x01\x00"])
def test_an_impossible_number_of_portraits_is_malformed(count: bytes) -> None:
    with pytest.raises(MalformedChipData):
        portraits(tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, count))))


def test_dg2_nested_without_end_is_malformed() -> None:
    inner = b""
    for _ in range(200):
        inner = tlv.encode(0xA1, inner)
    template = tlv.encode(0x7F60, tlv.encode(0x7F2E, inner))
    with pytest.raises(MalformedChipData, match="nested"):
        portraits(tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01"), template)))


@pytest.mark.parametrize("length", [0, 87, 89, 91])
def test_a_zone_of_a_wrong_length_is_malformed(length: int) -> None:
    with pytest.raises(MalformedChipData, match=f"{length} characters"):
        zone_lines(data_group_1(("A" * length,)))


def test_a_zone_with_control_characters_is_malformed() -> None:
    with pytest.raises(MalformedChipData, match="characters it cannot have"):
        zone_lines(data_group_1(("A" * 87 + "\x07",)))


def test_a_large_certificate_is_refused() -> None:
    with pytest.raises(MalformedChipData, match="64 KB"):
        parse_certificate(tlv.encode(0x30, bytes(70_000)))
