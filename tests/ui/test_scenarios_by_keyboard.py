"""Each scenario on the real station at pace 0, by nothing but the officer's keys from the call to the sealed record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from screen_events import settle_events

from inspection_station.app import Station, desk_for, open_station
from inspection_station.desk.view import DeskSnapshot
from inspection_station.inspection.inspection import Stage
from inspection_station.inspection.record import InspectionRecord
from inspection_station.inspection.scenario import SCENARIOS
from inspection_station.station_profile import DeviceProfile, StationProfile, load_profile
from inspection_station.ui.bridge import DeskBridge
from inspection_station.ui.keyboard import Keyboard, handle_of
from inspection_station.ui.main_window import MainWindow
from inspection_station.ui.pages.page import Surface
from inspection_station.ui.pictures import PictureStore
from inspection_station.ui.presenters.actions import actions
from inspection_station.ui.presenters.console import Choose, open_panel

SEED = 2  # begins with a foreigner about whom nothing is odd
PATIENCE = 120.0


def profile_for(scenario: str, folder: Path) -> StationProfile:
    profile = load_profile("training", data_folder=folder)
    devices = {**profile.devices, "document reader": DeviceProfile("training-document", {"gives": "swipe"})}
    return replace(profile, scenario=scenario, devices=devices, pace=0.0)


class Officer:
    """Presses keys, and looks at the screen's own snapshot for what to press."""

    def __init__(self, station: Station, window: MainWindow, bridge: DeskBridge) -> None:
        self.station, self.window, self._bridge = station, window, bridge

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(handle_of(self.window), key)
            settle_events()

    def until(self, wanted: Callable[[DeskSnapshot], object]) -> DeskSnapshot:
        until = time.monotonic() + PATIENCE
        while not wanted(self._bridge.snapshot):
            assert time.monotonic() < until, self._bridge.snapshot
            QTest.qWait(20)
        settle_events()
        return self._bridge.snapshot

    def inspect(self) -> InspectionRecord:
        """Call the next traveller and end the inspection."""
        self.press(Qt.Key.Key_Return)
        return self.finish()

    def finish(self) -> InspectionRecord:
        """End the inspection of whom was called: by Enter where passing is offered, else by referral."""
        begun = self.until(lambda s: s.inspection is not None).inspection
        assert begun is not None
        snapshot = self.until(
            lambda s: (
                s.inspection is not None
                and (self._asked(s) or (s.inspection.stage is Stage.DECISION and not s.inspection.running))
            )
        )
        if self._asked(snapshot):  # the class of person: Enter takes what the document says
            self.press(Qt.Key.Key_Return)
            snapshot = self.until(
                lambda s: s.inspection is not None and s.inspection.stage is Stage.DECISION and not s.inspection.running
            )
        if actions(snapshot, self.window.console, self.window.wording)[-1].available:
            self.press(Qt.Key.Key_Return)
        else:
            self.press(Qt.Key.Key_F2)
            assert self.window.view.stack.currentWidget() is self.window.view.list_panel
            self.press(Qt.Key.Key_1)
        self.until(lambda s: s.last_decision is not None and s.last_decision.inspection_id == begun.inspection_id)
        stored = self.station.store.record(begun.inspection_id)
        assert stored is not None
        assert stored.record is not None
        return stored.record

    def _asked(self, snapshot: DeskSnapshot) -> bool:
        return isinstance(open_panel(self.window.console, snapshot), Choose)


@contextmanager
def officer_at(scenario: str, folder: Path, zone_family: str) -> Iterator[Officer]:
    with ExitStack() as stack:
        station = open_station(profile_for(scenario, folder), stack, seed=SEED)
        desk = desk_for(station)
        bridge, pictures = DeskBridge(desk), PictureStore(desk.picture)
        window = MainWindow(bridge, Surface(pictures, desk.frames, zone_family, desk.finger_frames))
        keyboard = Keyboard(window.press, window.reveal, window)
        window.resize(1366, 768)
        window.show()
        handle_of(window).installEventFilter(keyboard)
        window.activateWindow()
        settle_events()
        try:
            yield Officer(station, window, bridge)
        finally:
            window.leave()
            bridge.close()
            pictures.close()
            window.deleteLater()
            settle_events()


@pytest.mark.slow
@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_a_traveller_goes_through_by_keys_alone(scenario: str, tmp_path: Path, zone_family: str) -> None:
    with officer_at(scenario, tmp_path / "data", zone_family) as officer:
        record = officer.inspect()
        director = officer.station.director
        assert director is not None
        assert director.current is not None
        endings = director.current.expected_in(scenario).endings
    assert record.scenario == scenario
    assert {step.step for step in record.steps} == set(SCENARIOS[scenario].steps)
    assert record.decision.disposition in endings, [f.code for f in record.findings]
