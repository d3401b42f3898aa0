"""The exchange on the real window, station and gateway, by nothing but keys: the gateway goes in mid-inspection, all
that waits leaves by stick, the answer comes back by stick and brings a late hit, and the link is taken up again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from screen_events import settle_events
from test_scenarios_by_keyboard import Officer, officer_at

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "storage"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from gateway_process import GatewayProcess
from pack_world import HOUR, now

from inspection_station.cli import main
from inspection_station.desk import sticks
from inspection_station.gateway.command import main as gateway_main
from inspection_station.inspection.record import InspectionRecord
from inspection_station.station_profile import load_profile
from inspection_station.storage.clock import SystemClock
from inspection_station.storage.keys import TrainingFolderKeys, mark_training_folder
from inspection_station.storage.store import StationStore
from inspection_station.ui.presenters.console import Exchange, Pane

STATION = load_profile("training").station_id
LEFT = os.environ.get("WINDOW_PICTURES")  # a folder for whoever wants to look


class Told:
    """What a program said, as JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def station(self, *words: object) -> dict[str, object]:
        return self._told(main([*(str(word) for word in words), "--json"]))

    def gateway(self, gateway: GatewayProcess, *words: object) -> dict[str, object]:
        return self._told(gateway_main([*(str(word) for word in words), "--folder", str(gateway.folder), "--json"]))

    def _told(self, code: int) -> dict[str, object]:
        found: dict[str, object] = json.loads(self._capsys.readouterr().out)
        assert code == 0, found
        return found


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return Told(capsys)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path / "gateway", training=True)
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path: Path, gateway: GatewayProcess, told: Told) -> Path:
    """A training station, enrolled at the gateway, which runs; the station trusts its packs."""
    data = tmp_path / "station"
    mark_training_folder(data)
    StationStore.open(data, TrainingFolderKeys(data), station_id=STATION, clock=SystemClock()).close()
    root = told.gateway(gateway, "init-packs", tmp_path / "offline")
    told.station("pack", "trust", tmp_path / "offline" / "root.json", "--sha256", root["sha256"], "--data", data)
    gateway.start()
    ticket = gateway.inside.ticket(STATION, timedelta(hours=1)).text
    told.station("enrol", gateway.address, "--ticket", ticket, "--data", data)
    return data


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A medium that is put in."""
    made = tmp_path / "STICK"
    made.mkdir()
    monkeypatch.setattr(sticks, "_mounted", lambda: [made])
    return made


def list_with(record: InspectionRecord) -> str:
    """A list of lost documents that holds the traveller's."""
    assert record.mrz is not None
    zone = record.mrz
    return json.dumps(
        [
            {
                "list_id": "lost-documents",
                "kind": "lost document",
                "version": "2",
                "issued_at": (now() - HOUR).isoformat(),
                "stale_after": (now() + 48 * HOUR).isoformat(),
                "entries": [
                    {
                        "entry_id": "LATE-1",
                        "documents": [{"number": zone.document_number, "issuing_state": zone.issuing_state}],
                    }
                ],
            }
        ]
    )


def said(officer: Officer) -> str:
    settle_events()
    return "\n".join(label.text() for label in officer.window.findChildren(QLabel) if label.isVisible())


def left(officer: Officer, name: str) -> None:
    """Pictures in both languages for whoever wants to look."""
    if LEFT is None:
        return
    for _ in range(2):
        settle_events()
        officer.window.grab().save(str(Path(LEFT) / f"{name}-{officer.window.console.language}.png"))
        officer.press(Qt.Key.Key_F10)


@pytest.mark.slow
def test_a_link_that_goes_in_mid_inspection_a_stick_there_and_back_and_a_late_hit_by_keys_alone(
    folder: Path, gateway: GatewayProcess, stick: Path, tmp_path: Path, zone_family: str, told: Told
) -> None:
    with officer_at("quayside", folder, zone_family) as officer:
        officer.until(lambda s: s.exchange is not None and s.exchange.online)
        left(officer, "1-online")

        officer.press(Qt.Key.Key_Return)
        officer.until(lambda s: s.inspection is not None and s.inspection.running)
        gateway.kill()
        record = officer.finish()
        officer.until(lambda s: s.exchange is not None and not s.exchange.online and s.unsent)
        left(officer, "2-offline")

        officer.press(Qt.Key.Key_F12)
        assert officer.window.console.panel == Exchange()
        officer.press(Qt.Key.Key_1)
        officer.until(lambda s: s.exchange and s.exchange.act and not s.exchange.act.running)
        assert "NET-02" in said(officer)
        left(officer, "3-sync-now-offline")

        officer.press(Qt.Key.Key_2)
        officer.until(lambda s: s.exchange and s.exchange.sticks)
        assert "STICK" in said(officer)
        left(officer, "4-which-stick")
        officer.press(Qt.Key.Key_1)
        officer.until(lambda s: s.exchange and s.exchange.act and dict(s.exchange.act.figures).get("file"))
        (bundle,) = stick.glob("*.bundle")
        assert bundle.name in said(officer)
        left(officer, "5-exported")
        officer.press(Qt.Key.Key_F12)
        assert officer.window.console.panel is None

        (tmp_path / "list.json").write_text(list_with(record), encoding="utf-8")
        told.gateway(gateway, "publish-pack", "control-list", tmp_path / "list.json")
        told.gateway(gateway, "import-bundle", bundle, "--answer", stick / "back.bundle", "--packs")

        officer.press(Qt.Key.Key_F12, Qt.Key.Key_3)
        officer.until(lambda s: s.exchange and s.exchange.sticks and s.exchange.sticks[0].files)
        assert officer.window.console.panel == Exchange(Pane.IMPORT)
        assert "back.bundle" in said(officer)
        left(officer, "6-what-to-import")
        officer.press(Qt.Key.Key_1)
        officer.until(lambda s: s.late_hits)
        late = officer.window.wording.error("LST-05").what
        assert late in said(officer)
        left(officer, "7-late-hit")
        officer.press(Qt.Key.Key_Return)
        assert officer.until(lambda s: True).inspection is None  # nobody is called over an unread late hit
        officer.press(Qt.Key.Key_Escape)
        officer.until(lambda s: not s.late_hits and s.unsent == 0)
        assert late not in said(officer)

        officer.press(Qt.Key.Key_F12)
        left(officer, "8-imported")
        gateway.start()
        officer.press(Qt.Key.Key_1)
        officer.until(lambda s: s.exchange and s.exchange.online)
        left(officer, "9-online-again")
        officer.press(Qt.Key.Key_F12)
        officer.inspect()
        officer.until(lambda s: s.unsent == 0 and s.exchange and not s.exchange.waiting)
        assert officer.station.store.check().sound
    arrived = told.gateway(gateway, "records")
    assert arrived["total"] == 2
