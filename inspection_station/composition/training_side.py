"""The training side: what a training profile adds, and the desk as a trainee sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from inspection_station.desk import commands as c
from inspection_station.desk.inspection_desk import TAIPEI, InspectionDesk
from inspection_station.desk.list_search import ListSearch
from inspection_station.desk.view import DeskSnapshot, FrameSlot
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.scenario import SCENARIOS, Demand, Step
from inspection_station.station_profile import StationProfile
from inspection_station.storage.clock import SystemClock

if TYPE_CHECKING:
    from inspection_station.training.director import Director


class TrainingSide:
    """What a training profile adds. Its modules are imported here and nowhere a live profile comes by."""

    def __init__(self, profile: StationProfile, seed: int, lists: ListSearch, key: bytes, pool: Executor) -> None:
        from inspection_station.training.control_lists import training_lists
        from inspection_station.training.devices.drawing_room import DrawingRoom
        from inspection_station.training.devices.props import TravellerProps
        from inspection_station.training.devices.stage import TrainingStage
        from inspection_station.training.director import Director
        from inspection_station.training.lesson_papers import LessonPapers
        from inspection_station.training.specimen_passport import training_authority
        from inspection_station.training.voyage_list import VoyageList

        now = SystemClock().now()
        filmed = SCENARIOS[profile.scenario].demand(Step.FACE) is not Demand.NOT_DONE
        self.stage = TrainingStage(TravellerProps(DrawingRoom(), films=filmed))
        landing = SCENARIOS[profile.scenario].demand(Step.CLEARANCE) is not Demand.NOT_DONE
        self.voyage = VoyageList(profile.data_folder, key, SystemClock().now)
        today = now.astimezone(TAIPEI).date()
        self.papers = LessonPapers(SystemClock().now)
        self.director = Director(
            self.stage, seed, today, self.voyage if landing else None, pool.submit, self.papers.stepped_up
        )
        self.trust = training_authority(now.date()).trust_store()
        self.settings: Mapping[str, Any] = {"stage": self.stage, "pace": profile.pace}
        lists.replace(training_lists(now))


class TrainingDesk:
    """The desk as a trainee sees it: asking for the next traveller makes one step up. Implements ``view.Desk``."""

    def __init__(self, desk: InspectionDesk, director: Director) -> None:
        self._desk = desk
        self._director = director
        self._called = False  # a traveller was called and has not come before the desk yet
        director.look_ahead()
        desk.subscribe(self._look)

    @property
    def frames(self) -> FrameSlot:
        return self._desk.frames

    @property
    def finger_frames(self) -> FrameSlot:
        return self._desk.finger_frames

    def snapshot(self) -> DeskSnapshot:
        return self._desk.snapshot()

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._desk.picture(ref)

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        return self._desk.subscribe(listener)

    def post(self, command: c.Command) -> None:
        """As the desk's own; BeginInspection brings the next traveller, whose document then starts the inspection."""
        if isinstance(command, c.BeginInspection):
            if self._desk.snapshot().inspection is None and not self._called:
                self._called = True  # first: the document may be read before call_next returns
                self._director.call_next()
            return
        self._desk.post(command)

    def _look(self, snapshot: DeskSnapshot) -> None:
        if snapshot.inspection is not None:
            self._called = False
