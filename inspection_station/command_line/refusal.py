"""Why a verb did nothing: one line for people on standard error, one object for programs on standard output."""

from __future__ import annotations

import json
import sys

from inspection_station.command_line.standard_streams import output_full

_DOCTOR = "«inspection-station doctor» tells what is missing"

# The officer's wording of these speaks of the window's keys and pages, which a command line does not have.
_DO = {
    "CHP-01": "lay the document on the reader and keep it there, then run this again",
    "CHP-02": "check the zone or the number, then run this again; --can where the zone does not open it",
    "CHP-07": "run this once more; if it stays, treat the chip as not read",
    "DEV-01": f"check cable, driver and service ({_DOCTOR}), then run this again",
    "DOC-01": "give the zone's lines whole, as printed",
    "DOC-10": "give the zone's lines whole, as printed: two of 44 or 36 characters, or three of 30",
    "DOC-11": "give the zone's lines as printed: A to Z, 0 to 9 and <",
    "PRO-01": "correct the profile as the message says, then run this again",
    "SEC-01": "set the clock, then run this again",
    "STO-01": "make room where it is to be written, then run this again; what was sealed is kept",
    "STO-02": f"unlock the key store, or tell the administrator ({_DOCTOR})",
    "STO-03": "delete nothing; put the right key or data folder back, else the last backup («store restore FILE» keeps "
    "what is here beside)",
    "STO-04": "end the other program that uses this data folder, then run this again",
    "STO-05": "check the data folder, its permissions and its disk, then run this again",
    "STO-06": "start the station once, which makes its store, or name another folder with --data",
    "STO-09": "delete nothing; put the last backup back: «store restore FILE» keeps what is here beside; without a "
    "backup move the whole data folder away, and the next start begins anew",
    "SYS-01": "run this again; if it stays, give the log to the administrator",
    "SYS-02": "install the station again, or tell the administrator",
    "SYS-03": "connect a display and run this again",
    "USE-01": "see --help",
}


def refuse(as_json: bool, exit_code: int, code: str, what: str, do: str = "") -> int:
    """Tell it and return ``exit_code``. ``what`` holds nothing of a document or a person.

    ``do`` is the next action; without it the one that this code has on a command line, else the officer's.
    """
    from inspection_station.wording import Wording

    action = (do or _DO.get(code) or Wording("en").error(code).do).rstrip(".")
    what = what.rstrip(".")
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": code, "what": what, "do": action}}, ensure_ascii=False) + "\n")
    sys.stderr.write(f"{code}: {what}. Do this: {action}.\n")
    return exit_code


def refuse_writing(as_json: bool, option: str, error: OSError) -> int:
    """What ``option`` names cannot be written: for want of space (STO-01, 3), or it is the wrong place (USE-01, 2)."""
    if output_full(error):
        return refuse(as_json, 3, "STO-01", f"{option} cannot be written: {error.strerror}")
    reason = error.strerror or type(error).__name__
    return refuse(as_json, 2, "USE-01", f"{option} cannot be written there: {reason}", f"give {option} another place")
