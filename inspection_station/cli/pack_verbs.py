"""``pack trust|list|verify|import|fetch``: data packs of headquarters by hand.

All of them work beside a running station, which takes what was installed at the next inspection.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.cli.exchange_advice import DO as EXCHANGE_DO
from inspection_station.cli.store_place import add_place, place_of
from inspection_station.command_line.refusal import refuse
from inspection_station.given_file import open_given, read_given

if TYPE_CHECKING:
    from inspection_station.headquarters.packs import PackLabel
    from inspection_station.headquarters.packs_mission import MissionPack
    from inspection_station.headquarters.packs_source import PackSource
    from inspection_station.headquarters.packs_update import PackReport
    from inspection_station.headquarters.packs_vault import PackVault
    from inspection_station.inspection.outbox import StationIdentity

_DONE, _NEGATIVE, _USAGE, _MISSING = 0, 1, 2, 3

DO = {
    **EXCHANGE_DO,
    "PCK-01": "fetch the pack again; what was installed before stays in use",
    "PCK-02": "do not use this source; tell headquarters",
    "PCK-03": "take the newest pack from headquarters; an older one is never put back",
    "PCK-04": "fetch from headquarters anew; look at this station's clock",
    "PCK-05": "run «inspection-station pack trust ROOT» with the root that headquarters gave",
}
_AGES = {"green": "current", "amber": "old", "red": "not used"}


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    pack = verbs.add_parser("pack", help="data packs: lists, certificates and what else headquarters prepares")
    acts = pack.add_subparsers(dest="act", metavar="ACT", required=True)

    trust = _act(acts, "trust", _trust, "the root of trust that headquarters gave; once for each station")
    trust.add_argument("file", type=Path, metavar="ROOT")
    trust.add_argument("--sha256", metavar="HEX", help="the root's hash as headquarters told it another way")
    trust.add_argument("--replace", action="store_true", help="give up the root that is trusted now")

    _act(acts, "list", _list, "installed packs with version and age")
    _act(acts, "verify", _verify, "open every installed pack and hold it against its signed digest")

    imported = _act(acts, "import", _import, "packs from a sealed bundle, or from a repository's folder")
    imported.add_argument("source", type=Path, metavar="SOURCE")

    _act(acts, "fetch", _fetch, "packs over the link to headquarters, now")


def _act(
    acts: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=text, description=text)
    add_place(parser)
    parser.set_defaults(run=lambda options: _guarded(options, lambda: run(options)))
    return parser


def _trust(options: argparse.Namespace) -> int:
    import hashlib

    from inspection_station.headquarters.packs_trust import ROOT_LIMIT, root_version

    root = read_given(options.file, ROOT_LIMIT)
    version, digest = root_version(root), hashlib.sha256(root).hexdigest()
    if options.sha256 is not None and options.sha256.strip().lower() != digest:
        return refuse(options.json, _USAGE, "PCK-02", "this is not the root that was told", DO["PCK-02"])
    vault, _ = _vault(options)
    trusted = vault.state().trusted
    if trusted and not options.replace:
        what = "this station trusts a root already"
        return refuse(options.json, _NEGATIVE, "PCK-05", what, "use --replace where headquarters says so")
    vault.trust({"root": root})
    return _tell(options, {"version": version, "sha256": digest}, f"root {digest} is trusted")


def _list(options: argparse.Namespace) -> int:
    from inspection_station import __version__
    from inspection_station.desk.staged_update import UPDATES, StagedUpdate
    from inspection_station.headquarters.packs_mission import missions_on
    from inspection_station.storage.clock import SystemClock

    vault, now = _vault(options)[0], SystemClock().now()
    labels = vault.labels()
    missions = [_mission_row(label, mission, labels, now) for label, mission in missions_on(vault)]
    folder = place_of(options)[0]
    version = StagedUpdate(vault, folder, __version__, lambda: now).look()
    update = {"version": version, "folder": str(folder / UPDATES / version)} if version else None
    found = {
        "trusted": bool(vault.state().trusted),
        "packs": [_row(label, now) for label in labels],
        "missions": missions,
        "update": update,
    }
    rows = [_line(label, now) for label in labels] + [_mission_line(row) for row in missions]
    rows += [f"update {version} lies ready in {update['folder']}"] if update else []
    return _tell(options, found, "\n".join(rows) or "no packs are installed")


def _verify(options: argparse.Namespace) -> int:
    from inspection_station.desk.installed_packs import CHECKS
    from inspection_station.headquarters.packs import PackRefused
    from inspection_station.storage.clock import SystemClock

    vault, now = _vault(options)[0], SystemClock().now()
    rows, lines, bad = [], [], 0
    for label in vault.labels():
        row: dict[str, Any] = {**_row(label, now), "sound": True, "fault": None, "parts": None}
        try:
            content = vault.content(label)
            row["parts"] = len(content)
            if label.kind in CHECKS:
                CHECKS[label.kind](content)
        except PackRefused as fault:
            row.update(sound=False, fault=fault.fault.value)
        except ValueError:
            row.update(sound=False, fault="unusable")
        bad += not row["sound"] or row["age"] == "red"
        rows.append(row)
        lines.append(_line(label, now) + ("" if row["sound"] else f"  {row['fault']}"))
    _tell(options, {"packs": rows, "bad": bad}, "\n".join(lines) or "no packs are installed")
    return _NEGATIVE if bad else _DONE


def _import(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.packs_source import BundleSource, FolderSource

    if options.source.is_dir():
        return _updated(options, FolderSource(options.source))
    with open_given(options.source):  # tells first that there is no such file
        pass
    return _updated(options, BundleSource(options.source, _identity(options)))


def _fetch(options: argparse.Namespace) -> int:
    from inspection_station.headquarters.client import HttpsLink
    from inspection_station.headquarters.packs_source import LinkSource

    source = LinkSource()
    link = HttpsLink(_identity(options))
    source.link = link
    try:
        return _updated(options, source)
    finally:
        link.close()


def _updated(options: argparse.Namespace, source: PackSource) -> int:
    from inspection_station.desk.installed_packs import CHECKS
    from inspection_station.headquarters.packs_update import update_packs
    from inspection_station.storage.clock import SystemClock

    vault, now = _vault(options)[0], SystemClock().now()
    report = update_packs(vault, source, vault.folder, now, CHECKS)
    return _told(options, report, now)


def packs_of_bundle(options: argparse.Namespace, identity: StationIdentity) -> PackReport | None:
    """Install the packs that lie in the bundle ``options.file``; None where there are none.

    Raises WireError, PackRefused, OSError.
    """
    from inspection_station.desk.installed_packs import CHECKS
    from inspection_station.headquarters.packs_source import BundleSource
    from inspection_station.headquarters.packs_update import update_packs
    from inspection_station.storage.clock import SystemClock

    source = BundleSource(options.file, identity)
    if not source.holds_files:
        return None
    vault = _vault(options)[0]
    return update_packs(vault, source, vault.folder, SystemClock().now(), CHECKS)


def told_packs(report: PackReport, now: Any = None) -> dict[str, Any]:
    """What an update came to, as plain data."""
    from inspection_station.storage.clock import SystemClock

    at = SystemClock().now() if now is None else now
    return {
        "installed": [_row(label, at) for label in report.installed],
        "withdrawn": [{"kind": kind.value, "name": name} for kind, name in report.withdrawn],
        "unchanged": report.unchanged,
        "bytes": report.fetched_bytes,
        "refused": [
            {"kind": kind.value, "name": name, "fault": refused.fault.value, "code": refused.code}
            for kind, name, refused in report.refused
        ],
    }


def _told(options: argparse.Namespace, report: PackReport, now: Any) -> int:
    found = told_packs(report, now)
    lines = [_line(label, now) for label in report.installed]
    lines += [f"{kind.value:<22}{name:<24} withdrawn" for kind, name in report.withdrawn]
    _tell(options, found, "\n".join(lines) or f"nothing new, {report.unchanged} unchanged")
    return refused_packs(report)


def refused_packs(report: PackReport) -> int:
    """Tell on standard error what was refused; the exit code."""
    for kind, name, refused in report.refused:
        do = DO.get(refused.code, DO["PCK-01"])
        sys.stderr.write(f"{refused.code}: {kind.value} {name}: {refused}. Do this: {do}.\n")
    return _NEGATIVE if report.refused else _DONE


def _vault(options: argparse.Namespace) -> tuple[PackVault, str]:
    from inspection_station.headquarters.packs_vault import PACK_FOLDER, PackVault

    folder, keys, station = place_of(options)
    return PackVault(folder / PACK_FOLDER, keys.folder_key()), station


def _identity(options: argparse.Namespace) -> StationIdentity:
    from inspection_station.headquarters.exchange import NotEnrolled
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.outbox import identity_of
    from inspection_station.storage.reader import StoreReader

    folder, keys, _ = place_of(options)
    reader = StoreReader.open(folder, keys, clock=SystemClock())
    try:
        identity = reader.ask(identity_of)
    finally:
        reader.close()
    if identity is None:
        raise NotEnrolled("the station is not enrolled at headquarters")
    return identity


def _row(label: PackLabel, now: Any) -> dict[str, Any]:
    hours = round((now - label.issued_at).total_seconds() / 3600, 2)
    return {**label.told(), "age": label.age(now).value, "age_hours": hours}


def _mission_row(label: PackLabel, pack: MissionPack, labels: Sequence[PackLabel], now: Any) -> dict[str, Any]:
    """A mission with everything it needs: what is missing, older or no longer of use, and how old the rest is."""
    from inspection_station.headquarters.packs_mission import is_complete, needs_of

    needs = needs_of(pack, labels, now)
    return {
        "mission_id": pack.mission.mission_id,
        "version": label.version,
        "scenario": pack.mission.scenario,
        "voyage": pack.voyage,
        "vessel": pack.mission.vessel,
        "port": pack.mission.port,
        "direction": pack.mission.direction,
        "begins_at": pack.begins_at.isoformat(),
        "ends_at": pack.ends_at.isoformat(),
        "under_way": pack.runs(now),
        "complete": is_complete(needs),
        "packs": [
            {
                "kind": one.needed.kind.value,
                "name": one.needed.name,
                "needed": one.needed.version,
                "installed": None if one.here is None else one.here.version,
                "standing": one.standing.value,
                "age": None if one.here is None else one.here.age(now).value,
                "age_hours": None if one.here is None else _row(one.here, now)["age_hours"],
            }
            for one in needs
        ],
    }


def _mission_line(row: dict[str, Any]) -> str:
    lacking = [f"{one['kind']}/{one['name']} {one['standing']}" for one in row["packs"] if one["standing"] != "there"]
    state = "complete" if row["complete"] else "incomplete: " + ", ".join(lacking)
    return f"mission {row['mission_id']} ({row['scenario']}, until {row['ends_at']}): {state}"


def _line(label: PackLabel, now: Any) -> str:
    age = label.age(now).value
    hours = (now - label.issued_at).total_seconds() / 3600
    return f"{label.kind.value:<22}{label.name:<24}{label.version:>6}{hours:>9.1f} h  {_AGES[age]}"


def _tell(options: argparse.Namespace, found: dict[str, Any], text: str) -> int:
    print(json.dumps(found, ensure_ascii=False) if options.json else text)
    return _DONE


def _guarded(options: argparse.Namespace, act: Callable[[], int]) -> int:
    from inspection_station.headquarters.exchange import NotEnrolled
    from inspection_station.headquarters.packs import PackFault, PackRefused
    from inspection_station.headquarters.ports import LinkFault
    from inspection_station.headquarters.wire import WireError
    from inspection_station.station_profile import ProfileError
    from inspection_station.storage.errors import StoreUnavailable

    try:
        return act()
    except ProfileError as error:
        return refuse(options.json, _USAGE, "PRO-01", str(error))
    except StoreUnavailable as fault:
        return refuse(options.json, _MISSING, fault.code, fault.detail)
    except (LinkFault, NotEnrolled) as fault:
        return refuse(options.json, _MISSING, fault.code, str(fault), DO[fault.code])
    except PackRefused as fault:
        exit_code = _MISSING if fault.fault in (PackFault.NOT_TRUSTED, PackFault.MISSING) else _USAGE
        return refuse(options.json, exit_code, fault.code, str(fault), DO[fault.code])
    except WireError as fault:
        return refuse(options.json, _USAGE, fault.code, str(fault), DO[fault.code])
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return refuse(options.json, _USAGE, "USE-01", f"a file cannot be used: {reason}", "name another file")
