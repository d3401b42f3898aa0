"""``read-mrz``: the machine-readable zone out of pictures.

JSON (``--json``): an array, one object a picture, in the order given. A picture that was read::

    {"file", "document_type": "TD3", "lines": [...], "fields": {...}, "checks": [...], "valid": true,
     "problems": [...], "doubts": [...], "repairs": [...], "confidence": 0.0-1.0, "second_opinion": "...", "ms": 123.4}

``fields``: document_code, issuing_state, surname, given_names, document_number, nationality, date_of_birth, sex,
date_of_expiry, optional_data, and for TD1 optional_data_2. Dates are YYYY-MM-DD, or the six characters as printed
where a part is unknown or impossible. ``checks``: field, verdict (correct, wrong, absent), printed, computed.
``problems``: why it is not valid, code, field, what, why, do; empty exactly where it is.
``doubts``: line and column (from 0), field, read, candidates, confidence. ``repairs``: line, column, read, repaired,
proved_by. ``confidence`` is that of the least certain character. A picture that was not read::

    {"file", "error": {"code", "what", "why", "do", "lengths"}, "ms"}

``lengths``: characters of each line, where these are what is wrong (DOC-10); else it is not there.

Exit code: 0 all valid; 1 a zone read but not valid; 2 a picture or file that cannot be read; the worst of all pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection_station.command_line.options import day
from inspection_station.given_file import read_given

if TYPE_CHECKING:
    from inspection_station.documents.mrz_image.reader import ImageReading, UnreadableImage
    from inspection_station.inspection.document import CharacterDoubt, MachineReadableZone, MrzDate

_LARGEST_FILE = 200_000_000  # bytes; a picture of 60 megapixels fits uncompressed

# what happened, why, what to do, by the reason that the reader gives
_WORDS = {
    "empty": ("The picture is empty", "the file holds no bytes", "take the picture again"),
    "not a picture": (
        "Not a picture",
        "the file is of no known picture format",
        "give a JPEG, PNG, TIFF or BMP picture",
    ),
    "truncated": (
        "The picture is incomplete",
        "the file ends or breaks before its last line",
        "take the picture again",
    ),
    "too large": (
        "The picture is too large",
        "it has more than 60 megapixels or 200 megabytes",
        "give a smaller picture",
    ),
    "no zone": (
        "MRZ not read",
        "no lines of a machine-readable zone were found",
        "flatten the page and place it again; after two tries type the zone",
    ),
    "cut off": (
        "MRZ not read",
        "the machine-readable zone runs out of the picture",
        "show the whole page; after two tries type the zone",
    ),
    "illegible": (
        "MRZ not read",
        "lines of a machine-readable zone were found and cannot be read",
        "flatten the page and place it again; after two tries type the zone",
    ),
    "wrong length": (
        "MRZ of a wrong length",
        "a line has more or fewer characters than a zone's lines have",
        "lay the whole page flat and read it again; after two tries type the zone; if the print itself is so, refer",
    ),
    "two documents": (
        "Two documents in view",
        "more than one machine-readable zone was found",
        "show one document at a time",
    ),
}

# Likewise for a zone that was read and is not valid.
_NOT_VALID = {
    "check digit": (
        "Check digit wrong",
        "misread, or the page was altered",
        "read the page again and compare by eye; where the page itself is so, refer",
    ),
    "form": (
        "Field of a form that no zone has",
        "misread, the page was altered, or these lines are only a part of a zone",
        "read the whole page again and compare by eye; where the page itself is so, refer",
    ),
    "doubt": (
        "Characters in doubt",
        "neither the print nor a check digit settles them; «doubts» names their places",
        "compare these places by eye, or read the page again",
    ),
}


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``read-mrz``."""
    verb = verbs.add_parser("read-mrz", help="read the machine-readable zone out of pictures")
    verb.add_argument("images", nargs="+", metavar="IMAGE", help="picture of a data page (JPEG, PNG, TIFF, ...)")
    verb.add_argument("--json", action="store_true", help="one JSON array on standard output")
    verb.add_argument("--today", type=day, metavar="DATE", help="complete years as of this day (YYYY-MM-DD)")
    verb.add_argument("--no-second-opinion", action="store_true", help="do not ask Tesseract when unsure")
    verb.set_defaults(run=read_mrz)


def read_mrz(options: argparse.Namespace) -> int:
    """Read each picture; returns the worst exit code."""
    today = options.today or date.today()
    results, worst = [], 0
    for name in options.images:
        result, code = _read(name, today, ask_second=not options.no_second_opinion)
        results.append(result)
        worst = max(worst, code)
        if not options.json:
            print(_told(result))
    if options.json:
        json.dump(results, sys.stdout, ensure_ascii=False, indent=2)
        print()
    return worst


def _read(name: str, today: date, *, ask_second: bool) -> tuple[dict[str, Any], int]:
    from inspection_station.documents.mrz_image.reader import UnreadableImage, read_image

    started = time.perf_counter()
    try:
        content = read_given(Path(name), _LARGEST_FILE)
        if len(content) > _LARGEST_FILE:
            raise _too_large()
        reading = read_image(content, today=today, ask_second=ask_second)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return _failure(name, "FILE", "The file cannot be read", why, "check the path and its permissions", started), 2
    except UnreadableImage as error:
        what, why, action = _WORDS[error.reason.value]
        failure = _failure(name, error.code, what, f"{why} ({error.detail})", action, started)
        if error.lengths:
            failure["error"]["lengths"] = list(error.lengths)
        return failure, 2
    result = {"file": name, **_success(reading), "ms": _since(started)}
    return result, 0 if reading.zone.valid else 1


def _too_large() -> UnreadableImage:
    from inspection_station.documents.mrz_image.reader import Unreadable, UnreadableImage

    return UnreadableImage(Unreadable.TOO_LARGE, f"more than {_LARGEST_FILE} bytes")


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _failure(name: str, code: str, what: str, why: str, action: str, started: float) -> dict[str, Any]:
    return {"file": name, "error": {"code": code, "what": what, "why": why, "do": action}, "ms": _since(started)}


def _success(reading: ImageReading) -> dict[str, Any]:
    zone = reading.zone
    return {
        "document_type": zone.format.value,
        "lines": list(zone.lines),
        "fields": _fields(zone),
        "checks": [
            {"field": c.field.value, "verdict": c.verdict.value, "printed": c.printed, "computed": c.computed}
            for c in zone.checks
        ],
        "valid": zone.valid,
        "problems": _problems(zone),
        "doubts": [_doubt(zone, doubt) for doubt in zone.doubts],
        "repairs": [
            {
                "line": r.line,
                "column": r.column,
                "read": r.read,
                "repaired": r.repaired,
                "proved_by": r.proved_by.value,
            }
            for r in zone.repairs
        ],
        "confidence": min(value for row in reading.confidences for value in row),
        "second_opinion": reading.second_opinion.value,
    }


def _problems(zone: MachineReadableZone) -> list[dict[str, str]]:
    """Why the zone is not valid: empty exactly where it is."""
    found = [("DOC-02", field.value, "check digit") for field in zone.failed_fields()]
    found += [("DOC-02", field.value, "form") for field in zone.malformed_fields]
    if zone.doubts:
        found.append(("DOC-06", "", "doubt"))
    told = []
    for code, field, kind in found:
        what, why, action = _NOT_VALID[kind]
        told.append({"code": code, "field": field, "what": what, "why": why, "do": action})
    return told


def _fields(zone: MachineReadableZone) -> dict[str, str]:
    from inspection_station.inspection.document import DocumentFormat

    fields = {
        "document_code": zone.document_code,
        "issuing_state": zone.issuing_state,
        "surname": zone.name.primary,
        "given_names": zone.name.secondary,
        "document_number": zone.document_number,
        "nationality": zone.nationality,
        "date_of_birth": _day(zone.date_of_birth),
        "sex": zone.sex,
        "date_of_expiry": _day(zone.date_of_expiry),
        "optional_data": zone.optional_data,
    }
    if zone.format is DocumentFormat.TD1:
        fields["optional_data_2"] = zone.optional_data_2
    return fields


def _day(printed: MrzDate) -> str:
    day = printed.as_date()
    return printed.raw if day is None else day.isoformat()


def _doubt(zone: MachineReadableZone, doubt: CharacterDoubt) -> dict[str, Any]:
    from inspection_station.documents.mrz_layouts import LAYOUTS

    layout = LAYOUTS[zone.format]
    place = (doubt.line, doubt.column)
    named = [field.value for field, span in layout.fields.items() if place in span.cells()]
    named += [check.field.value for check in layout.checks if place in check.digit.cells()]
    return {
        "line": doubt.line,
        "column": doubt.column,
        "field": named[0] if named else "",
        "read": doubt.read,
        "candidates": doubt.candidates,
        "confidence": doubt.confidence,
    }


def _told(result: dict[str, Any]) -> str:
    """The result for people."""
    name = "".join(character if character.isprintable() else "?" for character in result["file"])
    if "error" in result:
        error = result["error"]
        return f"{name}: {error['code']} {error['what']} — {error['why']}. Do this: {error['do']}."
    verdict = "valid" if result["valid"] else "NOT VALID"
    text = [f"{name}: {result['document_type']}, {verdict} ({result['ms']} ms)"]
    text += [f"  {line}" for line in result["lines"]]
    for one in result["problems"]:
        about = f" ({one['field']})" if one["field"] else ""
        text.append(f"  {one['code']} {one['what']}{about}: {one['why']}. Do this: {one['do']}.")
    text += [
        f"  check digit wrong: {check['field']} (printed {check['printed']}, computed {check['computed']})"
        for check in result["checks"]
        if check["verdict"] == "wrong"
    ]
    text += [
        f"  in doubt: line {doubt['line'] + 1}, position {doubt['column'] + 1} ({doubt['field']}):"
        f" {' or '.join(doubt['candidates']) or doubt['read']}"
        for doubt in result["doubts"]
    ]
    text += [
        f"  repaired: line {r['line'] + 1}, position {r['column'] + 1}: {r['read']} is {r['repaired']},"
        f" proved by the check digit of {r['proved_by']}"
        for r in result["repairs"]
    ]
    return "\n".join(text)
