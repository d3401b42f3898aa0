"""The real training station, enrolled at a real gateway: what its screen gets, and what officers ask of it there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from real_station import RealStation, person

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess

from inspection_station.app import desk_for
from inspection_station.cli import main
from inspection_station.desk import commands as c
from inspection_station.desk.exchange_view import ExchangeView
from inspection_station.station_profile import load_profile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore

PATIENCE = 90.0


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path / "gateway", training=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def enrolled_station(tmp_path: Path, gateway: GatewayProcess) -> Iterator[RealStation]:
    folder = tmp_path / "station"
    name = load_profile("training").station_id
    mark_training_folder(folder)
    store = StationStore.open(folder, TrainingFolderKeys(folder), station_id=name, clock=SystemClock())
    store.outbox.enrol(gateway.enrolled(name))
    store.close()
    made = RealStation(folder, retention_days=0.0)
    yield made
    made.close()


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_a_lost_link_stops_nobody_and_a_voyage_is_closed_on_the_screen(
    enrolled_station: RealStation, gateway: GatewayProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    station = enrolled_station
    desk = desk_for(station.station)

    def view() -> ExchangeView:
        found = desk.snapshot().exchange
        assert found is not None
        return found

    assert until(lambda: view().online and desk.snapshot().online)
    assert view().lists
    gateway.kill()
    station.by_the_book(person(7100))  # the officer sees nothing of it but the strip
    assert until(lambda: not view().online and desk.snapshot().unsent > 0)
    gateway.start()
    desk.post(c.SyncNow())
    assert until(lambda: view().waiting == 0 and view().online)
    assert desk.snapshot().unsent == 0

    assert main(["bundle", "export", "x", "--data", str(station.folder), "--json"]) == 3
    assert "F12" in capsys.readouterr().out

    gateway.inside.mark_durable()
    desk.post(c.SyncNow())
    assert until(lambda: station.store.outbox.state().head.durable_through > 0)
    before = view().act
    desk.post(c.CloseVoyage("T-002", "2222"))
    assert until(lambda: view().act not in (before, None) and not view().act.running)  # type: ignore[union-attr]
    act = view().act
    assert act is not None
    assert (act.code, dict(act.figures)["purged"]) == ("", "1")
    station.by_the_book(person(7101))  # the station goes on in the new store
    assert until(lambda: view().waiting == 0)
    assert station.store.check().sound
