"""Pictures of a lesson as it is played: each page once, while the desk stands still for the camera.

The desk tells of a change on its own thread and waits there; the main thread draws (Qt wants it so) and lets it go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

from inspection_station.app import Station
from inspection_station.desk.commands import Command
from inspection_station.desk.connected_desk import ConnectedDesk
from inspection_station.desk.view import DeskSnapshot, FrameSlot
from inspection_station.hardware.ports import Frame
from inspection_station.inspection.disposition import Disposition
from inspection_station.inspection.document import BlobRef
from inspection_station.inspection.inspection import Inspection, Stage
from inspection_station.ui.crash_log import log_qt_messages
from inspection_station.ui.presenters.console import Choice, Choose, Console, Exchange, Explain, Fill, Form, Keys
from inspection_station.ui.presenters.opening import StartFailure
from inspection_station.ui.screenshots import ScreenshotTaker

_LOCKED = StartFailure("STO-02", "the key store does not answer")
_PATIENCE = 60.0  # seconds the desk waits to be drawn; a picture missed is better than a lesson stopped


@dataclass(frozen=True, slots=True)
class _Shot:
    name: str
    snapshot: DeskSnapshot
    console: Console
    frame: Frame | None
    finger: Frame | None
    drawn: Event


class _Stage:
    """What the taker sees of the desk: its pictures, and the live frames of the moment that is drawn."""

    def __init__(self, station: Station) -> None:
        self.frames, self.finger_frames = FrameSlot(), FrameSlot()
        self._desk = ConnectedDesk(station.desk, station.side)

    def joined(self, snapshot: DeskSnapshot) -> DeskSnapshot:
        """The snapshot with how the exchange stands beside it, as screens get it."""
        return self._desk.joined(snapshot)

    def picture(self, ref: BlobRef) -> bytes | None:
        return self._desk.picture(ref)

    def snapshot(self) -> DeskSnapshot:
        return self._desk.snapshot()

    def post(self, command: Command) -> None:
        self._desk.post(command)

    def subscribe(self, listener: Callable[[DeskSnapshot], None]) -> Callable[[], None]:
        return self._desk.subscribe(listener)


class LessonPictures:
    """``look`` on the desk's thread, ``pump`` on the main thread until the lesson ends, ``close`` after it."""

    def __init__(self, folder: Path, languages: Sequence[str], sizes: Sequence[tuple[int, int]]) -> None:
        self._folder, self._languages, self._sizes = folder, tuple(languages), tuple(sizes)
        self._taker: ScreenshotTaker | None = None
        self._stage: _Stage | None = None
        self._wanted: SimpleQueue[_Shot] = SimpleQueue()
        self._seen: set[str] = set()
        self._closed = False

    def look(self, snapshot: DeskSnapshot, station: Station) -> None:
        """Ask for the pictures of this moment that there are none of yet, and wait for them."""
        frame, finger = station.desk.frames.newest(), station.desk.finger_frames.newest()
        for name, console in moments(snapshot, live=frame is not None, finger=finger is not None):
            if name in self._seen or self._closed:
                continue
            self._seen.add(name)
            if self._stage is None:
                self._stage = _Stage(station)
            shot = _Shot(name, self._stage.joined(snapshot), console, frame, finger, Event())
            self._wanted.put(shot)
            shot.drawn.wait(_PATIENCE)

    def pump(self) -> None:
        """Draw what is asked for."""
        while True:
            try:
                shot = self._wanted.get_nowait()
            except Empty:
                return
            try:
                if self._taker is None:
                    log_qt_messages()  # the offscreen plugin complains at every window
                    self._taker = ScreenshotTaker(self._folder, self._languages, self._sizes, desk=self._stage)
                    self._taker.take_opening("01-opening", "face model")
                    self._taker.take_opening("02-cannot-start", "store", _LOCKED)
                if self._stage is not None:
                    self._stage.frames.put(shot.frame)
                    self._stage.finger_frames.put(shot.finger)
                self._taker.take(shot.snapshot, shot.name, shot.console)
            finally:
                shot.drawn.set()

    def close(self) -> None:
        """Let the desk go if it still waits."""
        self._closed = True
        while not self._wanted.empty():
            self._wanted.get_nowait().drawn.set()


def moments(snapshot: DeskSnapshot, *, live: bool, finger: bool = False) -> list[tuple[str, Console]]:
    """Names of the pictures a snapshot is good for, with the console each is drawn with. ``live``, ``finger``: a frame
    of the camera or of the fingerprint reader is there.
    """
    plain = Console()
    inspection = snapshot.inspection
    if inspection is None:
        return [("80-done" if snapshot.last_decision is not None else "00-ready", plain)]
    if inspection.decision is not None:
        return []
    stage = inspection.stage
    if finger and snapshot.fingers is not None and snapshot.fingers.quality and snapshot.fingers.taken:
        return [("40-fingers", Console(looked_at=Stage.FINGERPRINTS))]
    if stage is Stage.FACE and snapshot.face_prompt is not None and live:
        return [("30-face", plain)]
    if stage is Stage.DECISION:
        return _at_decision(inspection)
    if stage in (Stage.DOCUMENT, Stage.CHIP):
        return [(f"{'10' if stage is Stage.DOCUMENT else '20'}-{stage.value}", plain)]
    if inspection.collection.allowed is None:
        return [("25-person-class", plain)]
    return []


def _at_decision(inspection: Inspection) -> list[tuple[str, Console]]:
    """Once everything is known the officer may look back at each page; the decision itself comes by its verdict."""
    from inspection_station.inspection.finding_rules import barring

    barred = barring(inspection)
    if not barred and inspection.face is None:
        return [("77-decision-not-collected", Console())]
    if not barred:
        looked = [
            (f"{number}-{stage.value}-taken", Console(looked_at=stage))
            for number, stage in (
                ("11", Stage.DOCUMENT),
                ("21", Stage.CHIP),
                ("31", Stage.FACE),
                ("41", Stage.FINGERPRINTS),
                ("50", Stage.COMPARISON),
                ("55", Stage.GROUPS),
                ("60", Stage.WATCHLIST),
            )
        ]
        return [
            ("70-decision-clear", Console()),  # first: drawing the others takes its time, and the seconds count on
            *looked,
            ("75-type-zone", Console(panel=Fill(Form.ZONE))),
            ("76-note", Console(panel=Fill(Form.NOTE))),
            ("78-keys", Console(panel=Keys())),
            ("79-exchange", Console(panel=Exchange())),
        ]
    first = barred[0]
    pages: list[tuple[str, Console]] = []
    if inspection.face_search is not None and inspection.face_search.candidates:
        pages = [
            ("51-comparison-history", Console(looked_at=Stage.COMPARISON)),
            ("56-candidates", Console(looked_at=Stage.GROUPS)),
            ("57-candidates-told", Console(looked_at=Stage.GROUPS, revealed=True)),
        ]
    return [
        *pages,
        ("71-decision-barred", Console()),
        ("72-refer-reasons", Console(panel=Choose(Choice.REASON, Disposition.RF.value))),
        ("73-override", Console(panel=Fill(Form.OVERRIDE, first.key))),
        ("74-explained", Console(panel=Explain(first.code, key=first.key))),
    ]
