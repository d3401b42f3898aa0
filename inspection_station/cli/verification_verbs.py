"""``verify-chip``: a folder of elementary files, verified without a chip. ``trust``: what the station trusts."""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.cli.trust_folder import tell_trust
from inspection_station.command_line.options import day
from inspection_station.command_line.refusal import refuse, refuse_writing
from inspection_station.wording import counted

if TYPE_CHECKING:
    from inspection_station.documents.emrtd.trust_store import TrustStore

_DONE, _NEGATIVE, _BAD_INPUT = 0, 1, 2
_FOLDER = "the folder of the chip's files"


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verbs."""
    verify = verbs.add_parser("verify-chip", help="verify a chip's files kept in a folder")
    verify.add_argument("folder", type=Path, metavar="DIR", help="EF.SOD, EF.COM, DG1 …; EF.SOD alone is enough")
    verify.add_argument("--trust", type=Path, metavar="DIR", help="certificates, revocation, master and defect lists")
    verify.add_argument("--at", type=day, metavar="DATE", help="day of the checks; today without it")
    verify.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="write the checks in TR-03135's structure there; XML for *.xml, else JSON",
    )
    verify.add_argument("--json", action="store_true", help="one JSON object on stdout")
    verify.set_defaults(run=verify_chip_verb)
    trust = verbs.add_parser("trust", help="the certificates and lists that chips are verified with")
    acts = trust.add_subparsers(dest="act", metavar="ACT", required=True)
    taken = acts.add_parser("import", help="take certificates and lists into the directory")
    taken.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="DER or PEM certificate, CRL, master list, list of defects"
    )
    taken.add_argument(
        "--accept-unverified",
        action="store_true",
        help="take a list that nobody signed or whose signer leads to no root here",
    )
    taken.set_defaults(run=import_verb)
    listed = acts.add_parser("list", help="every anchor")
    listed.set_defaults(run=list_verb)
    report = acts.add_parser("report", help="countries, counts, and what could not be used and why")
    report.add_argument("--at", type=day, metavar="DATE", help="day to judge validity on; today without it")
    report.set_defaults(run=report_verb)
    for act in (taken, listed, report):
        where = act.add_mutually_exclusive_group()
        where.add_argument("--trust", type=Path, metavar="DIR", help="the trust directory")
        where.add_argument("--profile", metavar="NAME", help="the trust directory of this profile (default: as «run»)")
        act.add_argument("--json", action="store_true", help="one JSON object or array on stdout")


def verify_chip_verb(arguments: argparse.Namespace) -> int:
    """Exit 0 nothing failed, 1 a check failed, 2 no usable folder, trust directory or report file."""
    from inspection_station.documents.emrtd.check_report import report_of
    from inspection_station.documents.emrtd.folder_verification import FolderNotUsable, read_folder, verify_files
    from inspection_station.documents.emrtd.trust_store import TrustStore
    from inspection_station.inspection.chip import CheckResult, overall_of

    at: date = arguments.at or datetime.now(UTC).date()
    try:
        files = read_folder(arguments.folder)
    except FolderNotUsable as fault:
        return refuse(arguments.json, _BAD_INPUT, "USE-01", f"{_FOLDER}: {fault}")
    except OSError as fault:
        return refuse(arguments.json, _BAD_INPUT, "USE-01", f"{_FOLDER}: {fault.strerror or fault}")
    trust = None
    if arguments.trust is not None and (trust := _store(arguments, arguments.trust)) is None:
        return _BAD_INPUT
    if trust is not None:
        tell_trust(trust)
    started = time.perf_counter()
    checks = verify_files(files, trust or TrustStore(), at)
    ms = (time.perf_counter() - started) * 1e3
    overall = overall_of(checks)
    if arguments.report is not None:
        try:
            _write_report(arguments.report, report_of(checks, sorted(files), at, trust))
        except OSError as fault:
            return refuse_writing(arguments.json, "--report", fault)
    if arguments.json:
        told = [
            {"section": c.section, "name": c.name, "result": c.result.value, "evidence": c.evidence} for c in checks
        ]
        report = {"overall": overall.value, "checks": told, "ms": round(ms, 1)}
        print(json.dumps(report, ensure_ascii=False))
    else:
        print(f"{overall.value}, {ms:.0f} ms")
        for check in checks:
            print(f"{check.section:10} {check.name:26} {check.result.value:13} {check.evidence}")
    return _NEGATIVE if overall is CheckResult.FAILED else _DONE


def _write_report(path: Path, report: dict[str, Any]) -> None:
    """The checks under the sections of TR-03135-1, each section with the worst result beneath it."""
    from inspection_station.documents.emrtd.check_report import report_xml

    if path.suffix.lower() == ".xml":
        path.write_bytes(report_xml(report))
    else:
        path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _store(arguments: argparse.Namespace, folder: Path) -> TrustStore | None:
    from inspection_station.documents.emrtd.trust_store import TrustStore

    try:
        return TrustStore.from_directory(folder)
    except OSError as fault:
        refuse(arguments.json, _BAD_INPUT, "USE-01", f"--trust: {fault.strerror or fault}")
        return None


def _trust_folder(arguments: argparse.Namespace) -> Path | None:
    """As given, or the profile's; None after the refusal where there is none."""
    from inspection_station.station_profile import ProfileError, load_profile

    if arguments.trust is not None:
        return Path(arguments.trust)
    try:
        profile = load_profile(arguments.profile)
    except ProfileError as fault:
        refuse(arguments.json, _BAD_INPUT, "PRO-01", str(fault))
        return None
    if not profile.trust_folder:
        told = f"profile {profile.name} names no trust_folder"
        refuse(arguments.json, _BAD_INPUT, "USE-01", told, "give the directory with --trust DIR")
        return None
    return Path(profile.trust_folder)


def import_verb(arguments: argparse.Namespace) -> int:
    """Exit 0 all taken, 1 some refused, 2 the directory cannot be written."""
    from inspection_station.documents.emrtd.trust_import import import_files

    folder = _trust_folder(arguments)
    if folder is None:
        return _BAD_INPUT
    try:
        found = import_files(arguments.files, folder, accept_unverified=arguments.accept_unverified)
    except OSError as fault:
        return refuse_writing(arguments.json, "--trust", fault)
    if arguments.json:
        told = [{"file": f.file, "kind": f.kind, "stored_as": f.stored_as, "detail": f.detail} for f in found]
        print(json.dumps(told, ensure_ascii=False))
    else:
        for one in found:
            print(f"{'taken' if one.stored_as else 'refused':8} {one.kind:16} {one.file}: {one.detail}")
    return _DONE if all(one.stored_as for one in found) else _NEGATIVE


def list_verb(arguments: argparse.Namespace) -> int:
    """Exit 0; 2 no such directory."""
    from inspection_station.documents.emrtd.trust_inventory import inventory

    folder = _trust_folder(arguments)
    store = _store(arguments, folder) if folder is not None else None
    if store is None:
        return _BAD_INPUT
    found = inventory(store)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            by_hand = "" if one["verified"] else "  taken by hand"
            print(f"{one['country'] or '--':3} {one['not_after']}  {one['key']:40} {one['subject']}{by_hand}")
    return _DONE


def report_verb(arguments: argparse.Namespace) -> int:
    """Exit 0; 2 no such directory."""
    from inspection_station.documents.emrtd.trust_inventory import trust_report

    folder = _trust_folder(arguments)
    store = _store(arguments, folder) if folder is not None else None
    if store is None:
        return _BAD_INPUT
    found = trust_report(store, arguments.at or datetime.now(UTC).date())
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return _DONE
    print(f"{'version':18} {found['version']}")
    for key in ("anchors", "unverified", "expired", "links", "signers", "revocation_lists", "defects"):
        print(f"{key.replace('_', ' '):18} {found[key]}")
    print(f"{'countries':18} {len(found['countries'])}")
    for country, counts in found["countries"].items():
        lists = counted(counts["revocation_lists"], "revocation list")
        print(f"  {country:4} {counted(counts['anchors'], 'anchor')}, {lists}")
    for one in found["lists"]:
        entries = counted(one["entries"], "entry", "entries")
        print(f"{one['kind']:18} {one['file']}: {entries}{'' if one['verified'] else ', taken by hand'}")
    for problem in found["problems"]:
        print(f"not used: {problem['file']}: {problem['reason']}")
    return _DONE
