"""The headquarters that a training station brings along: known at the first start, the same at the next, then gone."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))

from store_stories import decided, picture, record

from inspection_station.composition.loopback_headquarters import LoopbackHeadquarters
from inspection_station.gateway.command import main as gateway_main
from inspection_station.headquarters.loop import Conversation
from inspection_station.headquarters.plan import Rules
from inspection_station.inspection.outbox import StationIdentity
from inspection_station.station_profile import StationProfile, load_profile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import key_source_for
from inspection_station.storage.store import StationStore

pytestmark = pytest.mark.xdist_group("gateway-over-tls")


@pytest.fixture
def profile(tmp_path: Path) -> StationProfile:
    return load_profile("training", data_folder=tmp_path / "station")


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def beside(profile: StationProfile, notices: list[str]) -> Iterator[LoopbackHeadquarters]:
    made = LoopbackHeadquarters(profile, profile.data_folder / "headquarters", notices.append)
    yield made
    made.close()


def opened(profile: StationProfile) -> StationStore:
    keys = key_source_for(profile)
    return StationStore.open(profile.data_folder, keys, station_id=profile.station_id, clock=SystemClock())


def identity(profile: StationProfile) -> StationIdentity | None:
    with closing(opened(profile)) as store:
        return store.outbox.identity()


def exchanged(profile: StationProfile, name: str) -> int:
    """Seal a record and exchange until nothing waits; how many messages still do in the end."""
    with closing(opened(profile)) as store:
        ref, data = picture(name)
        store.seal(record(name, pictures=(("portrait", ref),)), {ref.sha256: data}, decided()).result()
        with closing(Conversation(profile.station_id, store.outbox, SystemClock(), Rules(first_pause=0.1))) as talk:
            until = time.monotonic() + 60
            while store.outbox_status().unsent and time.monotonic() < until:
                if talk.step().rest_until is not None:
                    time.sleep(0.1)
        return store.outbox_status().unsent


def test_a_record_arrives_at_the_first_start_and_at_the_next(
    profile: StationProfile, beside: LoopbackHeadquarters, notices: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    beside.start()
    beside.enrol()
    assert notices == []
    assert beside.running
    first = identity(profile)
    assert exchanged(profile, "i-1") == 0
    beside.close()
    assert not beside.running

    taken = int(json.loads((beside.folder / "station.json").read_text())["port"])
    with socket.create_server(("127.0.0.1", taken)):
        beside.start()  # its port is in use by somebody else
        beside.enrol()
        assert exchanged(profile, "i-2") == 0
    second = identity(profile)
    assert first is not None
    assert second is not None
    assert second == replace(first, address=second.address)
    assert gateway_main(["records", "--folder", str(beside.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == 2
    assert [(row["id"], row["disposition"], row["pictures"]) for row in told["records"]] == [
        ("i-2", "AD", 1),
        ("i-1", "AD", 1),
    ]
    assert "SPECIMEN" not in json.dumps(told)
    assert notices == []


def test_a_station_of_another_headquarters_gets_none(
    profile: StationProfile, beside: LoopbackHeadquarters, notices: list[str]
) -> None:
    with closing(opened(profile)) as store:
        store.outbox.enrol(
            StationIdentity(bytes(32), bytes(96), b"k", "c", "a", "g", bytes(32), b"b", "https://hq.example:8443")
        )
    beside.start()
    beside.enrol()
    assert not beside.running
    assert notices == []
    known = identity(profile)
    assert known is not None
    assert known.address == "https://hq.example:8443"


def test_a_live_station_gets_none(profile: StationProfile, tmp_path: Path, notices: list[str]) -> None:
    made = LoopbackHeadquarters(replace(profile, training=False), tmp_path / "h", notices.append)
    made.start()
    assert not made.running
    assert not (tmp_path / "h").exists()


def test_a_headquarters_that_cannot_start_is_a_notice_and_nothing_worse(
    profile: StationProfile, tmp_path: Path, notices: list[str]
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    made = LoopbackHeadquarters(profile, in_the_way / "headquarters", notices.append)
    made.start()
    made.enrol()
    assert not made.running
    assert len(notices) == 1
    assert "The station runs without it" in notices[0]
    broken = LoopbackHeadquarters(profile, tmp_path / "headquarters", notices.append)
    (tmp_path / "headquarters").mkdir()
    (tmp_path / "headquarters" / "gateway.db").write_bytes(b"not a database at all" * 100)
    broken.start()
    broken.enrol()
    assert not broken.running
    assert len(notices) == 2


def test_a_limit_out_of_range_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gateway_main(["records", "--folder", str(tmp_path), "--limit", "0", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USE-03"
