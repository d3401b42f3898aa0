"""What the desk remembers beside the inspection, and how both become a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inspection_station.desk.effect_runner import Instruments
from inspection_station.desk.finger_ports import FingersShown
from inspection_station.desk.late_hits import notices_of
from inspection_station.desk.view import DeskSnapshot, DeviceView, LastDecision, LateHitView, ListView, Notice
from inspection_station.inspection.inspection import Inspection
from inspection_station.matching.ports import FacePrompt


@dataclass(frozen=True, slots=True)
class DeskState:
    """Frozen; the desk thread replaces it."""

    scenario: str
    station_name: str
    training: bool
    officer_id: str
    sequence: int = 0
    elapsed_since: float | None = None
    face_prompt: FacePrompt | None = None
    last_decision: LastDecision | None = None
    notices: tuple[Notice, ...] = ()
    done_today: int = 0
    unsent: int = 0
    oldest_unsent_seconds: float | None = None
    raised: int = 0
    fingers: FingersShown | None = None
    late_hits: tuple[LateHitView, ...] = ()
    stopped: str = ""

    def blank(self) -> DeskState:
        """Nothing is said about any traveller."""
        return replace(self, notices=(), face_prompt=None, fingers=None)

    def with_notice(self, code: str, detail: str = "") -> DeskState:
        """The newest notice of a code replaces the older one."""
        others = tuple(n for n in self.notices if n.code != code)
        return replace(self, notices=(*others, Notice(code, detail, self.raised + 1)), raised=self.raised + 1)

    def without_notice(self, *codes: str) -> DeskState:
        """What these codes told of is over."""
        return replace(self, notices=tuple(n for n in self.notices if n.code not in codes))


def snapshot_of(state: DeskState, inspection: Inspection | None, tools: Instruments) -> DeskSnapshot:
    """One consistent picture of the desk."""
    devices = tuple(
        DeviceView(status.kind, status.name, status.state, status.code or "") for status in tools.rack.statuses()
    )
    lists = tuple(
        ListView(consulted.list_id, consulted.kind.value, consulted.version, age_hours, consulted.stale)
        for consulted, age_hours in tools.lists.lists(tools.clock.now())
    )
    return DeskSnapshot(
        sequence=state.sequence,
        training=state.training,
        scenario=state.scenario,
        officer_id=state.officer_id,
        station_name=state.station_name,
        inspection=inspection,
        elapsed_since=state.elapsed_since,
        face_prompt=state.face_prompt,
        devices=devices,
        lists=lists,
        unsent=state.unsent,
        oldest_unsent_seconds=state.oldest_unsent_seconds,
        done_today=state.done_today,
        online=False,
        last_decision=state.last_decision,
        notices=(*state.notices, *notices_of(state.late_hits)),
        fingers=state.fingers,
        late_hits=state.late_hits,
        stopped=state.stopped,
    )
