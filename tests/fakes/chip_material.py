"""Passports, portraits and outside material for tests of the chip."""

from __future__ import annotations

import io
import os
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from inspection_station.documents.emrtd.access_keys import MrzKey
from inspection_station.documents.emrtd.chip_session import ChipOutcome, read_chip
from inspection_station.documents.emrtd.trust_store import TrustStore
from inspection_station.training.issuing_authority import IssuingAuthority
from inspection_station.training.passport_issue import VirtualPassport, issue_passport
from inspection_station.training.virtual_chip import ChipLimits, VirtualChip, VirtualChipConnection

LINES = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
KEY = MrzKey("L898902C3", "740812", "120415")
LASTING_LINES = (LINES[0], "L898902C36UTO7408122F3004157ZE184226B<<<<<16")
"""The same with an expiry that lies ahead of ``DAY``."""
DAY = date(2026, 3, 14)


def noisy_portrait(width: int = 413, height: int = 531, wanted_bytes: int = 15_000) -> bytes:
    """A JPEG 2000 picture of about the wanted size; what it shows does not matter here."""
    picture = Image.effect_noise((width, height), 80).convert("RGB")
    stream = io.BytesIO()
    picture.save(stream, "JPEG2000", quality_mode="rates", quality_layers=[width * height * 3 / wanted_bytes])
    return stream.getvalue()


PORTRAIT = noisy_portrait()
AUTHORITY = IssuingAuthority(7, at=DAY)


def passport(fault: str | None = None) -> VirtualPassport:
    """The specimen of Doc 9303 part 4 appendix B on a chip of the training authority."""
    return issue_passport(LINES, PORTRAIT, authority=AUTHORITY, at=DAY, fault=fault)


def read(
    chip: VirtualChip,
    *,
    key: MrzKey = KEY,
    trust: TrustStore | None = None,
    with_portrait: bool = True,
    printed: tuple[str, ...] | None = LINES,
    at: date = DAY,
) -> ChipOutcome:
    """One reading in process."""
    return read_chip(
        VirtualChipConnection(chip),
        access_key=key,
        trust=AUTHORITY.trust_store() if trust is None else trust,
        with_portrait=with_portrait,
        at=at,
        printed_zone=printed,
    )


def chip(fault: str | None = None, limits: ChipLimits | None = None) -> VirtualChip:
    """A chip of the specimen passport."""
    return VirtualChip(passport(fault), limits=limits)


def outside_data(*parts: str) -> Path:
    """A file or folder of the shared test material; the test is skipped where there is none."""
    root = os.environ.get("STATION_TEST_DATA")
    base = Path(root) if root else Path(__file__).resolve().parents[3] / "shared" / "data"
    path = base.joinpath("chip", *parts)
    if not path.exists():
        pytest.skip(f"no test material chip/{'/'.join(parts)}: set STATION_TEST_DATA")
    return path
