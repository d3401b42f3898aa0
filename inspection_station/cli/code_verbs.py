"""``codes``: what an officer's code means, for whoever supports the station; and the page of all of them."""

from __future__ import annotations

import argparse
import json
import sys
from itertools import groupby

from inspection_station.command_line.refusal import refuse
from inspection_station.wording import LANGUAGES, ErrorWording, Wording, catalogue

_DONE, _USAGE = 0, 2
_FAMILIES = {
    "AGY": "Agencies' systems",
    "BIO": "Face and fingers",
    "CHP": "The chip",
    "DEV": "Devices",
    "DOC": "The document and its zone",
    "GRP": "Face groups",
    "HIS": "History photographs",
    "LST": "Control lists",
    "MAN": "The manifest",
    "NET": "The link",
    "PCK": "Data packs",
    "PMT": "Permits",
    "PRE": "Pre-clearance and landing",
    "PRO": "The profile",
    "REF": "What cannot be done now",
    "RES": "After an interruption",
    "SEC": "Identity, certificates, clock",
    "STK": "Sticks",
    "STO": "The store",
    "SYN": "The exchange",
    "SYS": "The program",
    "UND": "Undo",
    "USE": "The command line",
    "WAV": "Steps let go",
}


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``codes``."""
    codes = verbs.add_parser("codes", help="what the codes on the screen mean, in both languages")
    codes.add_argument("code", nargs="*", metavar="CODE", help="e.g. CHP-03; without one, all")
    form = codes.add_mutually_exclusive_group()
    form.add_argument("--page", action="store_true", help="as the page docs/codes.md")
    form.add_argument("--json", action="store_true", help="JSON on standard output")
    codes.set_defaults(run=_codes)


def known_codes() -> tuple[str, ...]:
    """Every code that is worded, sorted."""
    return tuple(sorted({key.split(".")[1] for key in catalogue("en") if key.startswith("error.")} - {"UNKNOWN"}))


def page() -> str:
    """The whole page ``docs/codes.md``."""
    parts = [
        "# Codes",
        "What stands on the screen, or behind a verb's refusal, when something is amiss: what happened, why, what to "
        "do. Written by `inspection-station codes --page` from the officer's own texts; a test holds it. One alone: "
        "`inspection-station codes CHP-03`. A code that is not here came from a newer version.",
    ]
    for family, codes in groupby(known_codes(), key=lambda code: code[:3]):
        rows = ["| code | 發生什麼 · what | 原因 · why | 請這樣做 · do |", "| --- | --- | --- | --- |"]
        for code in codes:
            chinese, english = (Wording(language).error(code) for language in LANGUAGES)
            pairs = zip(_parts(chinese).values(), _parts(english).values(), strict=True)
            cells = (f"{first}<br>{second}" for first, second in pairs)
            rows.append(f"| `{code}` | {' | '.join(cells)} |")
        parts.append(f"## {family}: {_FAMILIES.get(family, family)}\n\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _parts(error: ErrorWording) -> dict[str, str]:
    return {"what": error.what, "why": error.why, "do": error.do}


def _codes(options: argparse.Namespace) -> int:
    wanted = tuple(code.upper() for code in options.code) or known_codes()
    unknown = [code for code in wanted if code not in known_codes()]
    if unknown:
        return refuse(options.json, _USAGE, "USE-01", "no such code", "see «inspection-station codes» for all of them")
    if options.page:
        sys.stdout.write(page())
        return _DONE
    if options.json:
        told = [
            {"code": code, **{language: _parts(Wording(language).error(code)) for language in LANGUAGES}}
            for code in wanted
        ]
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return _DONE
    for code in wanted:
        for language in LANGUAGES:
            error = Wording(language).error(code)
            print(f"{code if language == LANGUAGES[0] else '':<8}{error.what} · {error.why} · {error.do}")
    return _DONE
