"""``doctor``: is everything there? ``conformance``: does a driver keep the rules of its port?"""

from __future__ import annotations

import argparse
import dataclasses
import json

from inspection_station.command_line.refusal import refuse

_DONE, _FINDING, _USAGE, _MISSING = 0, 1, 2, 3


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor`` and ``conformance``."""
    from inspection_station.cli import conformance_verbs

    doctor = verbs.add_parser("doctor", help="every dependency and device: present, version, what to do if not")
    doctor.add_argument("--profile", metavar="NAME", help="look at this profile's data folder (default: as «run»)")
    doctor.add_argument("--json", action="store_true", help="JSON on standard output")
    doctor.set_defaults(run=_doctor)
    conformance_verbs.register(verbs)


def _doctor(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from inspection_station.cli.doctor_report import all_required_present, report
    from inspection_station.station_profile import ProfileError, load_profile

    try:
        folder = load_profile(options.profile).data_folder
    except ProfileError as error:
        return refuse(options.json, _USAGE, "PRO-01", str(error))
    items = report(folder, datetime.now(UTC))
    good = all_required_present(items)
    if options.json:
        print(json.dumps({"ok": good, "items": [dataclasses.asdict(i) for i in items]}, ensure_ascii=False, indent=2))
    else:
        for item in items:
            mark = "✓" if item.present else "✕" if item.required else "–"
            print(f"{mark} {item.name:<20} {item.version or 'not there':<32} for {item.needed_for}")
            if item.do:
                print(f"    {item.do}")
        print("Everything required is there." if good else "Something required is missing.")
    return _DONE if good else _MISSING
