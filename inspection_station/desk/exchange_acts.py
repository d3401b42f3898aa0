"""What an officer can have done about the exchange: ask now, carry by stick, close a voyage. Called on one thread.

Each act returns figures for the wording of its result, or raises ActFailed with the officer's code.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from inspection_station.desk.officer_session import OfficerSession
from inspection_station.desk.ports import Clock
from inspection_station.headquarters.bundle_exchange import Imported, export_bundle, import_return
from inspection_station.headquarters.exchange import NotEnrolled
from inspection_station.headquarters.loop import ExchangeLoop
from inspection_station.headquarters.packs_source import BundleSource, FolderSource
from inspection_station.headquarters.packs_turn import PackTurns
from inspection_station.headquarters.packs_update import PackReport
from inspection_station.headquarters.plan import Rules
from inspection_station.headquarters.ports import LinkFault
from inspection_station.storage.store import StationStore

log = logging.getLogger(__name__)

_T = TypeVar("_T")
Figures = Sequence[tuple[str, str]]
Told = Callable[[str, float | None], None]
_SYNC_SECONDS, _QUIET_SECONDS, _LOOK_SECONDS = 20.0, 5.0, 0.2
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ActFailed(Exception):
    """An act that did not come to its end. ``code`` is what the officer reads."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def failure(fault: Exception) -> ActFailed:
    """The officer's code of any fault of an act."""
    if isinstance(fault, OSError) and not isinstance(fault, LinkFault):
        return ActFailed("STK-01" if fault.errno in _FULL else "STK-02")
    if isinstance(fault, CancelledError):
        return ActFailed("STK-03")
    code = getattr(fault, "code", None)
    if not isinstance(code, str):
        log.error("an act of the exchange failed", exc_info=fault)
    return ActFailed(code if isinstance(code, str) else "SYS-01")


class Acts(Protocol):
    """What ``exchange_side`` carries out. Every call may raise; ``failure`` tells the code."""

    def sync(self, waiting: Callable[[], None]) -> Figures: ...
    def use_port_link(self, cheap: bool) -> None: ...
    def export(self, folder: str, told: Told) -> Figures: ...
    def take_in(self, path: str, waiting: Callable[[], None]) -> Figures: ...
    def close_voyage(self, second_officer: str, code: str, told: Told) -> Figures: ...
    def give_up(self) -> None: ...


@dataclass(slots=True)
class StationActs:
    """Implements ``Acts`` on a running station. ``loop`` None: the station is not enrolled."""

    station: str
    session: OfficerSession
    store: StationStore
    packs: PackTurns
    clock: Clock
    kept_for: timedelta
    loop: ExchangeLoop | None = None
    _given_up: bool = False

    def sync(self, waiting: Callable[[], None]) -> Figures:
        """Rounds at once, whatever pause was kept, until nothing more goes or twenty seconds are over; the exchange
        goes on by itself. ``waiting`` is called while it takes its time.
        """
        loop = self._loop()
        before = _waiting(loop)
        _await(loop.now(), waiting)
        status = _await(loop.do(lambda: loop.status), waiting)  # after the round that followed
        began = changed = self.clock.monotonic()
        while not status.fault and _waiting(loop):
            now = self.clock.monotonic()
            if now - began > _SYNC_SECONDS or now - changed > _QUIET_SECONDS:
                break
            time.sleep(_LOOK_SECONDS)  # looked at, not asked: whoever asks interrupts pictures
            waiting()
            if loop.status != status:
                status, changed = loop.status, now
        if status.fault:
            raise ActFailed(status.fault)
        left = _waiting(loop)
        return (("sent", str(max(0, before - left))), ("left", str(left)))

    def use_port_link(self, cheap: bool) -> None:
        """Until the station is started anew."""
        self._loop().use_port_link(cheap)
        self.store.note(self.session.officer_id, "port link used" if cheap else "port link left")

    def export(self, folder: str, told: Told) -> Figures:
        """Everything that waits, sealed, in a new file; it appears whole or not at all."""

        def progress(share: float) -> None:
            if self._given_up:
                raise ActFailed("STK-03")
            told("sealing", share)

        self._loop()
        name = f"{self.station}-{self.clock.now():%Y%m%dT%H%M%SZ}.bundle"
        target = Path(folder) / name
        made = export_bundle(
            target, self.station, self.store.outbox, self.clock, late_hits=self.store.late_hits, progress=progress
        )
        told("writing", 1.0)
        self.store.note(self.session.officer_id, "bundle exported", "", f"{made.messages + made.pictures} messages")
        return (
            ("messages", str(made.messages)),
            ("pictures", str(made.pictures)),
            ("unreadable", str(made.unreadable)),
            ("bytes", str(target.stat().st_size)),
            ("file", name),
        )

    def take_in(self, path: str, waiting: Callable[[], None]) -> Figures:
        """Receipts and packs of a bundle, or packs of a repository's folder."""
        source = Path(path)
        if source.is_dir():
            if self.loop is None:
                return self._told_packs(None, self.packs.take_from(FolderSource(source)))
            return self._told_packs(
                None, _await(self.loop.do(lambda: self.packs.take_from(FolderSource(source))), waiting)
            )
        imported, report = _await(self._loop().do(lambda: self._bundle(source)), waiting)
        return self._told_packs(imported, report)

    def close_voyage(self, second_officer: str, code: str, told: Told) -> Figures:
        """Destroy what is due and change the key, by two officers."""
        if not self.session.confirm_second(second_officer, code):
            raise ActFailed("SEC-02")
        self.store.note(self.session.officer_id, "voyage closing", second_officer)
        closed = self.store.close_voyage(self.kept_for, lambda step, share: told(step.value, share)).result()
        return (
            ("purged", str(closed.purged)),
            ("kept", str(closed.kept)),
            ("waiting", str(closed.waiting)),
            ("key", "destroyed" if closed.old_key_destroyed else "standing"),
        )

    def give_up(self) -> None:
        """The station ends: an export stops before its next entry and leaves no file."""
        self._given_up = True

    def _bundle(self, source: Path) -> tuple[Imported, PackReport | None]:
        outbox = self.store.outbox
        identity = outbox.identity()
        if identity is None:
            raise NotEnrolled("the station is not enrolled at headquarters")
        imported = import_return(
            source, outbox, self.clock, Rules(), station=self.station, late_hits=self.store.late_hits
        )
        packs = BundleSource(source, identity)
        return imported, self.packs.take_from(packs) if packs.holds_files else None

    def _told_packs(self, imported: Imported | None, report: PackReport | None) -> Figures:
        confirmed = 0 if imported is None else imported.confirmed
        installed = 0 if report is None else len(report.installed)
        refused = 0 if report is None else len(report.refused)
        self.store.note(
            self.session.officer_id,
            "bundle imported",
            "",
            f"{confirmed} confirmed, {installed} packs, {refused} refused",
        )
        if report is not None and report.refused and not installed and not confirmed:
            raise ActFailed(report.refused[0][2].code)
        overtaken = 0 if imported is None else imported.stale
        return (
            ("confirmed", str(confirmed)),
            ("overtaken", str(overtaken)),
            ("packs", str(installed)),
            ("refused", str(refused)),
        )

    def _loop(self) -> ExchangeLoop:
        if self.loop is None:
            raise ActFailed("SEC-04")
        return self.loop


def _waiting(loop: ExchangeLoop) -> int:
    return sum(lane.messages for lane in loop.status.backlog)


def _await(future: Future[_T], waiting: Callable[[], None]) -> _T:
    """The future's answer; ``waiting`` is called now and then until it is there."""
    while True:
        try:
            return future.result(timeout=0.5)
        except TimeoutError:
            if future.done():
                return future.result()
            waiting()
