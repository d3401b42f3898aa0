"""The command line: one file a group of verbs, each with ``--json``.

Exit codes: 0 done, 1 a negative finding, 2 bad usage or input, 3 a device or service is missing.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from inspection_station import __version__
from inspection_station.cli.standard_streams import abandon_output, output_full, prepare_streams

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
    """Run one verb and return its exit code. Usage errors exit with 2 (argparse's own habit).

    SIGTERM ends a verb as Ctrl-C does, by way of its ``finally``: 130 and 143 are the shell's codes for the two.
    """
    prepare_streams()
    options = parser().parse_args(arguments)
    with _told_to_end() as told:
        try:
            code = int(options.run(options))
            sys.stdout.flush()
        except KeyboardInterrupt:
            code = 128 + signal.SIGINT
        except BrokenPipeError:
            abandon_output()
            code = 0
        except OSError as error:
            if not output_full(error):
                raise
            abandon_output()
            sys.stderr.write(f"STO-01: the output cannot be written: {error.strerror}; make room and try again\n")
            code = 3
    return 128 + told[0] if told else code


@contextmanager
def _told_to_end() -> Iterator[list[int]]:
    """SIGTERM and SIGINT interrupt the verb; the list holds those that came. Even where an extension module makes
    another error of the interruption (some do while they are imported), the exit code says what happened.
    """
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield told  # only the main thread hears signals
        return

    def end(number: int, frame: FrameType | None) -> None:
        told.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
