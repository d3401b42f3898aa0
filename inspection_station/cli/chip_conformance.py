"""``conformance chip``: the cases of TR-03105-5.1, each with its own virtual chip, read by the station."""

from __future__ import annotations

import argparse
import dataclasses
import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from inspection_station.command_line.refusal import refuse
from inspection_station.given_file import create_given

if TYPE_CHECKING:
    from inspection_station.training.conformance_cases import CaseResult
    from inspection_station.training.conformance_cases.bench import Bench

_DONE, _FINDING, _USAGE, _MISSING = 0, 1, 2, 3
_DO = "install pcscd and vsmartcard-vpcd and start pcscd, or give --in-process"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that ``conformance`` takes for the chip alone."""
    parser.add_argument("--case", metavar="ID", action="append", default=[], help="chip: only this case, LDS_H_01 …")
    parser.add_argument("--reader", metavar="NAME", default="", help="chip: the daemon's virtual reader")
    parser.add_argument("--in-process", action="store_true", help="chip: without the PC/SC daemon")
    parser.add_argument("--table", type=Path, metavar="FILE", help="chip: also write the table of all cases there")


def chip_conformance(options: argparse.Namespace) -> int:
    """Exit 0 where every case passed, 1 where one failed, 2 for an unknown case, 3 without the daemon."""
    from inspection_station.hardware.errors import DeviceError
    from inspection_station.training.conformance_cases import cases, index, run_cases

    known = {entry.id for entry in index()}
    if strange := [name for name in options.case if name not in known]:
        return refuse(options.json, _USAGE, "USE-01", f"no case «{strange[0]}»; they are named as LDS_H_01 is")
    if options.case and options.table is not None:
        return refuse(options.json, _USAGE, "USE-01", "--table needs all cases: leave out --case")
    chosen = [case for id, case in cases().items() if not options.case or id in options.case]
    results: list[CaseResult] = []
    try:
        with _bench(options) as bench:
            for result in run_cases(chosen, bench):
                results.append(result)
                if not options.json:
                    print(_line(result), flush=True)
    except DeviceError as error:
        return refuse(options.json, _MISSING, "DEV-01", error.detail, _DO)
    return _told(options, results)


def _bench(options: argparse.Namespace) -> AbstractContextManager[Bench]:
    from inspection_station.training.conformance_cases import InProcessBench, daemon_bench
    from inspection_station.training.conformance_cases.bench import READER

    return nullcontext(InProcessBench()) if options.in_process else daemon_bench(options.reader or READER)


def _told(options: argparse.Namespace, results: list[CaseResult]) -> int:
    from inspection_station.training.conformance_cases import Outcome, summary, table
    from inspection_station.training.conformance_cases.catalogue import index, without_run

    if options.table is not None:
        try:
            with create_given(options.table) as file:
                file.write(table(results).encode())
        except OSError as error:
            return refuse(options.json, _USAGE, "STO-01", f"cannot write the table: {error.strerror}")
    conforming = not any(result.outcome is Outcome.FAILED for result in results)
    if options.json:
        run = {result.id for result in results}
        left_out = [without_run(entry) for entry in index() if entry.id in options.case and entry.id not in run]
        report = {
            "plan": "BSI TR-03105-5.1 v1.5",
            "over": "process" if options.in_process else "pcsc",
            "conforming": conforming,
            "counts": None if options.case else summary(results),
            "cases": [dataclasses.asdict(result) for result in (*results, *left_out)],
        }
        print(json.dumps(report, ensure_ascii=False, indent=2))
    return _DONE if conforming else _FINDING


def _line(result: CaseResult) -> str:
    mark = "✓" if result.outcome.value == "passed" else "✕"
    told = f"{result.readings} readings, {result.commands} commands, {result.ms:.0f} ms"
    return f"{mark} {result.id:<14} {told}" + (f"\n    {result.remark}" if result.remark else "")
