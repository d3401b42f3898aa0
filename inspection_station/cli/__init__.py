"""The command line: one file a group of verbs, each with ``--json``.

Exit codes: 0 done, 1 a negative finding, 2 bad usage or input, 3 a device or service is missing.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence

from inspection_station import __version__
from inspection_station.cli.command_line import CommandLine
from inspection_station.cli.interruption import told_to_end
from inspection_station.cli.refusal import refuse
from inspection_station.cli.standard_streams import abandon_output, output_full, prepare_streams

_GROUPS = (
    "run_verbs",
    "mrz_verbs",
    "chip_verbs",
    "virtual_passport_verbs",
    "verification_verbs",
    "face_verbs",
    "fingerprint_verbs",
    "record_verbs",
    "exchange_verbs",
    "pack_verbs",
    "store_verbs",
    "doctor_verbs",
    "code_verbs",
)


def parser() -> argparse.ArgumentParser:
    """The whole command line, every group registered."""
    top = CommandLine(prog="inspection-station", description="Mobile immigration inspection station")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for group in _GROUPS:
        importlib.import_module(f"{__name__}.{group}").register(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code. Usage errors exit with 2 (argparse's own habit).

    SIGTERM ends a verb as Ctrl-C does, by way of its ``finally``: 130 and 143 are the shell's codes for the two.
    """
    prepare_streams()
    told: list[int] = []
    try:
        with told_to_end(told):
            code = _carried_out(parser().parse_args(arguments))
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except Exception:
        if not told:  # else it came of the interruption: some libraries make another error of it
            raise
        code = 0
    return 128 + told[0] if told else code


def _carried_out(options: argparse.Namespace) -> int:
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_output()
        return 0
    except OSError as error:
        if not output_full(error):
            raise
        abandon_output()
        return refuse(False, 3, "STO-01", f"the output cannot be written: {error.strerror}")
    return code
