"""The roster that headquarters sent: who may sign as the second person, and that an old file does not come back."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from pack_world import HOUR, Publisher, now, vault_in

from inspection_station.desk.installed_packs import CHECKS
from inspection_station.desk.installed_roster import installed_roster
from inspection_station.desk.officer_session import OfficerSession, new_entry
from inspection_station.headquarters.packs import PackFault, PackKind
from inspection_station.headquarters.packs_source import FolderSource
from inspection_station.headquarters.packs_update import PackReport, update_packs
from inspection_station.headquarters.packs_vault import PackVault


def roster(*officers: tuple[str, str]) -> bytes:
    entries = [new_entry(officer, code, may_second=True) for officer, code in officers]
    return "\n".join(
        f'[[officer]]\nid = "{one.officer_id}"\nsalt = "{one.salt}"\ndigest = "{one.digest}"\nmay_second = true'
        for one in entries
    ).encode()


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "repository")


@pytest.fixture
def vault(tmp_path: Path, publisher: Publisher) -> PackVault:
    return vault_in(tmp_path / "packs", publisher)


def sent(publisher: Publisher, vault: PackVault, data: bytes, valid: timedelta = 72 * HOUR) -> PackReport:
    publisher.publish({"roster.toml": data}, PackKind.ROSTER, "keelung", stale=min(valid, 24 * HOUR), valid=valid)
    return update_packs(vault, FolderSource(publisher.folder), vault.folder, now(), CHECKS)


def test_without_a_pack_the_stations_own_file_counts(vault: PackVault) -> None:
    assert installed_roster(vault, now()) is None


def test_the_officers_of_the_newest_roster_may_sign(publisher: Publisher, vault: PackVault) -> None:
    sent(publisher, vault, roster(("o-1", "1"), ("o-2", "2")))
    sent(publisher, vault, roster(("o-1", "1"), ("o-3", "3")))
    session = OfficerSession("o-1", installed_roster(vault, now()) or ())
    assert session.confirm_second("o-3", "3")
    assert not session.confirm_second("o-2", "2")


def test_a_roster_that_ran_out_or_is_damaged_lets_nobody_sign(publisher: Publisher, vault: PackVault) -> None:
    sent(publisher, vault, roster(("o-1", "1"), ("o-2", "2")), valid=HOUR)
    assert installed_roster(vault, now() + 2 * HOUR) == ()
    (file,) = vault.folder.glob("*.pack")
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert installed_roster(vault, now()) == ()


@pytest.mark.parametrize("data", [b"", b"[[officer]]", b"\xff", b"nonsense", roster(("o-1", "1"), ("o-1", "2"))])
def test_a_roster_that_names_nobody_or_somebody_twice_is_not_installed(
    publisher: Publisher, vault: PackVault, data: bytes
) -> None:
    report = sent(publisher, vault, data)
    assert [refused.fault for _, _, refused in report.refused] == [PackFault.UNUSABLE]
