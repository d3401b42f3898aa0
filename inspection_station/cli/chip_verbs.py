"""``read-chip``: one chip on a PC/SC reader, read and checked."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, date, datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TextIO, cast

from inspection_station.cli.terminal_keys_folder import load_terminal_keys
from inspection_station.cli.trust_folder import tell_trust, trust_in_json
from inspection_station.command_line.options import day, seconds
from inspection_station.command_line.refusal import refuse, refuse_writing
from inspection_station.given_file import create_given

if TYPE_CHECKING:
    from inspection_station.documents.emrtd.access_keys import AccessKey
    from inspection_station.documents.emrtd.chip_session import ChipOutcome, Connection
    from inspection_station.documents.emrtd.terminal_keys import TerminalKeys
    from inspection_station.documents.emrtd.trust_store import TrustStore
    from inspection_station.hardware.ports import ChipReader

_DRIVER = "pcsc-chip"
_DONE, _NEGATIVE, _BAD_INPUT, _MISSING = 0, 1, 2, 3
_LONGEST_ZONE = 1_000  # characters; the longest has 90 and its line ends


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group's verbs."""
    read = verbs.add_parser("read-chip", help="read and check the chip on a reader")
    read.add_argument("--reader", default="", metavar="NAME", help="part of the reader's name; any reader without it")
    key = read.add_mutually_exclusive_group(required=True)
    key.add_argument(
        "--mrz",
        metavar="LINES",
        help="the zone's lines, separated by newlines or '/'; - reads them from standard input",
    )
    key.add_argument("--can", metavar="N", help="the six digits of the card access number")
    read.add_argument("--trust", type=Path, metavar="DIR", help="certificates, revocation lists and master lists")
    read.add_argument("--out", type=Path, metavar="DIR", help="write the elementary files there (personal data)")
    read.add_argument("--without-portrait", action="store_true", help="do not read DG2")
    read.add_argument("--everything", action="store_true", help="also EF.COM and every further group it names")
    read.add_argument(
        "--terminal-keys",
        type=Path,
        metavar="DIR",
        help="certificates and key that a state has given for its fingers (DG3)",
    )
    read.add_argument("--trace", type=Path, metavar="FILE", help="a line of JSON for each command, without any data")
    read.add_argument("--at", type=day, metavar="DATE", help="day of the checks; today without it")
    read.add_argument("--wait", type=seconds, default=10.0, metavar="SECONDS", help="how long to wait for a chip")
    read.add_argument("--json", action="store_true", help="one JSON object on stdout")
    read.set_defaults(run=read_chip_verb)


def _today(arguments: argparse.Namespace) -> date:
    at: date | None = arguments.at
    return at or datetime.now(UTC).date()


def _zone_text(given: str) -> str:
    """The lines as given, or from standard input, where no list of processes shows them."""
    if given == "-":
        given = "" if sys.stdin is None else sys.stdin.read(_LONGEST_ZONE)
    return given.replace("\\n", "\n").replace("/", "\n")


def read_chip_verb(arguments: argparse.Namespace) -> int:
    """Exit 0 read and nothing failed, 1 a check failed, 2 bad input or the chip refused, 3 no reader, service or
    chip.
    """
    from inspection_station.documents.emrtd.access_keys import CanKey, MrzKey
    from inspection_station.documents.emrtd.terminal_keys import TerminalKeysUnusable
    from inspection_station.documents.emrtd.trust_store import TrustStore
    from inspection_station.documents.errors import MalformedMrz
    from inspection_station.documents.mrz import parse

    at = _today(arguments)
    lines: tuple[str, ...] | None = None
    key: AccessKey
    try:
        if arguments.mrz is not None:
            zone = parse(_zone_text(arguments.mrz), today=at)
            if not zone.checks_pass:
                print("DOC-02: a check digit of the zone is wrong; trying all the same", file=sys.stderr)
            lines, key = zone.lines, MrzKey.of(zone)
        else:
            key = CanKey(arguments.can)
    except MalformedMrz as fault:
        return refuse(arguments.json, _BAD_INPUT, fault.code, fault.detail)
    except ValueError as fault:  # the zone's is DOC-01; what is left is the number's
        return refuse(arguments.json, _BAD_INPUT, "USE-01", f"--can: {fault}")
    try:
        trust = TrustStore.from_directory(arguments.trust) if arguments.trust is not None else None
    except OSError as fault:
        return refuse(arguments.json, _BAD_INPUT, "USE-01", f"--trust: {fault.strerror or fault}")
    if trust is not None:
        tell_trust(trust)
    keys: TerminalKeys | None = None
    try:
        keys = load_terminal_keys(arguments.terminal_keys) if arguments.terminal_keys is not None else None
    except TerminalKeysUnusable as fault:
        return refuse(arguments.json, _BAD_INPUT, fault.code, f"--terminal-keys: {fault}")
    except OSError as fault:
        return refuse(arguments.json, _BAD_INPUT, "USE-01", f"--terminal-keys: {fault.strerror or fault}")
    return _read(arguments, key, lines, trust, keys, at)


def _read(
    arguments: argparse.Namespace,
    key: AccessKey,
    lines: tuple[str, ...] | None,
    trust: TrustStore | None,
    keys: TerminalKeys | None,
    at: date,
) -> int:
    from inspection_station.documents.emrtd.chip_session import Resumption, read_chip
    from inspection_station.documents.emrtd.errors import ChipFault
    from inspection_station.documents.emrtd.trust_store import TrustStore
    from inspection_station.hardware.errors import CardRemoved, DeviceError
    from inspection_station.hardware.ports import ChipReader, DriverSettings
    from inspection_station.hardware.registry import DriverRegistry

    reader: ChipReader | None = None
    trace: TextIO | None = None
    try:
        if arguments.trace is not None:
            trace = TextIOWrapper(create_given(arguments.trace), encoding="ascii")
        made = DriverRegistry().factory(_DRIVER)(DriverSettings({"reader": arguments.reader}))
        reader = cast(ChipReader, made)
        reader.open()
        again = partial(_connected, reader, trace, arguments.wait)
        outcome = read_chip(
            again(),
            access_key=key,
            trust=trust or TrustStore(),
            with_portrait=not arguments.without_portrait,
            at=at,
            printed_zone=lines,
            everything=arguments.everything,
            common_data=True,
            terminal_keys=keys,
            with_fingers=keys is not None,
            resumption=Resumption(again, (CardRemoved,)),
        )
    except DeviceError as fault:
        return refuse(arguments.json, _MISSING, fault.code, fault.detail)
    except ChipFault as fault:
        return refuse(arguments.json, _BAD_INPUT, fault.code, fault.detail)
    except OSError as fault:
        return refuse_writing(arguments.json, "--trace", fault)
    finally:
        if reader is not None:
            reader.close()
        if trace is not None:
            trace.close()
    if arguments.out is not None:
        try:
            _write_files(arguments.out, outcome)
        except OSError as fault:
            return refuse_writing(arguments.json, "--out", fault)
    _show(arguments, outcome, trust)
    failed = any(check.result.value == "failed" for check in outcome.reading.checks)
    return _NEGATIVE if failed else _DONE


def _connected(reader: ChipReader, trace: TextIO | None, wait: float) -> Connection:
    """The chip on the reader, its commands noted down where a trace was asked for."""
    from inspection_station.documents.emrtd.command_trace import TracedConnection

    connection = reader.connect(Event(), wait)
    return TracedConnection(connection, trace.write) if trace is not None else connection


def _write_files(directory: Path, outcome: ChipOutcome) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in outcome.files.items():
        path = directory / name
        path.touch(mode=0o600)
        with create_given(path) as file:
            file.write(content)


def _show(arguments: argparse.Namespace, outcome: ChipOutcome, trust: TrustStore | None) -> None:
    from inspection_station.documents.emrtd.chip_outcome import BUDGET_MS

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
                "interruptions": outcome.interruptions,
                "budget_ms": BUDGET_MS,
                "within_budget": outcome.within_budget,
                "fingers": [
                    {"position": f.position, "format": f.compression.name, "ppi": round(f.pixels_per_inch)}
                    for f in outcome.fingers
                ],
                "trust": trust_in_json(trust),
            },
            ensure_ascii=False,
        )
    )
