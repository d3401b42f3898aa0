"""One verb of a program, from its words to its exit code."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import current_thread, main_thread

from inspection_station.command_line.interruption import told_to_end
from inspection_station.command_line.refusal import refuse
from inspection_station.command_line.standard_streams import abandon_output, output_full, prepare_streams


def carry_out(parser: Callable[[], argparse.ArgumentParser], arguments: Sequence[str] | None) -> int:
    """Parse and run ``options.run`` of what ``parser`` makes; the exit code. Wrong usage ends the program with 2.

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


@contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM and Ctrl-C are the way a service ends: what runs inside hears them itself, and the verb is done (0)."""
    if current_thread() is not main_thread():  # which alone hears signals
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
