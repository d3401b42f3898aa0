"""``virtual-passport serve``: a training traveller's passport to read, on the PC/SC daemon's virtual reader."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from inspection_station.command_line.options import day
from inspection_station.command_line.refusal import refuse, refuse_writing

if TYPE_CHECKING:
    from inspection_station.training.passport_issue import VirtualPassport

_DONE, _BAD_INPUT, _MISSING = 0, 2, 3
_LAST_ISSUE = date(2049, 12, 31)
"""A security object's signing time has two digits for the year, which end there (RFC 5652 §11.3)."""
_MOST_SEED = 2**31 - 1
_SHORT_NAMES = {"revoked": "revoked_signer", "expired": "expired_signer"}


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verb."""
    virtual = verbs.add_parser("virtual-passport", help="a training passport in software")
    acts = virtual.add_subparsers(dest="act", metavar="ACT", required=True)
    serve = acts.add_parser("serve", help="lay it on the PC/SC daemon's virtual reader until stopped")
    serve.add_argument("--seed", type=int, default=1, metavar="N", help="which training traveller")
    serve.add_argument("--vpcd", default="localhost:35963", metavar="HOST:PORT", help="the virtual reader's address")
    serve.add_argument("--fault", type=_fault, metavar="NAME", help="what is wrong with it (a wrong name lists them)")
    serve.add_argument("--access", default="both", choices=("bac", "pace", "both"), help="how its chip opens")
    serve.add_argument("--profile", metavar="NAME", help="which kind of chip, instead of --access (a wrong name lists)")
    serve.add_argument("--trust-out", type=Path, metavar="DIR", help="write the authority's certificate and list there")
    serve.add_argument("--at", type=day, metavar="DATE", help="day of issue; today without it")
    serve.add_argument("--json", action="store_true", help="one JSON object on stdout when the passport lies there")
    serve.set_defaults(run=serve_verb)


def _fault(name: str) -> str:
    """A fault's full name; hyphens serve for underscores."""
    plain = name.replace("-", "_")
    return _SHORT_NAMES.get(plain, plain)


def serve_verb(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or Ctrl-C. Exit 2 for a wrong option, 3 when the daemon does not take the passport or goes
    away.
    """
    from inspection_station.training import vpcd
    from inspection_station.training.specimen_passport import specimen_passport, training_authority
    from inspection_station.training.virtual_chip import PROFILES, VirtualChip

    if (wrong := _wrong_option(arguments)) is not None:
        return refuse(arguments.json, _BAD_INPUT, "USE-01", wrong)
    at: date = arguments.at or datetime.now(UTC).date()
    profile = PROFILES.get(arguments.profile)
    passport = specimen_passport(arguments.seed, at=at, fault=arguments.fault, access=arguments.access, profile=profile)
    if arguments.trust_out is not None:
        try:
            training_authority(at).write_trust(arguments.trust_out)
        except OSError as fault:
            return refuse_writing(arguments.json, "--trust-out", fault)
    host, _, port = arguments.vpcd.rpartition(":")
    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        vpcd.serve(
            VirtualChip(passport, limits=profile.limits if profile is not None else None),
            host,
            int(port),
            stop=stop,
            inserted=lambda: _announce(arguments, passport),
        )
    except vpcd.ReaderOccupied as fault:
        return refuse(arguments.json, _MISSING, "DEV-01", str(fault), "take the other passport away, then run this")
    except vpcd.DaemonUnreachable as fault:
        return refuse(arguments.json, _MISSING, "DEV-01", str(fault), "start pcscd with vsmartcard-vpcd, then run this")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return _DONE


def _wrong_option(arguments: argparse.Namespace) -> str | None:
    """What is wrong with the options, None where nothing is."""
    from inspection_station.training.passport_issue import PassportFault
    from inspection_station.training.virtual_chip import PROFILES

    host, _, port = arguments.vpcd.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 65_536:
        return "--vpcd is HOST:PORT, the port 1 to 65535"
    if arguments.fault is not None and arguments.fault not in list(PassportFault):
        return f"--fault is one of: {', '.join(PassportFault)}"
    if arguments.profile is not None and arguments.profile not in PROFILES:
        return f"--profile is one of: {', '.join(PROFILES)}"
    if not 0 <= arguments.seed <= _MOST_SEED:
        return f"--seed is a whole number, 0 to {_MOST_SEED}"
    if arguments.at is not None and arguments.at > _LAST_ISSUE:
        return f"--at is at most {_LAST_ISSUE.isoformat()}: passports' signing times end there"
    return None


def _announce(arguments: argparse.Namespace, passport: VirtualPassport) -> None:
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
        return
    print("\n".join(passport.mrz_lines), flush=True)
    if passport.can is not None:
        print(f"card access number: {passport.can.number}", file=sys.stderr)
    print(f"trust: {trust or 'not written (--trust-out DIR)'}", file=sys.stderr, flush=True)
