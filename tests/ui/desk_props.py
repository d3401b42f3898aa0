"""A desk for tests of the screens: the real state machine, with answers that the test scripts instead of devices."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from PIL import Image, ImageDraw

from inspection_station.desk import commands as c
from inspection_station.desk.view import DeskSnapshot, DeviceView, FrameSlot, LastDecision, ListView, Notice
from inspection_station.documents.mrz import parse
from inspection_station.documents.mrz_compose import compose
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.inspection import events as e
from inspection_station.inspection.biometrics import (
    ComparisonBand,
    ComparisonResult,
    FaceSample,
    FingerPosition,
    FingerprintSample,
    Modality,
    NotCompared,
    ReferenceKind,
)
from inspection_station.inspection.chip import AccessProtocol, CheckResult, ChipCheck, ChipReading, DataGroup
from inspection_station.inspection.disposition import Decision
from inspection_station.inspection.document import (
    BlobRef,
    DocumentFormat,
    MachineReadableZone,
    MrzSource,
    TravelDocument,
)
from inspection_station.inspection.errors import EventNotAllowed
from inspection_station.inspection.face_search import (
    FaceCandidate,
    FaceProbe,
    FaceSearchResult,
    GroupNotSearched,
    GroupSearched,
    GroupUse,
)
from inspection_station.inspection.findings import Override
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.inspection.scenario import Step
from inspection_station.inspection.watchlist import ListConsulted, ListKind, WatchlistHit, WatchlistResult
from inspection_station.inspection.workflow import advance
from inspection_station.matching.ports import FacePrompt

TODAY = "2026-11-23"
OFFICER = "T-001"


def a_zone(**changes: str) -> MachineReadableZone:
    """A valid TD3 zone of Utopia."""
    lines = compose(DocumentFormat.TD3, **(PLAIN | changes))
    return parse(lines, today=date.fromisoformat(TODAY))


PLAIN = {
    "document_code": "P",
    "issuing_state": "UTO",
    "primary": "VALTONEN RASK",
    "secondary": "ILVA MARJATTA",
    "document_number": "U7431905A",
    "nationality": "UTO",
    "date_of_birth": "880314",
    "sex": "F",
    "date_of_expiry": "310830",
}

CHECKS = (
    ("5.6.1", "access"),
    ("5.6.4", "security-object-signature"),
    ("5.6.5", "signer-trust"),
    ("5.6.6", "signer-validity"),
    ("5.6.7", "signer-revocation"),
    ("5.6.8", "data-group-hash"),
    ("5.6.9", "mrz-against-chip"),
    ("5.6.10", "issuing-state"),
)


def chip_checks(**results: CheckResult) -> tuple[ChipCheck, ...]:
    """Every check passed, except those named (underscores for hyphens)."""
    named = {name.replace("_", "-"): result for name, result in results.items()}
    return tuple(ChipCheck(section, name, named.get(name, CheckResult.SUCCESSFUL), "test") for section, name in CHECKS)


def grey_picture(tone: int = 200, size: tuple[int, int] = (413, 531), form: str = "JPEG") -> bytes:
    """Nobody: an oval on a plain ground."""
    picture = Image.new("RGB", size, (tone, tone, min(255, tone + 10)))
    pen = ImageDraw.Draw(picture)
    width, height = size
    pen.ellipse((width * 0.28, height * 0.18, width * 0.72, height * 0.68), fill=(150, 140, 135))
    pen.ellipse((width * 0.1, height * 0.75, width * 0.9, height * 1.4), fill=(90, 100, 115))
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


LISTS = (("wanted", ListKind.WANTED), ("lost", ListKind.LOST_DOCUMENT), ("refused", ListKind.REFUSED_ENTRY))


@dataclass
class Script:
    """What the next traveller's devices answer. ``hold`` lists steps that do not answer until ``release``.

    ``failing``: a step's code, and after a space the detail.
    """

    zone: MachineReadableZone = field(default_factory=a_zone)
    source: MrzSource = MrzSource.FULL_PAGE
    page: bytes | None = None
    portrait: bytes | None = field(default_factory=grey_picture)
    live: bytes = field(default_factory=lambda: grey_picture(180))
    checks: tuple[ChipCheck, ...] = field(default_factory=chip_checks)
    band: ComparisonBand = ComparisonBand.MATCH
    score: float = 0.962
    expired: bool | None = False
    taiwan_id: bool = False
    hits: tuple[WatchlistHit, ...] = ()
    stale: bool = False
    not_consulted: tuple[str, ...] = ()
    candidates: tuple[FaceCandidate, ...] = ()
    not_searched: tuple[GroupNotSearched, ...] = ()
    history: bytes | None = None
    not_compared: tuple[NotCompared, ...] = ()
    failing: Mapping[Step, str] = field(default_factory=dict)
    hold: frozenset[Step] = frozenset()


class FakeDesk:
    """Implements ``desk.view.Desk`` on the calling thread. ``posted`` keeps every command."""

    def __init__(self, script: Script | None = None, **station: Any) -> None:
        self.script = script or Script()
        self.frames, self.finger_frames = FrameSlot(), FrameSlot()
        self.posted: list[c.Command] = []
        self.sealed: list[Decision] = []
        self.seal_fault = ""
        self._inspection: Inspection | None = None
        self._listeners: list[Callable[[DeskSnapshot], None]] = []
        self._pictures: dict[str, bytes] = {}
        self._held: list[e.Event] = []
        self._count = 0
        self._snapshot = DeskSnapshot(
            sequence=0,
            training=True,
            scenario="quayside",
            officer_id=OFFICER,
            station_name="KEL-03",
            inspection=None,
            elapsed_since=None,
            face_prompt=None,
            devices=tuple(DeviceView(kind, kind.value, DeviceState.READY) for kind in list(DeviceKind)[:3]),
            lists=tuple(ListView(name, kind.value, "2026-11-23", 3.0, False) for name, kind in LISTS),
            unsent=0,
            oldest_unsent_seconds=None,
            done_today=0,
            online=False,
            last_decision=None,
            notices=(),
        )
        if station:
            self._snapshot = replace(self._snapshot, **station)

    # The protocol

    def snapshot(self) -> DeskSnapshot:
        return self._snapshot

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._pictures.get(ref.sha256)

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def post(self, command: c.Command) -> None:
        self.posted.append(command)
        try:
            self._carry_out(command)
        except EventNotAllowed as refusal:
            self.publish(notices=(Notice("REF-01", ",".join(refusal.reasons)),))

    # For tests

    @property
    def inspection(self) -> Inspection | None:
        return self._inspection

    def begin(self) -> FakeDesk:
        self.post(c.BeginInspection())
        return self

    def release(self, *steps: Step) -> None:
        """Let held steps answer."""
        kept = [ev for ev in self._held if _step_of(ev) not in steps]
        ready = [ev for ev in self._held if _step_of(ev) in steps]
        self._held = kept
        for event in ready:
            self._apply(event)

    def publish(self, **changes: Any) -> None:
        """Change what the station says of itself."""
        self._snapshot = replace(
            self._snapshot, inspection=self._inspection, sequence=self._snapshot.sequence + 1, **changes
        )
        for listener in tuple(self._listeners):
            listener(self._snapshot)

    def keep(self, content: bytes, media_type: str = "image/jpeg") -> BlobRef:
        ref = BlobRef(hashlib.sha256(content).hexdigest(), media_type, len(content))
        self._pictures[ref.sha256] = content
        return ref

    def prompt(self, prompt: FacePrompt | None) -> None:
        self.publish(face_prompt=prompt)

    # Inside

    def _carry_out(self, command: c.Command) -> None:
        if isinstance(command, c.BeginInspection):
            self._count += 1
            started = f"{TODAY}T08:00:00+00:00"
            self._inspection = None
            self.publish(elapsed_since=time.monotonic(), face_prompt=None)
            self._apply(
                e.InspectionStarted(f"i-{self._count}", self._snapshot.scenario, "m-1", OFFICER, started, TODAY)
            )
        elif isinstance(command, c.Decide):
            decision = Decision(command.disposition, OFFICER, command.reasons, command.note)
            self._apply(e.DecisionTaken(decision, f"{TODAY}T08:00:30+00:00"))
        elif isinstance(command, c.RetryStep):
            self._apply(e.StepRetried(command.step, OFFICER))
        elif isinstance(command, c.WaiveStep):
            self._apply(e.StepWaived(command.step, OFFICER, command.reason))
        elif isinstance(command, c.ConfirmPersonClass):
            self._apply(e.PersonClassConfirmed(OFFICER, command.person_class, command.exemption))
        elif isinstance(command, c.OverrideFinding):
            aside = Override(command.finding_key, OFFICER, command.second_officer_id, command.reason, command.note)
            self._apply(e.FindingOverridden(aside))
        elif isinstance(command, c.AddNote):
            self._apply(e.NoteAdded(OFFICER, command.text))
        elif isinstance(command, c.RetrySealing):
            self._apply(e.SealingRetried(OFFICER))
        elif isinstance(command, c.UndoDecision):
            self.publish(last_decision=None)

    def _apply(self, event: e.Event) -> None:
        transition = advance(self._inspection, event)
        self._inspection = transition.inspection
        self.publish()
        for effect in transition.effects:
            self._answer(type(effect).__name__, effect)
        self._close_if_sealed()

    def _answer(self, name: str, effect: Any) -> None:
        if name == "SealRecord":
            if self.seal_fault:
                self._apply(e.SealingFailed(self.seal_fault))
            else:
                self.sealed.append(effect.record.decision)
                self._apply(e.RecordSealed("0" * 64))
            return
        step = _STEPS.get(name)
        if step is None:
            return
        code, _, detail = self.script.failing.get(step, "").partition(" ")
        event = e.StepFailed(step, effect.attempt, code, detail) if code else self._done(step, effect)
        if step in self.script.hold:
            self._held.append(event)
        else:
            self._apply(event)

    def _done(self, step: Step, effect: Any) -> e.Event:
        script, attempt = self.script, effect.attempt
        if step is Step.DOCUMENT:
            page = self.keep(script.page) if script.page else None
            document = TravelDocument(script.zone, script.source, page)
            return e.DocumentRead(attempt, 1430.0, 1100.0, document, script.taiwan_id, script.expired)
        if step is Step.CHIP:
            portrait = self.keep(script.portrait) if script.portrait and effect.with_portrait else None
            groups = tuple(DataGroup(n, 1000, "0" * 64) for n in ("EF.COM", "EF.SOD", "DG1", "DG2"))
            reading = ChipReading(AccessProtocol.BAC, groups, script.zone.lines, portrait, script.checks)
            return e.ChipRead(attempt, 3870.0, 3600.0, reading)
        if step is Step.FACE:
            not_assessed = ("gaze", "headwear", "glasses")
            return e.FaceCaptured(attempt, 1210.0, 900.0, FaceSample(self.keep(script.live), 0.87, not_assessed))
        if step is Step.FINGERPRINTS:
            sample = FingerprintSample(self.keep(script.live), FingerPosition.RIGHT_INDEX, 71, "test")
            return e.FingerprintsCaptured(attempt, 2000.0, 1900.0, (sample,))
        if step is Step.COMPARISON:
            result = ComparisonResult(
                Modality.FACE, ReferenceKind.CHIP_PORTRAIT, script.score, 0.93, script.band, "test", 12_000.0
            )
            return e.FacesCompared(attempt, 310.0, 0.0, (result, *self._with_history(result)), script.not_compared)
        if step is Step.GROUPS:
            candidates = tuple(
                replace(one, picture=self.keep(grey_picture(150 + 12 * n)) if n != 1 else None)
                for n, one in enumerate(script.candidates)
            )
            groups = (searched_group("controlled-foreigners", GroupUse.ALERT), searched_group("alert-persons"))
            found = FaceSearchResult("test", effect.probe, True, groups, candidates, script.not_searched)
            return e.FaceGroupsSearched(attempt, 30.0, 0.0, found)
        issued = f"{TODAY}T05:00:00+00:00"
        consulted = tuple(ListConsulted(name, kind, "7", issued, script.stale) for name, kind in LISTS)
        return e.WatchlistsSearched(attempt, 60.0, 0.0, WatchlistResult(consulted, script.hits, script.not_consulted))

    def _with_history(self, result: ComparisonResult) -> tuple[ComparisonResult, ...]:
        if self.script.history is None:
            return ()
        shown = self.keep(self.script.history)
        live = replace(result, reference=ReferenceKind.HISTORY, reference_image=shown, one_in=None)
        return live, replace(live, probe=FaceProbe.CHIP_PORTRAIT)

    def _close_if_sealed(self) -> None:
        current = self._inspection
        if current is None or current.stage is not Stage.CLOSED or current.decision is None:
            return
        last = LastDecision(current.inspection_id, current.decision.disposition.value, time.monotonic() + 10)
        self._inspection = None
        self.publish(
            last_decision=last,
            elapsed_since=None,
            done_today=self._snapshot.done_today + 1,
            face_prompt=None,
            notices=(),
        )


_STEPS = {
    "ReadDocument": Step.DOCUMENT,
    "ReadChip": Step.CHIP,
    "CaptureFace": Step.FACE,
    "CaptureFingerprints": Step.FINGERPRINTS,
    "CompareFaces": Step.COMPARISON,
    "SearchFaceGroups": Step.GROUPS,
    "SearchWatchlists": Step.WATCHLIST,
}
_EVENT_STEPS: dict[type, Step] = {
    e.DocumentRead: Step.DOCUMENT,
    e.ChipRead: Step.CHIP,
    e.FaceCaptured: Step.FACE,
    e.FingerprintsCaptured: Step.FINGERPRINTS,
    e.FacesCompared: Step.COMPARISON,
    e.FaceGroupsSearched: Step.GROUPS,
    e.WatchlistsSearched: Step.WATCHLIST,
}


def _step_of(event: e.Event) -> Step | None:
    return event.step if isinstance(event, e.StepFailed) else _EVENT_STEPS.get(type(event))


def searched_group(group_id: str, use: GroupUse = GroupUse.PROMPT) -> GroupSearched:
    """A group as it was searched."""
    return GroupSearched(group_id, use, 12, 4_800, 5.1, True, f"{TODAY}T20:00:00+00:00", 0.4)


def candidates(*uses: GroupUse, one_in: float | None = 412_345.0) -> tuple[FaceCandidate, ...]:
    """One candidate a use, the first well above the next."""
    names = {GroupUse.ALERT: "controlled-foreigners", GroupUse.PROMPT: "alert-persons"}
    return tuple(
        FaceCandidate(names.get(use, "voyage-whitelist"), use, f"A-{n:05d}", n, 7.4 - n, 2.31 / n, one_in)
        for n, use in enumerate(uses, 1)
    )


def a_hit() -> WatchlistHit:
    """A possible hit on the list of wanted persons."""
    return WatchlistHit("wanted", ListKind.WANTED, "E-1", 0.93, ("name", "date_of_birth"), ("nationality",))
