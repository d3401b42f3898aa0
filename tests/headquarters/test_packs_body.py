"""Contents as bytes: what was written comes out again, and nothing hostile comes out at all."""

from __future__ import annotations

import contextlib
import struct

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.headquarters import wire
from inspection_station.headquarters.packs import PackFault, PackKind, PackRefused
from inspection_station.headquarters.packs_body import (
    PLAIN_LIMIT,
    content_digest,
    read_delta,
    read_snapshot,
    write_delta,
    write_snapshot,
)

KIND, NAME = PackKind.CONTROL_LIST, "wanted"
CONTENT = {"a": b"1", "b": b"22", "c": b"333"}
DIGEST = content_digest(CONTENT)

contents = st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), st.binary(max_size=40))


def faced(data: bytes) -> PackFault:
    with pytest.raises(PackRefused) as caught:
        read_snapshot(data, KIND, NAME, 1, DIGEST)
    return caught.value.fault


def made(header: list[wire.Plain], packed: bytes) -> bytes:
    head = wire.encode(header)
    return b"STATION-PACK-1" + struct.pack(">I", len(head)) + head + packed


def header(count: int, size: int, base: bytes = b"") -> list[wire.Plain]:
    return ["pack/1", KIND.value, NAME, 1, base, DIGEST, count, size]


@given(contents)
def test_a_snapshot_comes_out_as_it_went_in(content: dict[str, bytes]) -> None:
    data = write_snapshot(KIND, NAME, 1, content)
    assert read_snapshot(data, KIND, NAME, 1, content_digest(content)) == content


@given(contents, contents)
def test_a_delta_leads_from_any_content_to_any_other(base: dict[str, bytes], content: dict[str, bytes]) -> None:
    data = write_delta(KIND, NAME, 2, base, content)
    assert read_delta(data, KIND, NAME, 2, base, content_digest(base), content_digest(content)) == content


@given(contents, contents, contents)
def test_a_delta_with_another_base_is_refused(
    base: dict[str, bytes], content: dict[str, bytes], other: dict[str, bytes]
) -> None:
    data = write_delta(KIND, NAME, 2, base, content)
    if other == base:
        return
    with pytest.raises(PackRefused) as caught:
        read_delta(data, KIND, NAME, 2, other, content_digest(other), content_digest(content))
    assert caught.value.fault is PackFault.OTHER_BASE


@given(st.binary(max_size=300))
def test_noise_is_refused_with_a_typed_error(noise: bytes) -> None:
    faced(noise)
    faced(b"STATION-PACK-1" + noise)
    faced(made(header(1, 10), noise))


@given(st.data())
@settings(max_examples=200)
def test_a_pack_changed_anywhere_is_refused_or_the_same(data: st.DataObject) -> None:
    good = write_snapshot(KIND, NAME, 1, CONTENT)
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    with contextlib.suppress(PackRefused):
        assert read_snapshot(changed, KIND, NAME, 1, DIGEST) == CONTENT


@given(st.integers(0, 200))
def test_a_pack_cut_anywhere_is_refused(length: int) -> None:
    good = write_snapshot(KIND, NAME, 1, CONTENT)
    if length < len(good):
        assert faced(good[:length]) in (PackFault.TRUNCATED, PackFault.MALFORMED)


def test_a_bomb_is_refused_after_its_first_bytes() -> None:
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (64 << 20))
    assert faced(made(header(1, 1000), bomb)) is PackFault.OVERSIZED


def test_a_bomb_that_tells_its_size_is_refused_unopened() -> None:
    assert faced(made(header(1, PLAIN_LIMIT + 1), b"")) is PackFault.MALFORMED


def test_a_header_of_nested_arrays_is_refused() -> None:
    head = b"\x81" * 500
    data = b"STATION-PACK-1" + struct.pack(">I", len(head)) + head
    assert faced(data) is PackFault.OVERSIZED


def test_a_header_that_promises_gigabytes_is_refused() -> None:
    assert faced(b"STATION-PACK-1" + struct.pack(">I", 0xFFFFFFFF)) is PackFault.OVERSIZED


def test_a_pack_of_a_later_program_is_told_apart_from_noise() -> None:
    assert faced(made(["pack/2", "anything"], b"")) is PackFault.UNKNOWN_VERSION


def test_a_pack_of_another_kind_name_or_version_is_refused() -> None:
    for kind, name, version in ((PackKind.RULES, NAME, 1), (KIND, "other", 1), (KIND, NAME, 2)):
        assert faced(write_snapshot(kind, name, version, CONTENT)) is PackFault.OTHER_ROLE


def test_entries_out_of_order_or_twice_are_refused() -> None:
    entry = struct.pack(">BH", 0, 1) + b"a" + struct.pack(">I", 1) + b"1"
    packed = zstandard.ZstdCompressor().compress(entry * 2)
    assert faced(made(header(2, len(entry) * 2), packed)) is PackFault.MALFORMED


def test_bytes_behind_the_frame_are_refused() -> None:
    assert faced(write_snapshot(KIND, NAME, 1, CONTENT) + b"more") is PackFault.MALFORMED
