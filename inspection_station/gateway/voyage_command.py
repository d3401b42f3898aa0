"""``inspection-gateway publish-mission|publish-whitelist|refresh-whitelists|end-whitelist|screen``: one voyage's packs.

Run ``refresh-whitelists`` and ``screen`` from cron beside a gateway that serves; both do nothing where nothing is due.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.gateway.pack_command import AddVerb, Refuse, Tell
    from inspection_station.gateway.service import Gateway
    from inspection_station.gateway.whitelists import Whitelists

_NEGATIVE, _MISSING = 1, 3
_LONGEST_HOURS = 24 * 366.0


class VoyageCommands:
    """The verbs; ``guarded`` translates what they raise."""

    def __init__(
        self,
        tell: Tell,
        refuse: Refuse,
        guarded: Callable[[Callable[[argparse.Namespace], int]], Callable[[argparse.Namespace], int]],
    ) -> None:
        self._tell, self._refuse, self._guarded = tell, refuse, guarded

    def register(self, verbs: Any, add: AddVerb) -> None:
        """Add the verbs."""
        mission = add(verbs, "publish-mission", self._guarded(self._mission), "one voyage, and the packs that it needs")
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

        white = add(
            verbs, "publish-whitelist", self._guarded(self._whitelist), "who was pre-cleared in a mission, as a pack"
        )
        white.add_argument(
            "missions", nargs="+", metavar="MISSION", help="as in the records: of the pre-clearance, and of the landing"
        )
        white.add_argument("--name", metavar="NAME", help="of the pack (default: the first MISSION)")
        white.add_argument("--stale-hours", type=float, default=6.0, help="amber from then on (default 6)")
        white.add_argument("--valid-hours", type=float, default=48.0, help="not used from then on (default 48)")

        add(verbs, "refresh-whitelists", self._guarded(self._refresh), "publish anew what changed (cron, each minute)")

        end = add(verbs, "end-whitelist", self._guarded(self._end), "the voyage is over: withdraw its whitelist")
        end.add_argument("name", metavar="NAME")

        add(verbs, "screen", self._guarded(self._screen), "hold the records against the newest lists (cron)")

    def _mission(self, options: argparse.Namespace) -> int:
        from inspection_station.gateway.pack_command import repository_of, signers_of
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
        return self._tell(options, found, text)

    def _whitelist(self, options: argparse.Namespace) -> int:
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
            told = ", ".join(f"{count} {status}" for status, count in counts.items())
            return self._tell(options, found, f"whitelist {done.label.name} version {done.label.version}: {told}")

        return self._with_whitelists(options, act)

    def _refresh(self, options: argparse.Namespace) -> int:
        def act(whitelists: Whitelists, gateway: Gateway) -> int:
            done = whitelists.refresh()
            found = {"published": [one.label.told() for one in done], "kept": len(whitelists.ordered())}
            names = ", ".join(f"{one.label.name} {one.label.version}" for one in done)
            return self._tell(options, found, names or "nothing changed")

        return self._with_whitelists(options, act)

    def _end(self, options: argparse.Namespace) -> int:
        def act(whitelists: Whitelists, gateway: Gateway) -> int:
            if not whitelists.end(options.name):
                return self._refuse(options, _NEGATIVE, "USE-02", "no whitelist of this name", "look at the name")
            return self._tell(options, {"name": options.name, "withdrawn": True}, f"{options.name} is withdrawn")

        return self._with_whitelists(options, act)

    def _screen(self, options: argparse.Namespace) -> int:
        def act(whitelists: Whitelists, gateway: Gateway) -> int:
            found = screened(gateway, whitelists)
            text = f"{counted(found['records'], 'record')}, {counted(found['late_hits'], 'late hit')}"
            return self._tell(options, found, text)

        return self._with_whitelists(options, act)

    def _with_whitelists(self, options: argparse.Namespace, act: Callable[[Whitelists, Gateway], int]) -> int:
        from sqlalchemy.exc import DBAPIError

        from inspection_station.gateway.settings import place

        here = place(options.folder, options.database)
        try:
            gateway = here.open()
            try:
                return act(here.whitelists(gateway), gateway)
            finally:
                gateway.database.close()
        except DBAPIError as error:
            what = f"the database does not answer ({type(error.orig).__name__})"
            return self._refuse(options, _MISSING, "NET-03", what, "start the database, or correct its address")


def screened(gateway: Gateway, whitelists: Whitelists) -> dict[str, Any]:
    """Screen to the end; where somebody was found, publish anew the whitelists that change by it."""
    if gateway.screening is None:
        raise ValueError("the gateway has no packs")
    done = gateway.screening.run()
    published = whitelists.refresh() if done.found else ()
    return {
        "records": done.records,
        "searched": done.searched,
        "late_hits": done.found,
        "unreadable": done.unreadable,
        "whitelists": [one.label.told() for one in published],
    }


def screened_if_begun(options: argparse.Namespace) -> dict[str, Any] | None:
    """Screen after a list was published. None where that cannot be done here and now: packs may be made on another
    machine than the gateway's, and a gateway that serves screens by itself.
    """
    from sqlalchemy.exc import DBAPIError

    from inspection_station.gateway.authority import KeysMissing
    from inspection_station.gateway.settings import place

    here = place(options.folder, options.database)
    try:
        gateway = here.open()
        try:
            return screened(gateway, here.whitelists(gateway))
        finally:
            gateway.database.close()
    except (KeysMissing, ValueError, TypeError, DBAPIError):
        return None


def _chosen(wanted: list[str] | None, labels: tuple[Any, ...]) -> tuple[Any, ...]:
    """The labels that were asked for, or all but missions. Raises ValueError for one that is not published."""
    from inspection_station.headquarters.packs import PackKind

    here = {f"{label.kind.value}/{label.name}": label for label in labels if label.kind is not PackKind.MISSION}
    if wanted is None:
        return tuple(here.values())
    if absent := [name for name in wanted if name not in here]:
        raise ValueError(f"not published: {absent[0]}; there are: {', '.join(here) or 'none'}")
    return tuple(here[name] for name in dict.fromkeys(wanted))
