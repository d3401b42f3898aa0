"""The strip under the top bar: whether headquarters is in reach, what waits in each lane, how old every list is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inspection_station.desk.exchange_view import ExchangeView, Freshness, ListAge
from inspection_station.storage.values import Lane
from inspection_station.ui.presenters.tone import Tone
from inspection_station.ui.presenters.top_bar import HealthItem, age_text
from inspection_station.wording import Wording

FRESHNESS_TONE = {Freshness.GREEN: Tone.OK, Freshness.AMBER: Tone.LOOK, Freshness.RED: Tone.BAR}
_ORDER = (Freshness.RED, Freshness.AMBER, Freshness.GREEN)
_KILO = 1000


@dataclass(frozen=True, slots=True)
class ExchangeStrip:
    """``link`` and ``waiting`` are always there; ``lanes`` names those that are not empty, None where all are;
    ``lists`` worst first. What has no room is counted by ``more`` with its number filled in.
    """

    link: HealthItem
    waiting: HealthItem
    lanes: HealthItem | None
    lists: tuple[HealthItem, ...]
    more: str
    key: str


def exchange_strip(view: ExchangeView | None, wording: Wording) -> ExchangeStrip | None:
    """None where nobody tells how the exchange stands."""
    if view is None:
        return None
    lanes = wording.text("exchange.strip.lanes").join(
        wording.text("exchange.strip.lane", lane=lane_name(lane.lane, wording), count=lane.messages)
        for lane in view.lanes
        if lane.messages
    )
    return ExchangeStrip(
        link_item(view, wording),
        _waiting(view, wording),
        _item("lanes", Tone.NOTE, lanes) if lanes else None,
        tuple(_list(n, one, wording) for n, one in enumerate(worst_first(view.lists))),
        wording.text("exchange.strip.more"),
        wording.text("exchange.strip.key"),
    )


def worst_first(lists: tuple[ListAge, ...]) -> list[ListAge]:
    """Red before amber before green, the older first."""
    return sorted(lists, key=lambda one: (_ORDER.index(one.freshness), -(one.hours or 0.0)))


def lane_name(lane: int, wording: Wording) -> str:
    """A lane's name."""
    return wording.text(f"exchange.lane.{Lane(lane).name.lower().replace('_', '-')}")


def is_control_list(one: ListAge, wording: Wording) -> bool:
    """Whether its kind is that of a control list, of which a station has one each as a rule."""
    return wording.has(f"list.{one.kind}")


def list_name(one: ListAge, wording: Wording) -> str:
    """What kind of list or pack it is; one that is missing by its own name."""
    if one.kind == "missing":
        return wording.text_or(f"list.{one.name}", one.name)
    return wording.text_or(f"list.{one.kind}", wording.text_or(f"exchange.pack.{one.kind}", one.name))


def size_text(count: int, wording: Wording) -> str:
    """Bytes as people say them (powers of ten)."""
    if count < _KILO:
        return wording.text("exchange.size.bytes", value=count)
    if count < _KILO**2:
        return wording.text("exchange.size.kilobytes", value=round(count / _KILO))
    if count < _KILO**3:
        return wording.text("exchange.size.megabytes", value=f"{count / _KILO**2:.1f}")
    return wording.text("exchange.size.gigabytes", value=f"{count / _KILO**3:.1f}")


def time_text(seconds: float | None, wording: Wording) -> str:
    """How long something takes."""
    if seconds is None:
        return wording.text("exchange.time.unknown")
    if seconds < 90:
        return wording.text("exchange.time.about", time=wording.text("unit.seconds", value=max(1, round(seconds))))
    return wording.text("exchange.time.about", time=age_text(seconds / 3600, wording))


def moment_text(moment: datetime | None, wording: Wording) -> str:
    """Local time of the machine, with its day where that is not today's."""
    if moment is None:
        return wording.text("exchange.never")
    local = moment.astimezone()
    return local.strftime("%H:%M" if local.date() == datetime.now().astimezone().date() else "%m-%d %H:%M")


def link_item(view: ExchangeView, wording: Wording) -> HealthItem:
    """In reach or not, and since when."""
    if not view.enrolled:
        return _item("link", Tone.UNCHECKED, wording.text("exchange.strip.not-enrolled"))
    at = moment_text(view.last_contact, wording)
    if view.online:
        return _item("link", Tone.OK, wording.text("exchange.strip.online", at=at))
    if view.last_contact is None:
        return _item("link", Tone.UNCHECKED, wording.text("exchange.strip.offline-never"))
    return _item("link", Tone.UNCHECKED, wording.text("exchange.strip.offline", at=at))


def _waiting(view: ExchangeView, wording: Wording) -> HealthItem:
    if view.act is not None and view.act.running:
        return _item("waiting", Tone.RUNNING, wording.text(f"exchange.act.{view.act.act.value}.running"))
    if not view.waiting:
        return _item("waiting", Tone.OK if view.enrolled else Tone.UNCHECKED, wording.text("exchange.strip.nothing"))
    size = size_text(view.bytes, wording)
    if view.later:
        later = size_text(view.later, wording)
        text = wording.text("exchange.strip.waiting-later", count=view.waiting, size=size, later=later)
    else:
        time = time_text(view.seconds_left, wording)
        text = wording.text("exchange.strip.waiting", count=view.waiting, size=size, time=time)
    return _item("waiting", Tone.NOTE, text)


def _list(number: int, one: ListAge, wording: Wording) -> HealthItem:
    name = list_name(one, wording)
    word = wording.text(f"exchange.age.{one.freshness.value}")
    if one.hours is None:
        label = wording.text("exchange.strip.list-missing", name=name)
    else:
        label = wording.text("exchange.strip.list", name=name, age=age_text(max(0.0, one.hours), wording))
    said = wording.text("health.said", part=label, state=word)
    return HealthItem(f"list {number}", FRESHNESS_TONE[one.freshness], label, said)


def _item(key: str, tone: Tone, label: str) -> HealthItem:
    return HealthItem(key, tone, label, label)
