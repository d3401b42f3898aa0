"""Pictures of a U.are.U: scrambling, layout, and what no picture may be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.hardware.drivers.finger_rehearsal import drawn_finger
from inspection_station.hardware.drivers.uru4000_protocol import (
    BLOCKS,
    HEADER_BYTES,
    MOST_LINES,
    STREAM_BITS,
    WIDTH,
    Block,
    BlockFlag,
    finger_picture,
    interrupt_of,
    is_noise,
    key_stream,
    lines_announced,
    parse_picture,
)
from inspection_station.hardware.drivers.uru4000_simulator import PLAIN, SCRAMBLED, encoded_picture
from inspection_station.hardware.errors import DeviceGarbage

KEYS = {7: 0x1234ABCD, 8: 0x0BADF00D}


def seen(height: int = 289) -> np.ndarray:
    picture = np.full((height, WIDTH), 255, np.uint8)
    finger = drawn_finger(height - 20, 240)
    picture[10 : height - 10, 70:310] = finger
    return picture


def sent(blocks=SCRAMBLED, picture=None, keys=KEYS) -> bytes:
    return encoded_picture(255 - (seen() if picture is None else picture), blocks, 7, keys.__getitem__)


def register_bytes(key: int, count: int) -> list[int]:
    """The register as it is described, one step after the other."""
    out = []
    for _ in range(count):
        out.append(sum((key >> bit & 1) << place for place, bit in enumerate(STREAM_BITS)))
        key = key >> 1 | (key & 0x9248144D).bit_count() % 2 << 31
    return out


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_key_stream_is_that_of_the_shift_register(key):
    assert key_stream(key)[:700].tolist() == register_bytes(key, 700)


def test_the_key_stream_is_right_to_its_last_byte():
    assert key_stream(0x9A5).tolist()[-50:] == register_bytes(0x9A5, MOST_LINES * WIDTH)[-50:]


def test_a_scrambled_picture_comes_out_as_the_sensor_saw_it():
    picture = finger_picture(parse_picture(sent()), KEYS.__getitem__, turned=False)
    expected = seen()
    expected[219:224] = 255  # absent lines are blank
    for last in (119, 218, 288):
        expected[last, -1] = 255  # the last byte of a scrambled block is not carried
    assert np.array_equal(picture, expected)
    assert picture.flags["C_CONTIGUOUS"]


def test_a_4500_turns_its_pictures_by_half():
    upright = finger_picture(parse_picture(sent(PLAIN)), KEYS.__getitem__, turned=False)
    turned = finger_picture(parse_picture(sent(PLAIN)), KEYS.__getitem__, turned=True)
    assert np.array_equal(turned, upright[::-1, ::-1])


def test_the_key_of_a_plain_picture_is_not_asked_for_though_its_flags_say_scrambled():
    plain = bytearray(sent(PLAIN))
    plain[16] = plain[18] = BlockFlag.SCRAMBLED
    picture = finger_picture(parse_picture(bytes(plain)), {}.__getitem__, turned=False)
    assert np.array_equal(picture, seen())


def test_a_wrong_key_is_garbage_and_not_a_picture():
    with pytest.raises(DeviceGarbage, match="noise"):
        finger_picture(parse_picture(sent()), lambda _: 0x55555555, turned=False)


def test_each_new_key_counts_the_number_on():
    asked = []

    def key_of(number: int) -> int:
        asked.append(number)
        return KEYS[number]

    finger_picture(parse_picture(sent()), key_of, turned=False)
    assert asked == [7, 8]


@pytest.mark.parametrize("length", [0, 1, 63, 64, 64 + WIDTH, 64 + 283 * WIDTH])
def test_a_short_picture_is_garbage(length):
    with pytest.raises(DeviceGarbage):
        parse_picture(sent()[:length])


@pytest.mark.parametrize("lines", [0, 291, 65535])
def test_a_line_count_that_no_sensor_has_is_garbage(lines):
    picture = bytearray(sent())
    picture[4:6] = lines.to_bytes(2, "little")
    with pytest.raises(DeviceGarbage, match="lines"):
        parse_picture(bytes(picture))


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([(0, 255)], "blocks of 255 lines"),
        ([], "blocks of 0 lines"),
        ([(0, 0), (0, 100)], "blocks of 0 lines"),
        ([(0, 100), (3, 10)], "absent and scrambled"),
        ([(0, 100), (1, 255)], "more lines than the sensor has"),
    ],
)
def test_block_pairs_that_cannot_be_are_garbage(blocks, complaint):
    picture = bytearray(HEADER_BYTES + 100 * WIDTH)
    picture[4] = 100
    for place, pair in enumerate(blocks):
        picture[16 + 2 * place : 18 + 2 * place] = bytes(pair)
    with pytest.raises(DeviceGarbage, match=complaint):
        parse_picture(bytes(picture))


def test_an_interrupt_of_one_byte_is_garbage():
    with pytest.raises(DeviceGarbage):
        interrupt_of(b"\x01")


def test_ridges_are_not_noise_and_noise_is():
    assert not is_noise(seen())
    assert is_noise(np.random.default_rng(1).integers(0, 256, (100, WIDTH), dtype=np.uint8))


pairs = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 120)), max_size=BLOCKS)


@settings(max_examples=150, deadline=None)
@given(
    pairs, st.integers(0, 300), st.integers(-400, 400), st.binary(min_size=64, max_size=64), st.integers(0, 2**32 - 1)
)
def test_any_bytes_give_a_picture_of_the_right_size_or_garbage(blocks, lines, more, filling, key):
    present = sum(n for flags, n in blocks if not flags & 1)
    header = bytearray(filling)
    header[4:6] = (present if lines > 290 else lines).to_bytes(2, "little")
    for place in range(BLOCKS):
        header[16 + 2 * place : 18 + 2 * place] = bytes(blocks[place] if place < len(blocks) else (0, 0))
    body = (filling * (MOST_LINES * WIDTH // 64))[: max(0, present * WIDTH + more)]
    try:
        raw = parse_picture(bytes(header) + body)
        picture = finger_picture(raw, lambda _: key, turned=True)
    except DeviceGarbage:
        return
    assert picture.shape == (raw.height, WIDTH)
    assert picture.dtype == np.uint8


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_header_gives_a_line_count_or_garbage(header):
    try:
        assert 1 <= lines_announced(header) <= MOST_LINES
    except DeviceGarbage:
        return


def test_a_block_may_rest_the_key():
    blocks = (Block(BlockFlag.SCRAMBLED, 60), Block(BlockFlag.KEY_RESTS, 40), Block(BlockFlag.SCRAMBLED, 60))
    picture = finger_picture(parse_picture(sent(blocks, seen(160))), KEYS.__getitem__, turned=False)
    assert np.array_equal(picture[60:100], seen(160)[60:100])
    assert np.array_equal(picture[100:159], seen(160)[100:159])
