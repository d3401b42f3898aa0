"""``inspection-gateway publish-mission|publish-whitelist|refresh-whitelists|end-whitelist|screen``: one voyage's packs.

Run ``refresh-whitelists`` and ``screen`` from cron beside a gateway that serves; both do nothing where nothing is due.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.gateway.screening_now import screened
from inspection_station.gateway.verbs import (
    NEGATIVE,
    add_verb,
    refuse,
    repository_of,
    signers_of,
    tell,
    with_gateway,
)
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.gateway.service import Gateway
    from inspection_station.gateway.whitelists import Whitelists

_LONGEST_HOURS = 24 * 366.0


def register(verbs: Any) -> None:
    """Add the verbs."""
    mission = add_verb(verbs, "publish-mission", _mission, "one voyage, and the packs that it needs")
    mission.add_argument("mission", metavar="MISSION", help="small letters, digits, hyphens: stands in the records")
    mission.add_argument("--scenario", required=True, help="pre-clearance, quayside, disembarkation or emergency")
    mission.add_argument("--voyage", default="", metavar="NAME", help="the voyage's own name (default: MISSION)")
    mission.add_argument("--vessel", default="")
    mission.add_argument("--port", default="")
    mission.add_argument("--direction", default="entry", help="entry (default) or exit")
    mission.add_argument("--begins", metavar="WHEN", help="ISO 8601 with its offset (default: now)")
    mission.add_argument("--hours", type=float, default=72.0, help="how long it lasts (default 72)")
    mission.add_argument(
        "--pack", action="append", metavar="KIND/NAME", help="a pack it needs (repeatable; default: every one)"
    )
    mission.add_argument("--key", type=Path, metavar="FILE", help="the key of missions (default: in the folder)")

    white = add_verb(verbs, "publish-whitelist", _whitelist, "who was pre-cleared in a mission, as a pack")
    white.add_argument(
        "missions", nargs="+", metavar="MISSION", help="as in the records: of the pre-clearance, and of the landing"
    )
    white.add_argument("--name", metavar="NAME", help="of the pack (default: the first MISSION)")
    white.add_argument("--stale-hours", type=float, default=6.0, help="amber from then on (default 6)")
    white.add_argument("--valid-hours", type=float, default=48.0, help="not used from then on (default 48)")

    add_verb(verbs, "refresh-whitelists", _refresh, "publish anew what changed (cron, each minute)")

    end = add_verb(verbs, "end-whitelist", _end, "the voyage is over: withdraw its whitelist")
    end.add_argument("name", metavar="NAME")

    add_verb(verbs, "screen", _screen, "hold the records against the newest lists (cron)")


def _mission(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.packs import PackKind
    from inspection_station.headquarters.packs_mission import MissionPack, mission_parts
    from inspection_station.inspection.voyage import Mission

    repository, keys = repository_of(options)
    now = datetime.now(UTC)
    if not 0 < options.hours <= _LONGEST_HOURS:
        raise ValueError("a mission lasts more than 0 hours, and at most a year")
    begins = now if options.begins is None else datetime.fromisoformat(options.begins)
    if begins.tzinfo is None:
        raise ValueError("--begins lacks its offset from UTC")
    ends = begins + timedelta(hours=options.hours)
    if ends <= now:
        raise ValueError("the mission is over already")
    mission = Mission(options.mission, options.scenario, options.vessel, options.port, options.direction)
    labels = _chosen(options.pack, repository.labels())
    pack = MissionPack(mission, options.voyage or options.mission, begins, ends, labels)
    signers = signers_of(options, keys, PackKind.MISSION)
    done = repository.publish(PackKind.MISSION, options.mission, mission_parts(pack), ends, ends, signers, now)
    found = {
        **done.label.told(),
        "mission_id": mission.mission_id,
        "scenario": mission.scenario,
        "voyage": pack.voyage,
        "begins_at": begins.astimezone(UTC).isoformat(),
        "ends_at": ends.astimezone(UTC).isoformat(),
        "packs": [label.told() for label in labels],
    }
    text = f"mission {options.mission} version {done.label.version}, {counted(len(labels), 'pack')}"
    return tell(options, found, text)


def _whitelist(options: argparse.Namespace) -> int:
    if not 0 < options.stale_hours <= options.valid_hours <= _LONGEST_HOURS:
        raise ValueError("a whitelist is stale after more than 0 hours, and invalid later than that")

    def act(whitelists: Whitelists, gateway: Gateway) -> int:
        from inspection_station.gateway.whitelists import Ordered

        stale, valid = timedelta(hours=options.stale_hours), timedelta(hours=options.valid_hours)
        ordered = Ordered(options.name or options.missions[0], tuple(options.missions), stale, valid)
        done = whitelists.publish(ordered)
        if done is None:
            raise ValueError("nothing was published")
        whitelists.order(ordered)
        counts = whitelists.counts(done.label)
        found = {**done.label.told(), "travellers": counts, "snapshot_bytes": done.snapshot_bytes}
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        return tell(options, found, f"whitelist {done.label.name} version {done.label.version}: {told}")

    return _with_whitelists(options, act)


def _refresh(options: argparse.Namespace) -> int:
    def act(whitelists: Whitelists, gateway: Gateway) -> int:
        done = whitelists.refresh()
        found = {"published": [one.label.told() for one in done], "kept": len(whitelists.ordered())}
        names = ", ".join(f"{one.label.name} {one.label.version}" for one in done)
        return tell(options, found, names or "nothing changed")

    return _with_whitelists(options, act)


def _end(options: argparse.Namespace) -> int:
    def act(whitelists: Whitelists, gateway: Gateway) -> int:
        if not whitelists.end(options.name):
            return refuse(options, NEGATIVE, "USE-02", "no whitelist of this name", "look at the name")
        return tell(options, {"name": options.name, "withdrawn": True}, f"{options.name} is withdrawn")

    return _with_whitelists(options, act)


def _screen(options: argparse.Namespace) -> int:
    def act(whitelists: Whitelists, gateway: Gateway) -> int:
        found = screened(gateway, whitelists)
        text = f"{counted(found['records'], 'record')}, {counted(found['late_hits'], 'late hit')}"
        return tell(options, found, text)

    return _with_whitelists(options, act)


def _with_whitelists(options: argparse.Namespace, act: Callable[[Whitelists, Gateway], int]) -> int:
    from inspection_station.gateway.settings import place

    here = place(options.folder, options.database)
    return with_gateway(options, lambda gateway: act(here.whitelists(gateway), gateway))


def _chosen(wanted: list[str] | None, labels: tuple[Any, ...]) -> tuple[Any, ...]:
    """The labels that were asked for, or all but missions. Raises ValueError for one that is not published."""
    from inspection_station.headquarters.packs import PackKind

    here = {f"{label.kind.value}/{label.name}": label for label in labels if label.kind is not PackKind.MISSION}
    if wanted is None:
        return tuple(here.values())
    if absent := [name for name in wanted if name not in here]:
        raise ValueError(f"not published: {absent[0]}; there are: {', '.join(here) or 'none'}")
    return tuple(here[name] for name in dict.fromkeys(wanted))
