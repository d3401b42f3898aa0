"""Which person belongs to which group, for figures by group: read from a file that an agency writes by hand or by
program.

Accepted: JSON (``{"person": "group"}`` or ``{"group": ["person", …]}``), lines ``person,group`` (also with tab or
semicolon; a header line is recognised), or a plain list of persons, whose group is then the file's name. Persons are
folder names.
"""

from __future__ import annotations

import json
from pathlib import Path

from inspection_station.given_file import read_given

_MOST_BYTES = 32 * 1024 * 1024
_HEADERS = {"person", "identity", "name", "id", "folder", "subject"}


class MalformedLabels(ValueError):
    """The file does not tell groups; the message names the line, never a person."""


def read_group_labels(path: Path) -> dict[str, str]:
    """Person → group. Raises ``MalformedLabels``, OSError."""
    data = read_given(path, _MOST_BYTES)
    if len(data) > _MOST_BYTES:
        raise MalformedLabels("the file is too large for a list of persons")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MalformedLabels("the file is not UTF-8") from None
    labels = _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_lines(text, path.stem or "listed")
    if not labels:
        raise MalformedLabels("the file names nobody")
    return labels


def _of_json(text: str) -> dict[str, str]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedLabels("the file looks like JSON and is not") from None
    labels: dict[str, str] = {}
    for key, value in told.items() if isinstance(told, dict) else ():
        if isinstance(value, str):
            labels[key] = value
        elif isinstance(value, list) and all(isinstance(person, str) for person in value):
            labels.update(dict.fromkeys(value, key))
        else:
            raise MalformedLabels("persons and groups are texts")
    return labels


def _of_lines(text: str, alone: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        separator = next((mark for mark in ("\t", ";", ",") if mark in plain), None)
        if separator is None:
            labels[plain.rstrip("/")] = alone
            continue
        person, _, group = (part.strip().strip('"') for part in plain.partition(separator))
        if not person or not group:
            raise MalformedLabels(f"line {number} lacks person or group")
        if number == 1 and person.lower() in _HEADERS:
            continue
        labels[person] = group
    return labels
