"""What every verb's options share: wrong usage is refused like anything else, and values that come in any verb."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any, NoReturn

from inspection_station.command_line.refusal import refuse
from inspection_station.log_setup import mask

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
"""Days that a check can be made on: the zone's two-digit years and the certificates' dates can be completed."""

LONGEST_WAIT = 86_400.0
"""Seconds; more is a slip of the hand."""


class CommandLine(argparse.ArgumentParser):
    """A parser that refuses wrong usage with USE-01, as JSON too where that is asked for, and exit code 2."""

    _as_json = False

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As inherited; remembers how a refusal is wanted."""
        self._as_json = "--json" in (sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Refuse. What was typed is masked: a zone in the wrong place goes no further."""
        self.print_usage(sys.stderr)
        self.exit(refuse(self._as_json, 2, "USE-01", mask(message), f"see «{self.prog} --help»"))


def day(text: str) -> date:
    """An option's day."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not FIRST_DAY <= found <= LAST_DAY:
        raise argparse.ArgumentTypeError(
            f"wanted is a day as YYYY-MM-DD, {FIRST_DAY.isoformat()} to {LAST_DAY.isoformat()}"
        )
    return found


def seconds(text: str) -> float:
    """An option's seconds: a number, not negative, of at most a day."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0.0 <= found <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"wanted is a number of seconds, 0 to {LONGEST_WAIT:.0f}")
    return found
