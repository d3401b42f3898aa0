"""``read-chip``: one chip on a PC/SC reader, read and checked. ``virtual-passport serve``: a passport to read."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from inspection_station.documents.emrtd.access_keys import AccessKey
    from inspection_station.documents.emrtd.chip_session import ChipOutcome
    from inspection_station.documents.emrtd.trust_store import TrustStore

_DRIVER = "pcsc-chip"
_DONE, _NEGATIVE, _BAD_INPUT, _MISSING = 0, 1, 2, 3


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verbs."""
    read = verbs.add_parser("read-chip", help="read and check the chip on a reader")
    read.add_argument("--reader", default="", metavar="NAME", help="part of the reader's name; any reader without it")
    key = read.add_mutually_exclusive_group(required=True)
    key.add_argument("--mrz", metavar="LINES", help="the zone's lines, separated by newlines or '/'")
    key.add_argument("--can", metavar="N", help="the six digits of the card access number")
    read.add_argument("--trust", type=Path, metavar="DIR", help="certificates, revocation lists and master lists")
    read.add_argument("--out", type=Path, metavar="DIR", help="write the elementary files there (personal data)")
    read.add_argument("--without-portrait", action="store_true", help="do not read DG2")
    read.add_argument("--everything", action="store_true", help="also EF.COM and every further group it names")
    read.add_argument("--trace", type=Path, metavar="FILE", help="a line of JSON for each command, without any data")
    read.add_argument("--at", type=date.fromisoformat, metavar="DATE", help="day of the checks; today without it")
    read.add_argument("--wait", type=float, default=10.0, metavar="SECONDS", help="how long to wait for a chip")
    read.add_argument("--json", action="store_true", help="one JSON object on stdout")
    read.set_defaults(run=read_chip_verb)
    virtual = verbs.add_parser("virtual-passport", help="a training passport in software")
    acts = virtual.add_subparsers(dest="act", metavar="ACT", required=True)
    serve = acts.add_parser("serve", help="lay it on the PC/SC daemon's virtual reader until stopped")
    serve.add_argument("--seed", type=int, default=1, metavar="N", help="which training traveller")
    serve.add_argument("--vpcd", default="localhost:35963", metavar="HOST:PORT", help="the virtual reader's address")
    serve.add_argument("--fault", metavar="NAME", help="what is wrong with it (a wrong name lists them)")
    serve.add_argument("--access", default="both", choices=("bac", "pace", "both"), help="how its chip opens")
    serve.add_argument("--profile", metavar="NAME", help="which kind of chip, instead of --access (a wrong name lists)")
    serve.add_argument("--trust-out", type=Path, metavar="DIR", help="write the authority's certificate and list there")
    serve.add_argument("--at", type=date.fromisoformat, metavar="DATE", help="day of issue; today without it")
    serve.add_argument("--json", action="store_true", help="one JSON object on stdout when the passport lies there")
    serve.set_defaults(run=serve_verb)


def _today(arguments: argparse.Namespace) -> date:
    at: date | None = arguments.at
    return at or datetime.now(UTC).date()


def _complain(arguments: argparse.Namespace, code: str, detail: str, exit_code: int) -> int:
    """An error once for machines and once for people; never with anything from the document."""
    if arguments.json:
        print(json.dumps({"error": {"code": code, "detail": detail}}, ensure_ascii=False))
    print(f"{code}: {detail}", file=sys.stderr)
    return exit_code


def read_chip_verb(arguments: argparse.Namespace) -> int:
    """Exit 0 read and nothing failed, 1 a check failed, 2 bad input or the chip refused, 3 no reader, service or
    chip.
    """
    from inspection_station.documents.emrtd.access_keys import CanKey, MrzKey
    from inspection_station.documents.emrtd.trust_store import TrustStore
    from inspection_station.documents.errors import MalformedMrz
    from inspection_station.documents.mrz import parse

    at = _today(arguments)
    lines: tuple[str, ...] | None = None
    key: AccessKey
    try:
        if arguments.mrz is not None:
            zone = parse(arguments.mrz.replace("\\n", "\n").replace("/", "\n"), today=at)
            if not zone.checks_pass:
                print("DOC-02: a check digit of the zone is wrong; trying all the same", file=sys.stderr)
            lines, key = zone.lines, MrzKey.of(zone)
        else:
            key = CanKey(arguments.can)
        trust = TrustStore.from_directory(arguments.trust) if arguments.trust else TrustStore()
    except MalformedMrz as fault:
        return _complain(arguments, fault.code, fault.detail, _BAD_INPUT)
    except (ValueError, NotADirectoryError) as fault:
        return _complain(arguments, "DOC-01", str(fault), _BAD_INPUT)
    for problem in trust.problems:
        print(f"trust: {problem.file}: {problem.reason}", file=sys.stderr)
    return _read(arguments, key, lines, trust, at)


def _read(
    arguments: argparse.Namespace, key: AccessKey, lines: tuple[str, ...] | None, trust: TrustStore, at: date
) -> int:
    from inspection_station.documents.emrtd.chip_session import read_chip
    from inspection_station.documents.emrtd.command_trace import TracedConnection
    from inspection_station.documents.emrtd.errors import ChipFault
    from inspection_station.hardware.errors import DeviceError
    from inspection_station.hardware.ports import ChipReader, DriverSettings
    from inspection_station.hardware.registry import DriverRegistry

    reader: ChipReader | None = None
    trace: TextIO | None = None
    try:
        trace = arguments.trace.open("w", encoding="ascii") if arguments.trace is not None else None
        made = DriverRegistry().factory(_DRIVER)(DriverSettings({"reader": arguments.reader}))
        reader = cast(ChipReader, made)
        reader.open()
        connection = reader.connect(Event(), arguments.wait)
        outcome = read_chip(
            TracedConnection(connection, trace.write) if trace is not None else connection,
            access_key=key,
            trust=trust,
            with_portrait=not arguments.without_portrait,
            at=at,
            printed_zone=lines,
            everything=arguments.everything,
        )
    except DeviceError as fault:
        return _complain(arguments, fault.code, fault.detail, _MISSING)
    except ChipFault as fault:
        return _complain(arguments, fault.code, fault.detail, _BAD_INPUT)
    except OSError as fault:
        return _complain(arguments, "STO-01", f"cannot write the trace: {fault.strerror}", _BAD_INPUT)
    finally:
        if reader is not None:
            reader.close()
        if trace is not None:
            trace.close()
    if arguments.out is not None:
        try:
            _write_files(arguments.out, outcome)
        except OSError as fault:
            return _complain(arguments, "STO-01", f"cannot write to the directory: {fault.strerror}", _BAD_INPUT)
    _show(arguments, outcome)
    failed = any(check.result.value == "failed" for check in outcome.reading.checks)
    return _NEGATIVE if failed else _DONE


def _write_files(directory: Path, outcome: ChipOutcome) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in outcome.files.items():
        path = directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)


def _show(arguments: argparse.Namespace, outcome: ChipOutcome) -> None:
    reading = outcome.reading
    if not arguments.json:
        print(f"{reading.access.value} ({reading.access_detail}), {reading.overall.value}, {outcome.total_ms:.0f} ms")
        for check in reading.checks:
            print(f"{check.section:10} {check.name:26} {check.result.value:13} {check.evidence}")
        return
    print(
        json.dumps(
            {
                "access": reading.access.value,
                "access_detail": reading.access_detail,
                "data_groups": [{"name": g.name, "size": g.size, "sha256": g.sha256} for g in reading.data_groups],
                "mrz": list(reading.mrz_lines) if reading.mrz_lines is not None else None,
                "portrait": reading.portrait.media_type if reading.portrait is not None else None,
                "checks": [
                    {"section": c.section, "name": c.name, "result": c.result.value, "evidence": c.evidence}
                    for c in reading.checks
                ],
                "overall": reading.overall.value,
                "ms": round(outcome.total_ms, 1),
                "device_ms": round(outcome.device_ms, 1),
                "steps": [
                    {"step": t.step, "ms": round(t.total_ms, 1), "device_ms": round(t.device_ms, 1)}
                    for t in outcome.timings
                ],
                "commands": outcome.commands,
            },
            ensure_ascii=False,
        )
    )


def serve_verb(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or Ctrl-C. Exit 2 for a wrong fault or address, 3 when the daemon cannot be reached."""
    from inspection_station.training import vpcd
    from inspection_station.training.passport_issue import PassportFault
    from inspection_station.training.specimen_passport import specimen_passport, training_authority
    from inspection_station.training.virtual_chip import PROFILES, VirtualChip

    host, _, port = arguments.vpcd.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        return _complain(arguments, "DEV-01", "--vpcd is HOST:PORT", _BAD_INPUT)
    if arguments.fault is not None and arguments.fault not in list(PassportFault):
        return _complain(arguments, "DEV-01", f"--fault is one of: {', '.join(PassportFault)}", _BAD_INPUT)
    if arguments.profile is not None and arguments.profile not in PROFILES:
        return _complain(arguments, "DEV-01", f"--profile is one of: {', '.join(PROFILES)}", _BAD_INPUT)
    profile = PROFILES.get(arguments.profile)
    at = _today(arguments)
    passport = specimen_passport(arguments.seed, at=at, fault=arguments.fault, access=arguments.access, profile=profile)
    limits = profile.limits if profile is not None else None
    if arguments.trust_out is not None:
        try:
            training_authority(at).write_trust(arguments.trust_out)
        except OSError as fault:
            return _complain(arguments, "STO-01", f"cannot write to the directory: {fault.strerror}", _BAD_INPUT)

    def announce() -> None:
        trust = str(arguments.trust_out) if arguments.trust_out is not None else None
        if arguments.json:
            told = {
                "mrz": list(passport.mrz_lines),
                "can": passport.can.number if passport.can is not None else None,
                "access": passport.offer.value,
                "profile": arguments.profile,
                "trust": trust,
                "vpcd": arguments.vpcd,
                "fault": arguments.fault,
            }
            print(json.dumps(told, ensure_ascii=False), flush=True)
        else:
            print("\n".join(passport.mrz_lines), flush=True)
            if passport.can is not None:
                print(f"card access number: {passport.can.number}", file=sys.stderr)
            print(f"trust: {trust or 'not written (--trust-out DIR)'}", file=sys.stderr, flush=True)

    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        vpcd.serve(VirtualChip(passport, limits=limits), host, int(port), stop=stop, inserted=announce)
    except vpcd.DaemonUnreachable as fault:
        return _complain(arguments, "DEV-01", str(fault), _MISSING)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return _DONE
