"""The command line: one file a group of verbs, each with ``--json``.

Exit codes: 0 done, 1 a negative finding, 2 bad usage or input, 3 a device or service is missing.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from inspection_station import __version__
from inspection_station.command_line.options import CommandLine
from inspection_station.command_line.program import carry_out

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
    """Run one verb and return its exit code. Usage errors exit with 2 (argparse's own habit)."""
    return carry_out(lambda: parser(), arguments)
