"""Keeping the repository of packs accepted: what a daily job signs anew, what it tells, and that nobody stands in line
behind the dead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pack_world import HOUR, Publisher, now, signer, updated, vault_in

from inspection_station.gateway import pack_repository
from inspection_station.gateway.pack_repository import RepositoryUnusable
from inspection_station.gateway.pack_roles import DUE, ROLE_LIFE, TIMESTAMP_LIFE
from inspection_station.headquarters.packs import PackFault, PackKind, PackRefused

HOLD = """
import sys, time
from pathlib import Path
from inspection_station.gateway.publishing_lock import exclusive
with exclusive(Path(sys.argv[1]), 5.0):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "repository", at=now() - (ROLE_LIFE - DUE) - timedelta(days=1))


def refreshed(publisher: Publisher, *kinds: PackKind) -> None:
    keys = {kind: publisher.kinds[kind] for kind in kinds}
    publisher.repository.refresh(publisher.snapshot, publisher.timestamp, now(), keys)


def test_after_a_refresh_stations_accept_for_another_week(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish({"a": b"1"}, at=now() - 9 * 24 * HOUR, stale=300 * HOUR, valid=400 * HOUR)
    vault = vault_in(tmp_path / "packs", publisher)
    with pytest.raises(PackRefused) as caught:
        updated(vault, publisher.folder, tmp_path)
    assert caught.value.fault is PackFault.FREEZE
    refreshed(publisher)
    assert len(updated(vault, publisher.folder, tmp_path).installed) == 1
    assert publisher.repository.endings()["timestamp"] > now() + TIMESTAMP_LIFE - HOUR


def test_roles_that_run_out_soon_are_signed_anew_where_their_keys_are(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish({"a": b"1"})
    due = set(publisher.repository.need_a_person(now()))
    assert PackKind.TRUST_ANCHORS.value in due
    assert PackKind.CONTROL_LIST.value not in due  # it was published today
    refreshed(publisher, *(kind for kind in PackKind if kind is not PackKind.TRUST_ANCHORS))
    assert set(publisher.repository.need_a_person(now())) == {PackKind.TRUST_ANCHORS.value}
    endings = publisher.repository.endings()
    assert endings["rules"] > now() + ROLE_LIFE - HOUR
    refreshed(publisher, PackKind.TRUST_ANCHORS)
    assert publisher.repository.need_a_person(now()) == {}
    vault = vault_in(tmp_path / "packs", publisher)
    report = updated(vault, publisher.folder, tmp_path)
    assert not report.refused
    assert len(report.installed) == 1


def test_a_key_that_does_not_sign_for_its_kind_is_noticed_and_nothing_is_written(publisher: Publisher) -> None:
    refreshed(publisher)
    before = (publisher.folder / "metadata" / "timestamp.json").read_bytes()
    publisher.kinds[PackKind.RULES] = signer()
    with pytest.raises(RepositoryUnusable, match="does not sign"):
        refreshed(publisher, PackKind.RULES)
    assert (publisher.folder / "metadata" / "timestamp.json").read_bytes() == before


def test_two_publishers_at_once_wait_for_each_other(publisher: Publisher) -> None:
    together = threading.Barrier(4)
    faults: list[BaseException] = []

    def publish(number: int) -> None:
        together.wait(30)
        try:
            for turn in range(3):
                publisher.publish({"a": f"{number} {turn}".encode()}, PackKind.RULES, f"rules-{number}")
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    assert {label.name: label.version for label in publisher.repository.labels()} == {
        f"rules-{number}": 3 for number in range(4)
    }


@pytest.mark.skipif(os.name == "nt", reason="a killed process is told differently there")
def test_a_publisher_that_was_killed_leaves_no_lock_behind(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = publisher.folder / "publishing.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        monkeypatch.setattr(pack_repository, "_LOCK_SECONDS", 0.1)
        with pytest.raises(RepositoryUnusable, match="another publisher"):
            publisher.publish({"a": b"1"})
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait(30)
    began = time.monotonic()
    assert publisher.publish({"a": b"1"}).label.version == 1
    assert time.monotonic() - began < 30
