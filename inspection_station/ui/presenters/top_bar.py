"""The bar on top: what is running here, who works, seconds a person, and the health of every part."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from inspection_station.desk.view import DeskSnapshot
from inspection_station.hardware.ports import DeviceKind, DeviceState
from inspection_station.ui.presenters.tone import Tone
from inspection_station.wording import Wording

LOW_BATTERY = 20  # per cent
OLD_UNSENT = 3600.0  # seconds
CLOCK_OFF, CLOCK_WRONG = 60, 600  # seconds between headquarters' clock and ours


class NoBattery(IntEnum):
    """Instead of a level: the machine runs on mains, or names no source of power at all."""

    ON_MAINS = -1
    NOTHING_NAMED = -2


@dataclass(frozen=True, slots=True)
class HealthItem:
    """One part of the station. ``said`` is for those who do not see the glyph."""

    key: str
    tone: Tone
    label: str
    said: str


@dataclass(frozen=True, slots=True)
class TopBar:
    """``training`` is empty on a live station."""

    training: str
    scenario: str
    officer: str
    seconds: str
    done: str
    health: tuple[HealthItem, ...]


_STATE_TONE = {
    DeviceState.READY: Tone.OK,
    DeviceState.BUSY: Tone.OK,
    DeviceState.OPENING: Tone.RUNNING,
    DeviceState.ABSENT: Tone.UNCHECKED,
    DeviceState.FAULTY: Tone.BAR,
}


def top_bar(snapshot: DeskSnapshot, wording: Wording, now: float, battery: int | None) -> TopBar:
    """``now`` is monotonic seconds; ``battery`` per cent or a ``NoBattery``, None where the machine does not say."""
    seconds = ""
    if snapshot.elapsed_since is not None:
        seconds = wording.text("top.seconds", value=max(0, int(now - snapshot.elapsed_since)))
    return TopBar(
        _training(snapshot, wording) if snapshot.training else "",
        wording.text(f"scenario.{snapshot.scenario}"),
        wording.text("top.officer", officer=snapshot.officer_id, station=snapshot.station_name),
        seconds,
        wording.text("top.done", count=snapshot.done_today),
        health(snapshot, wording, battery),
    )


def _training(snapshot: DeskSnapshot, wording: Wording) -> str:
    """Whether anything goes out is said where it is known. A training station enrols at a training gateway alone."""
    if snapshot.exchange is None:
        return wording.text("top.training")
    return wording.text("top.training-sends" if snapshot.exchange.enrolled else "top.training-alone")


def health(snapshot: DeskSnapshot, wording: Wording, battery: int | None) -> tuple[HealthItem, ...]:
    """Devices first, then network, clock, battery, lists, unsent records. Unknown is grey, never green."""
    items = [_device(kind, snapshot, wording) for kind in DeviceKind]
    items.append(_item("printer", Tone.UNCHECKED, wording.text("health.printer"), "state.no-printing", wording))
    online = snapshot.online
    items.append(
        _item(
            "network",
            Tone.OK if online else Tone.UNCHECKED,
            wording.text("health.network"),
            "state.online" if online else "state.offline",
            wording,
        )
    )
    items.append(_clock(snapshot, wording))
    items.append(_battery(battery, wording))
    items.append(_lists(snapshot, wording))
    items.append(_unsent(snapshot, wording))
    return tuple(items)


def age_text(hours: float, wording: Wording) -> str:
    """Age of a list: minutes below one hour, days from two days on."""
    if hours < 1:
        return wording.text("unit.minutes", value=max(0, round(hours * 60)))
    if hours < 48:
        return wording.text("unit.hours", value=int(hours))
    return wording.text("unit.days", value=int(hours / 24))


def _item(key: str, tone: Tone, label: str, state: str, wording: Wording) -> HealthItem:
    return HealthItem(key, tone, label, wording.text("health.said", part=label, state=wording.text(state)))


def _device(kind: DeviceKind, snapshot: DeskSnapshot, wording: Wording) -> HealthItem:
    label = wording.text(f"health.{kind.value}")
    views = [d for d in snapshot.devices if d.kind is kind]
    if not views:
        return _item(kind.value, Tone.UNCHECKED, label, "state.absent", wording)
    order = list(_STATE_TONE)
    view = min(views, key=lambda d: order.index(d.state))
    return _item(kind.value, _STATE_TONE[view.state], label, f"state.{view.state.value}", wording)


def _clock(snapshot: DeskSnapshot, wording: Wording) -> HealthItem:
    """Against headquarters' clock where the two could be compared; a wrong date makes valid documents look expired."""
    offset = snapshot.exchange.clock_offset_seconds if snapshot.exchange is not None else None
    wrong = any(n.code == "SEC-01" for n in snapshot.notices)
    if offset is None and not wrong:
        return _item("clock", Tone.UNCHECKED, wording.text("health.clock"), "state.clock-not-compared", wording)
    if offset is not None and abs(offset) >= CLOCK_OFF:
        age = age_text(abs(offset) / 3600, wording)
        label = wording.text("health.clock-slow" if offset > 0 else "health.clock-fast", by=age)
        tone = Tone.BAR if wrong or abs(offset) >= CLOCK_WRONG else Tone.LOOK
        return _item("clock", tone, label, "state.clock-wrong", wording)
    state = "state.clock-wrong" if wrong else "state.ready"
    return _item("clock", Tone.BAR if wrong else Tone.OK, wording.text("health.clock"), state, wording)


def _battery(battery: int | None, wording: Wording) -> HealthItem:
    if battery is None:
        return _item("battery", Tone.UNCHECKED, wording.text("health.battery"), "state.unknown", wording)
    if battery == NoBattery.ON_MAINS:
        return _item("battery", Tone.OK, wording.text("health.mains"), "state.no-battery", wording)
    if battery < 0:
        return _item("battery", Tone.NOTE, wording.text("health.battery"), "state.no-battery", wording)
    label = wording.text("health.battery-level", value=battery)
    low = battery < LOW_BATTERY
    return _item("battery", Tone.LOOK if low else Tone.OK, label, "state.low" if low else "state.ready", wording)


def _lists(snapshot: DeskSnapshot, wording: Wording) -> HealthItem:
    if not snapshot.lists:
        return _item("lists", Tone.UNCHECKED, wording.text("health.lists"), "state.absent", wording)
    oldest = max(snapshot.lists, key=lambda v: v.age_hours)
    label = wording.text("health.lists-age", age=age_text(oldest.age_hours, wording))
    stale = any(v.stale for v in snapshot.lists)
    return _item("lists", Tone.LOOK if stale else Tone.OK, label, "state.stale" if stale else "state.ready", wording)


def _unsent(snapshot: DeskSnapshot, wording: Wording) -> HealthItem:
    label = wording.text("health.unsent", count=snapshot.unsent)
    old = (snapshot.oldest_unsent_seconds or 0.0) > OLD_UNSENT
    if snapshot.unsent == 0:
        return _item("unsent", Tone.OK, label, "state.sent", wording)
    return _item("unsent", Tone.LOOK if old else Tone.NOTE, label, "state.waiting", wording)
