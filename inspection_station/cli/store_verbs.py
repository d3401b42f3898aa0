"""``store check``, ``store backup``, ``store restore``, ``store close-voyage``: the store as a whole."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from inspection_station.cli.exchange_advice import RUNNING
from inspection_station.cli.store_place import add_place, place_of
from inspection_station.command_line.refusal import refuse
from inspection_station.wording import counted

_DONE, _NEGATIVE, _USAGE, _MISSING = 0, 1, 2, 3
_COUNTS = ("records", "pictures", "messages", "unfinished", "incarnations", "schema")


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``store check|backup|restore|close-voyage``."""
    store = verbs.add_parser("store", help="check, copy or put back the whole store")
    acts = store.add_subparsers(dest="act", metavar="ACT", required=True)
    for name, run, text in (
        ("check", _check, "read everything and hold it against its hashes"),
        ("backup", _backup, "copy the store, also while the station runs"),
        ("restore", _restore, "put a copy in the store's place (the station must not run)"),
        (
            "close-voyage",
            _close_voyage,
            "destroy what may be destroyed, move to a fresh key (the station must not run)",
        ),
    ):
        parser = acts.add_parser(name, help=text, description=text)
        if name in ("backup", "restore"):
            parser.add_argument("file", type=Path, metavar="FILE")
        add_place(parser)
        parser.set_defaults(run=run)


def _check(options: argparse.Namespace) -> int:
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.errors import StoreDamaged
    from inspection_station.storage.reader import StoreReader

    def act() -> int:
        folder, keys, _ = place_of(options)
        try:
            reader = StoreReader.open(folder, keys, clock=SystemClock())
        except StoreDamaged as damage:
            return _damaged(options, dict.fromkeys(_COUNTS), [damage.detail])
        try:
            report = reader.check()
        finally:
            reader.close()
        counts = (
            report.records,
            report.blobs,
            report.messages,
            report.unfinished,
            report.incarnations,
            report.schema_version,
        )
        found = dict(zip(_COUNTS, counts if report.tables else (None,) * len(counts), strict=True))
        if not report.sound:
            return _damaged(options, found, report.problems)
        return _tell(
            options, {"sound": True, "problems": [], **found}, f"{counted(report.records, 'record')}, nothing is wrong"
        )

    return _guarded(options, act)


def _damaged(options: argparse.Namespace, found: dict[str, int | None], problems: Sequence[str]) -> int:
    known = "records that cannot be counted" if found["records"] is None else counted(found["records"], "record")
    _tell(
        options, {"sound": False, "problems": list(problems), **found}, f"{known}, {counted(len(problems), 'problem')}"
    )
    for problem in problems:
        sys.stderr.write(f"STO-09: {problem}\n")
    sys.stderr.write("Do this: delete nothing; «bundle export» what still reads, then «store restore» a copy.\n")
    return _NEGATIVE


def _backup(options: argparse.Namespace) -> int:
    from inspection_station.storage.backup import back_up

    def act() -> int:
        folder, keys, _ = place_of(options)
        report = back_up(folder, keys, options.file)
        found = {"records": report.records, "pictures": report.blobs, "bytes": options.file.stat().st_size}
        return _tell(options, found, f"{counted(report.records, 'record')} copied and checked")

    return _guarded(options, act)


def _restore(options: argparse.Namespace) -> int:
    from inspection_station.storage.backup import put_back
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.errors import NotADatabase

    def act() -> int:
        folder, keys, _ = place_of(options)
        if not options.file.is_file():
            return refuse(
                options.json, _USAGE, "USE-01", "there is no such copy", "name a file that «store backup» made"
            )
        try:
            before = put_back(folder, keys, options.file, SystemClock())
        except NotADatabase as fault:
            do = "name a copy that was made of this store after its last voyage was closed; nothing was changed"
            return refuse(options.json, _MISSING, fault.code, fault.detail, do)
        aside = None if before is None else before.parent.name
        return _tell(
            options, {"restored": True, "before": aside}, f"put back; what was there is in {aside or 'no'} folder"
        )

    return _guarded(options, act)


def _close_voyage(options: argparse.Namespace) -> int:
    from datetime import timedelta

    from inspection_station.station_profile import load_profile
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.connection import DATABASE
    from inspection_station.storage.errors import StoreMissing
    from inspection_station.storage.store import StationStore
    from inspection_station.storage.voyage_close import ClosingStep

    told: set[ClosingStep] = set()

    def progress(step: ClosingStep, share: float) -> None:
        if step not in told and not options.json:
            sys.stderr.write(f"{step.value} …\n")
        told.add(step)

    def act() -> int:
        folder, keys, station = place_of(options)
        if not (folder / DATABASE).exists():
            raise StoreMissing("no store in this folder")
        profile = load_profile(options.profile if options.data is None or not keys.training else "training")
        store = StationStore.open(folder, keys, station_id=station, clock=SystemClock())
        try:
            closed = store.close_voyage(timedelta(days=profile.retention_days), progress).result()
        finally:
            store.close()
        found = {
            "purged": closed.purged,
            "kept": closed.kept,
            "waiting": closed.waiting,
            "old_key_destroyed": closed.old_key_destroyed,
        }
        return _tell(options, found, f"voyage closed: {counted(closed.purged, 'record')} purged, {closed.kept} kept")

    return _guarded(options, act)


def _tell(options: argparse.Namespace, found: dict[str, Any], text: str) -> int:
    print(json.dumps(found, ensure_ascii=False) if options.json else text)
    return _DONE


def _guarded(options: argparse.Namespace, act: Callable[[], int]) -> int:
    from inspection_station.station_profile import ProfileError
    from inspection_station.storage.errors import AlreadyOpen, StoreUnavailable

    try:
        return act()
    except ProfileError as error:
        return refuse(options.json, _USAGE, "PRO-01", str(error))
    except AlreadyOpen as fault:
        if options.act != "close-voyage":
            return refuse(options.json, _MISSING, fault.code, fault.detail)
        return refuse(options.json, _MISSING, fault.code, fault.detail, RUNNING[options.act])
    except StoreUnavailable as fault:
        return refuse(options.json, _MISSING, fault.code, fault.detail)
    except FileExistsError:
        return refuse(options.json, _USAGE, "USE-01", "there is a file of this name already", "give another name")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return refuse(options.json, _USAGE, "USE-01", f"the file cannot be used: {reason}", "name another file")
