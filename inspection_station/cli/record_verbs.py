"""``records list`` and ``records show``: what the station has sealed. Both leave an entry in the store's audit.

They read beside a running station. What is shown goes to standard output alone.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.command_line.refusal import refuse

if TYPE_CHECKING:
    from inspection_station.storage.keys import KeySource
    from inspection_station.storage.reader import StoreReader

_DONE, _UNKNOWN, _USAGE, _MISSING = 0, 1, 2, 3
_MOST = 1_000_000


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``records list|show``."""
    records = verbs.add_parser("records", help="records sealed on this station")
    acts = records.add_subparsers(dest="act", metavar="ACT", required=True)

    newest = acts.add_parser("list", help="newest records first, without personal data")
    newest.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N records (default 50)")
    _common(newest)
    newest.set_defaults(run=_list)

    one = acts.add_parser("show", help="one whole record: personal data, for authorised persons")
    one.add_argument("id", metavar="ID", help="id of the inspection")
    _common(one)
    one.set_defaults(run=_show)


def _common(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--profile", metavar="NAME", help="the profile whose store is read (default: as «run»)")
    where.add_argument("--data", type=Path, metavar="DIR", help="a data folder")
    parser.add_argument("--json", action="store_true", help="JSON on standard output")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError("not a number from 1 to a million")  # in digits it would be masked
    return int(text)


def _list(options: argparse.Namespace) -> int:
    def show(reader: StoreReader) -> int:
        reader.note_access(_person(), "records listed")
        rows = [
            {
                "id": stored.inspection_id,
                "sequence": stored.sequence,
                "scenario": stored.scenario,
                "disposition": stored.disposition,
                "decided_at": stored.decided_at,
                "sent": stored.sent,
                "hash": stored.record_hash,
            }
            for stored in reader.records(options.limit)
        ]
        if options.json:
            print(json.dumps(rows, ensure_ascii=False))
            return _DONE
        for row in rows:
            sent = "sent" if row["sent"] else "waits"
            start = f"{row['sequence']:>7} {row['decided_at']} {row['scenario']:<15}"
            print(f"{start} {row['disposition']} {sent:<5} {row['id']}")
        print(f"{len(rows)} record(s)", file=sys.stderr)
        return _DONE

    return _with_store(options, show)


def _show(options: argparse.Namespace) -> int:
    def show(reader: StoreReader) -> int:
        from inspection_station.inspection.codec import to_plain
        from inspection_station.storage.late_hits import late_hits_of

        # ids are plain ASCII; anything can be typed
        named = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in options.id[:64])
        reader.note_access(_person(), "record shown", named)
        stored = reader.record(options.id) if options.id == named else None
        if stored is None:
            return refuse(options.json, _UNKNOWN, "USE-02", "no record with this id")
        whole = {
            "id": stored.inspection_id,
            "sequence": stored.sequence,
            "incarnation": stored.incarnation,
            "sealed_at": stored.sealed_at,
            "sent": stored.sent,
            "hash": stored.record_hash,
            "purged": stored.purged,
            "record": None if stored.record is None else to_plain(stored.record),
            "history": [to_plain(event) for event in stored.history],
            "late_hits": [
                {
                    **_untagged(to_plain(kept.late_hit)),
                    "received_at": kept.received_at,
                    "seen_by": kept.seen_by or None,
                    "seen_at": kept.seen_at or None,
                }
                for kept in reader.ask(lambda connection: late_hits_of(connection, stored.inspection_id))
            ],
        }
        print(json.dumps(whole, ensure_ascii=False, indent=None if options.json else 2))
        return _DONE

    return _with_store(options, show)


def _untagged(plain: Any) -> dict[str, Any]:
    """Without the name of its class."""
    return {key: value for key, value in plain.items() if key != "$"}


def _with_store(options: argparse.Namespace, act: Callable[[StoreReader], int]) -> int:
    from inspection_station.station_profile import ProfileError
    from inspection_station.storage.clock import SystemClock
    from inspection_station.storage.errors import StoreUnavailable
    from inspection_station.storage.reader import StoreReader

    try:
        folder, keys = _place(options)
        reader = StoreReader.open(folder, keys, clock=SystemClock())
        try:
            return act(reader)
        finally:
            reader.close()
    except ProfileError as error:
        return refuse(options.json, _USAGE, "PRO-01", str(error))
    except StoreUnavailable as fault:
        return refuse(options.json, _MISSING, fault.code, fault.detail)


def _place(options: argparse.Namespace) -> tuple[Path, KeySource]:
    from inspection_station.station_profile import load_profile
    from inspection_station.storage.errors import StoreMissing
    from inspection_station.storage.keys import KeyringKeys, TrainingFolderKeys, is_training_folder

    profile = None if options.data is not None else load_profile(options.profile)
    folder = options.data if profile is None else profile.data_folder
    if not folder.is_dir():
        raise StoreMissing("no such data folder")
    if is_training_folder(folder) and (profile is None or profile.training):
        return folder, TrainingFolderKeys(folder)
    return folder, KeyringKeys(load_profile(options.profile).key_service)


def _person() -> str:
    """Who looked: the account at the operating system, until officers log in here too."""
    try:
        return f"account {getpass.getuser()}"
    except (ImportError, KeyError, OSError):
        return "account unknown"
