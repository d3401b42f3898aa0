"""Pictures for and from headquarters: WSQ, ISO/IEC 19794-4, ANSI/NIST-ITL."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.inspection.biometrics import FingerPosition
from inspection_station.matching.fingerprint.extraction import Extraction, extract
from inspection_station.matching.fingerprint.faults import UnusableFingerprint
from inspection_station.matching.fingerprint.finger_pictures import decode_finger
from inspection_station.matching.fingerprint.image_record import (
    Compression,
    FingerImageRecord,
    FingerImageView,
    picture_record,
    read_images,
    write_images,
)
from inspection_station.matching.fingerprint.matcher import compare
from inspection_station.matching.fingerprint.nist_transaction import (
    FingerNotTaken,
    TakenFinger,
    TransactionFacts,
    WhyNotTaken,
    read_transaction,
    write_transaction,
)
from inspection_station.matching.fingerprint.wsq_pictures import decode_wsq, encode_wsq

Grey = npt.NDArray[np.uint8]
FACTS = TransactionFacts("IDENT", "HEADQUARTERS", "STATION-7", "T-000123", date(2026, 5, 4))


def test_wsq_is_a_tenth_of_the_picture_and_matches_the_finger(
    captures: dict[tuple[int, int], Grey], extractions: dict[tuple[int, int], Extraction]
) -> None:
    coded = encode_wsq(captures[3, 0])
    assert len(coded) < captures[3, 0].size / 7
    again = decode_wsq(coded)
    assert again.grey.shape == captures[3, 0].shape
    assert compare(extract(again.grey).template, extractions[3, 1].template).match


@pytest.mark.parametrize("compressed", [True, False])
def test_an_image_record_gives_picture_and_resolution_back(
    compressed: bool, captures: dict[tuple[int, int], Grey]
) -> None:
    data = picture_record(captures[3, 0], 500, position=2, quality=77, compressed=compressed)
    again = decode_finger(data)
    assert again.dpi == 500
    assert again.grey.shape == captures[3, 0].shape
    if not compressed:
        assert np.array_equal(again.grey, captures[3, 0])


def test_an_image_record_has_the_bytes_of_the_standard() -> None:
    view = FingerImageView(2, 254, 0, 2, 3, bytes(range(6)))
    data = write_images(FingerImageRecord(500, Compression.NONE, (view,)))
    assert data == bytes.fromhex(
        "46495200 30313000 000000000034 0000 001f 01 01 01f4 01f4 01f4 01f4 08 00 0000"  # 32 bytes
        "00000014 02 01 01 fe 00 0002 0003 00 000102030405"
    )
    assert read_images(data).fingers == (view,)


@settings(max_examples=200, deadline=None)
@given(noise=st.binary(max_size=120), place=st.integers(8, 60), value=st.integers(0, 255))
def test_a_damaged_image_record_is_refused_or_read(noise: bytes, place: int, value: int) -> None:
    view = FingerImageView(2, 254, 0, 50, 50, bytes(2500))
    good = bytearray(write_images(FingerImageRecord(500, Compression.NONE, (view,))))
    good[place] = value
    for data in (bytes(good), b"FIR\x00010\x00" + noise):
        with suppress(UnusableFingerprint):
            assert decode_finger(data).grey.ndim == 2


@pytest.mark.parametrize("cut", [2, 30, 200, 2000])
def test_a_cut_wsq_picture_is_refused(cut: int, captures: dict[tuple[int, int], Grey]) -> None:
    with pytest.raises(UnusableFingerprint):
        decode_wsq(encode_wsq(captures[3, 0])[:cut])


def test_an_altered_wsq_picture_never_ends_the_program(captures: dict[tuple[int, int], Grey]) -> None:
    good = encode_wsq(captures[3, 0])
    chance = np.random.default_rng(5)
    for _ in range(6):
        torn = bytearray(good)
        for place in chance.integers(2, len(good), 12):
            torn[place] = int(chance.integers(0, 256))
        with suppress(UnusableFingerprint):
            assert decode_wsq(bytes(torn)).grey.ndim == 2


def test_a_transaction_carries_fingers_and_the_reason_of_a_missing_one(captures: dict[tuple[int, int], Grey]) -> None:
    data = write_transaction(
        FACTS,
        [
            TakenFinger(FingerPosition.RIGHT_INDEX, captures[3, 0], 500, 88, "station"),
            FingerNotTaken(FingerPosition.LEFT_INDEX, WhyNotTaken.AMPUTATED),
            TakenFinger(FingerPosition.LEFT_THUMB, captures[4, 0], 500, 70, "station"),
        ],
    )
    right, missing, thumb = read_transaction(data)
    assert right.position is FingerPosition.RIGHT_INDEX
    assert right.picture is not None
    assert right.picture.dpi == 500
    assert right.coded == encode_wsq(captures[3, 0])
    assert missing.picture is None
    assert missing.why_not == "XX"
    assert thumb.position is FingerPosition.LEFT_THUMB


def test_a_transaction_takes_no_separators_and_at_least_one_finger() -> None:
    missing = FingerNotTaken(FingerPosition.LEFT_INDEX, WhyNotTaken.UNABLE)
    with pytest.raises(ValueError, match="without fingers"):
        write_transaction(FACTS, [])
    with pytest.raises(ValueError, match="plain printable"):
        write_transaction(TransactionFacts("A\x1dB", "x", "y", "z", FACTS.day), [missing])


@settings(max_examples=100, deadline=None)
@given(noise=st.binary(max_size=200))
def test_garbage_is_no_transaction(noise: bytes) -> None:
    for data in (noise, b"1.001:20\x1d" + noise):
        with pytest.raises(UnusableFingerprint):
            read_transaction(data)


def test_foreign_transactions_are_read_or_refused(real_fingers: Path) -> None:
    for path in sorted((real_fingers / "an2").glob("*.an2")):
        with suppress(UnusableFingerprint):
            assert read_transaction(path.read_bytes())


def test_a_foreign_wsq_picture_is_read(real_fingers: Path) -> None:
    picture = decode_finger((real_fingers / "wsq" / "test.wsq").read_bytes())
    assert picture.grey.shape == (520, 540)
