"""How the exchange stands in tests of the screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from inspection_station.desk.exchange_view import (
    Act,
    ActView,
    ExchangeView,
    Freshness,
    LaneView,
    ListAge,
    Stick,
    StickFile,
)

AT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)

LISTS = (
    ListAge("wanted", "wanted-1", "2026-11-23", Freshness.GREEN, 3.0, AT),
    ListAge("tax arrears", "tax-1", "2026-11-20", Freshness.AMBER, 70.0, AT, AT),
    ListAge("lost document", "lost-interpol", "17", Freshness.RED, 200.0, AT, AT),
    ListAge("smuggling", "smuggling-1", "4", Freshness.GREEN, 1.0, AT),
    ListAge("face-group", "foreign-wanted", "12", Freshness.GREEN, 20.0, AT, AT),
    ListAge("history-photographs", "voyage-118", "3", Freshness.GREEN, 9.0, AT, AT),
    ListAge("trust-anchors", "csca", "41", Freshness.AMBER, 800.0, AT, AT),
    ListAge("missing", "refused-entry", "", Freshness.RED),
)

STANDING = ExchangeView(
    enrolled=True,
    online=True,
    last_contact=AT,
    lanes=(
        LaneView(0, 2, 900, 0, 0, 1.0),
        LaneView(1, 14, 4_300, 0, 1, 2.0),
        LaneView(2, 120, 1_440_000, 0, 0, 95.0),
        LaneView(3, 240, 7_200_000, 0, 0, 700.0),
        LaneView(4, 60, 90_000_000, 90_000_000, 0, None),
    ),
    seconds_left=700.0,
    budget_bytes=50_000_000,
    used_bytes=31_000_000,
    lists=LISTS,
    packs_checked=AT,
)

OFFLINE = replace(STANDING, online=False, fault="NET-02", seconds_left=None, used_bytes=50_000_000)

EMPTY = replace(STANDING, lanes=tuple(LaneView(lane, 0, 0) for lane in range(5)), seconds_left=0.0)

STRANGER = ExchangeView(fault="SEC-04", lists=LISTS[:2])

EXPORTING = replace(STANDING, act=ActView(Act.EXPORT, 1, running=True, step="sealing", share=0.4))

EXPORTED = replace(
    STANDING,
    act=ActView(
        Act.EXPORT,
        1,
        running=False,
        figures=(
            ("messages", "16"),
            ("pictures", "360"),
            ("unreadable", "0"),
            ("bytes", "8645200"),
            ("file", "KEL-03-20261123T130000Z.bundle"),
        ),
    ),
)

PULLED = replace(STANDING, act=ActView(Act.EXPORT, 1, running=False, code="STK-02"))

CLOSED = replace(
    EMPTY,
    act=ActView(
        Act.CLOSE_VOYAGE,
        2,
        running=False,
        figures=(("purged", "2980"), ("kept", "20"), ("waiting", "4"), ("key", "destroyed")),
    ),
)

STICKS = replace(
    STANDING,
    sticks=(
        Stick("/media/one", "ONE", 14_000_000_000, (StickFile("/media/one/back.bundle", "back.bundle", "bundle"),)),
        Stick("/media/two", "TWO", 900_000, (StickFile("/media/two/packs", "packs", "packs"),)),
    ),
)

VIEWS = {
    "standing": STANDING,
    "offline": OFFLINE,
    "empty": EMPTY,
    "stranger": STRANGER,
    "exporting": EXPORTING,
    "exported": EXPORTED,
    "pulled": PULLED,
    "closed": CLOSED,
}
