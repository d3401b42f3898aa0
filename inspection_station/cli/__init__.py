"""The command line: one file a group of verbs, each with ``--json``.

Exit codes: 0 done, 1 a negative finding, 2 bad usage or input, 3 a device or service is missing.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from inspection_station import __version__

_GROUPS = ("run_verbs", "mrz_verbs", "chip_verbs", "verification_verbs", "face_verbs", "record_verbs", "doctor_verbs")


def parser() -> argparse.ArgumentParser:
    """The whole command line, every group registered."""
    top = argparse.ArgumentParser(prog="inspection-station", description="Mobile immigration inspection station")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for group in _GROUPS:
        importlib.import_module(f"{__name__}.{group}").register(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code. Usage errors exit with 2 (argparse's own habit)."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
