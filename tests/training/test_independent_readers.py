"""Readers that others made read the virtual passport: Debian's mrtdreader (libmrtd over libnfc, basic access) and
OpenPACE (PACE with generic mapping). Neither shares a line with ours, so where they agree it is the standard that does.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import openpace_reader
from fakes.chip_material import AUTHORITY, DAY, LINES, PORTRAIT
from fakes.serial_nfc_module import SerialNfcModule

from inspection_station.training.virtual_chip import VirtualChip, VirtualChipConnection
from inspection_station.training.virtual_chip.profiles import PROFILES

MRTDREADER = shutil.which("mrtdreader")


def _openpace() -> bool:
    try:
        ctypes.CDLL(openpace_reader.LIBRARY)
    except OSError:
        return False
    return True


needs_mrtdreader = pytest.mark.skipif(MRTDREADER is None, reason="Debian's package mrtdreader is not installed")
needs_openpace = pytest.mark.skipif(not _openpace(), reason="Debian's package libeac3 is not installed")


def mrtdreader(profile: str, zone: str, folder: Path) -> tuple[str, dict[str, bytes]]:
    """What it told of the passport, and the passport's own files."""
    passport = PROFILES[profile].issue(LINES, PORTRAIT, authority=AUTHORITY, at=DAY)
    chip = VirtualChipConnection(VirtualChip(passport, limits=PROFILES[profile].limits))
    with SerialNfcModule(chip.transmit) as module:
        device = {"LIBNFC_DEVICE": f"pn532_uart:{module.path}:115200", "LIBNFC_AUTO_SCAN": "false"}
        done = subprocess.run(
            [str(MRTDREADER), zone],
            cwd=folder,
            env={**os.environ, **device},
            capture_output=True,
            timeout=120,
            check=False,
        )
    return done.stdout.decode("latin-1"), dict(passport.files)


@needs_mrtdreader
@pytest.mark.parametrize("profile", ["bac-2008", "aa-rsa", "ca-only", "pace-bac"])
def test_mrtdreader_reads_zone_security_object_and_portrait(profile: str, tmp_path: Path) -> None:
    told, files = mrtdreader(profile, LINES[1], tmp_path)
    assert files["EF.SOD"].hex() in told
    assert files["EF.COM"].hex() in told
    assert "".join(LINES) in told
    assert (tmp_path / "image.jp2").read_bytes() == PORTRAIT


@needs_mrtdreader
def test_mrtdreader_with_another_document_s_zone_gets_nothing(tmp_path: Path) -> None:
    told, files = mrtdreader("bac-2008", LINES[1].replace("L898902C36", "L898902C44"), tmp_path)
    assert "Challenge successful" not in told
    assert files["EF.SOD"].hex() not in told


@needs_openpace
@pytest.mark.parametrize(
    ("mapping", "parameter", "cipher", "password"),
    [
        *(("2", parameter, parameter % 4 + 1, "mrz") for parameter in range(8, 19)),
        *(("2", 13, cipher, "can") for cipher in (1, 2, 3, 4)),
        *(("1", parameter, parameter + 1, "mrz") for parameter in (0, 1, 2)),
        ("1", 2, 4, "can"),
    ],
)
def test_openpace_agrees_on_keys_with_every_group(mapping: str, parameter: int, cipher: int, password: str) -> None:
    script = str(Path(openpace_reader.__file__))
    command = [sys.executable, script, mapping, str(parameter), str(cipher), password]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "agreed", done.stderr[-500:]
