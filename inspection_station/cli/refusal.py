"""Why a verb did nothing: one line for people on standard error, one object for programs on standard output."""

from __future__ import annotations

import json
import sys


def refuse(as_json: bool, exit_code: int, code: str, what: str, do: str = "") -> int:
    """Tell it and return ``exit_code``. ``what`` holds nothing of a document or a person.

    ``do`` is the next action; without it the officer's wording of the code is taken.
    """
    from inspection_station.wording import Wording

    action = do or Wording("en").error(code).do
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": code, "what": what, "do": action}}, ensure_ascii=False) + "\n")
    sys.stderr.write(f"{code}: {what}. Do this: {action}.\n")
    return exit_code
