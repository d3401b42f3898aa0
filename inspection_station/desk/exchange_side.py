"""The exchange as an officer works with it: one thread that shows how it stands and does what is asked for.

Nothing here is ever waited for by the screen or the desk. What settles headquarters' answers runs on the exchange's own
thread (``ExchangeLoop.do``), what changes the store's file on the store's (``StationStore.close_voyage``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from inspection_station.desk import commands as c
from inspection_station.desk.exchange_acts import ActFailed, Acts, failure
from inspection_station.desk.exchange_view import Act, ActView, ExchangeView, Freshness, LaneView, ListAge, Stick
from inspection_station.desk.ports import Clock
from inspection_station.desk.sticks import sticks
from inspection_station.headquarters import plan
from inspection_station.headquarters.loop import ExchangeStatus
from inspection_station.headquarters.packs import PackAge, PackKind, PackRefused
from inspection_station.headquarters.packs_turn import PackStatus
from inspection_station.headquarters.packs_vault import PackVault

log = logging.getLogger(__name__)

_LOOK_EVERY = 5.0  # seconds between two looks at ages
_LISTS = frozenset({PackKind.CONTROL_LIST, PackKind.MANIFEST})  # told list by list
_FRESHNESS = {PackAge.GREEN: Freshness.GREEN, PackAge.AMBER: Freshness.AMBER, PackAge.RED: Freshness.RED}
_CLOSING = 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """Where the view comes from. ``status`` None: there is no exchange; ``ages``: lists at hand."""

    clock: Clock
    ages: Callable[[datetime], Sequence[ListAge]]
    packs: PackVault
    status: Callable[[], ExchangeStatus] | None = None
    pack_status: Callable[[], PackStatus] = PackStatus
    sticks: Callable[[], tuple[Stick, ...]] = field(default=sticks)


class ExchangeSide:
    """``start`` once, ``stop`` once. ``listen``: called on this thread whenever the view is another."""

    def __init__(self, shown: Shown, acts: Acts) -> None:
        self._shown, self._acts = shown, acts
        self._mailbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = Lock()
        self._view = ExchangeView()
        self._number = 0
        self._listeners: list[Callable[[ExchangeView], None]] = []
        self._thread = Thread(target=self._loop, name="exchange-side", daemon=True)

    @property
    def view(self) -> ExchangeView:
        """How it stands, from any thread."""
        return self._view

    def listen(self, listener: Callable[[ExchangeView], None]) -> Callable[[], None]:
        """Hear of every change; returns how to stop."""
        with self._lock:
            self._listeners.append(listener)

        def forget() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return forget

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what runs; an export that takes longer than two seconds is left behind and leaves no file."""
        self._acts.give_up()
        self._mailbox.put(None)
        self._thread.join(_CLOSING)

    def status_changed(self, status: ExchangeStatus) -> None:
        """The exchange stands otherwise; from any thread."""
        self._mailbox.put(_look)

    def carry_out(self, command: c.ExchangeCommand) -> None:
        """An officer's wish; returns at once."""
        match command:
            case c.SyncNow():
                self._mailbox.put(partial(self._do, Act.SYNC, lambda told: self._acts.sync(self._refresh)))
            case c.UsePortLink(cheap):
                self._mailbox.put(lambda: self._acts.use_port_link(cheap))
            case c.LookForSticks():
                self._mailbox.put(self._look_for_sticks)
            case c.ExportToStick(folder):
                self._mailbox.put(partial(self._do, Act.EXPORT, lambda told: self._acts.export(folder, told)))
            case c.ImportFromStick(path):
                self._mailbox.put(partial(self._do, Act.IMPORT, lambda told: self._acts.take_in(path, self._refresh)))
            case c.CloseVoyage(officer, code):
                self._mailbox.put(
                    partial(self._do, Act.CLOSE_VOYAGE, lambda told: self._acts.close_voyage(officer, code, told))
                )

    # This thread

    def _loop(self) -> None:
        self._refresh()
        while True:
            try:
                job = self._mailbox.get(timeout=_LOOK_EVERY)
            except Empty:
                job = _look
            if job is None:
                return
            try:
                job()
            except Exception as fault:
                log.exception("the exchange's side could not carry out a message")
                self._show(replace(self._view, fault=str(getattr(fault, "code", "SYS-01"))))
            self._refresh()

    def _do(self, act: Act, work: Callable[[Callable[[str, float | None], None]], Sequence[tuple[str, str]]]) -> None:
        self._number += 1
        begun = ActView(act, self._number, running=True)
        self._tell_act(begun)

        def told(step: str, share: float | None) -> None:
            self._tell_act(replace(begun, step=step, share=share))

        try:
            figures = tuple(work(told))
        except Exception as fault:
            failed = fault if isinstance(fault, ActFailed) else failure(fault)
            log.warning("what was asked of the exchange failed", extra={"act": act.value, "code": failed.code})
            self._tell_act(replace(begun, running=False, code=failed.code))
            return
        log.info("what was asked of the exchange is done", extra={"act": act.value})
        self._tell_act(replace(begun, running=False, figures=figures))

    def _tell_act(self, act: ActView) -> None:
        self._show(replace(self._view, act=act))

    def _look_for_sticks(self) -> None:
        self._show(replace(self._view, sticks=self._shown.sticks()))

    def _refresh(self) -> None:
        try:
            self._show(self._standing())
        except Exception as fault:
            log.warning("how the exchange stands cannot be told", extra={"fault": type(fault).__name__})

    def _standing(self) -> ExchangeView:
        packs, lists = self._shown.pack_status(), self._lists(self._shown.clock.now())
        view = replace(
            self._view,
            lists=lists,
            packs_checked=packs.last_checked,
            packs_fault=packs.fault,
            own_packs=packs.own,
        )
        if self._shown.status is None:
            return replace(view, fault="SEC-04")
        status = self._shown.status()
        return replace(
            view,
            enrolled=status.enrolled,
            online=status.online,
            fault=status.fault,
            last_contact=status.last_contact,
            lanes=_lanes(status),
            seconds_left=status.seconds_left,
            budget_bytes=status.budget_bytes,
            used_bytes=status.used_bytes,
            port_link=status.port_link,
            clock_offset_seconds=status.clock_offset_seconds,
        )

    def _lists(self, now: datetime) -> tuple[ListAge, ...]:
        found = [replace(one, hours=_rounded(one.hours)) for one in self._shown.ages(now)]
        try:
            labels = [label for label in self._shown.packs.labels() if label.kind not in _LISTS]
        except (PackRefused, OSError) as fault:
            log.error("the installed packs cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
            return (*found, ListAge("missing", "packs", "", Freshness.RED))
        for label in labels:
            hours = _rounded((now - label.issued_at).total_seconds() / 3600)
            age = _FRESHNESS[label.age(now)]
            found.append(
                ListAge(
                    label.kind.value, label.name, str(label.version), age, hours, label.stale_after, label.valid_until
                )
            )
        return tuple(found)

    def _show(self, view: ExchangeView) -> None:
        if view == self._view:
            return
        self._view = view
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(view)
            except Exception:
                log.exception("a listener to the exchange raised")


def _look() -> None:
    """Only look how it stands."""


def _rounded(hours: float | None) -> float | None:
    """To a minute: a view that is the same for people is the same."""
    return None if hours is None else round(hours * 60) / 60


def _lanes(status: ExchangeStatus) -> tuple[LaneView, ...]:
    """A lane goes when those before it are empty, so its time is theirs and its own."""
    found, before = [], 0
    going = plan.may_go(status.backlog, status.budget_left, status.port_link)
    for lane, may_go in zip(status.backlog, going, strict=True):
        before += may_go
        seconds = status.seconds_for(before) if may_go else None if lane.bytes else 0.0
        found.append(LaneView(lane.lane, lane.messages, lane.bytes, lane.bytes - may_go, lane.held, seconds))
    return tuple(found)
