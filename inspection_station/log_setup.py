"""Logging: JSON lines in a rotating file, without personal data.

Every line is an event name and a few plain values. What looks like a zone or a document number is masked on the
way out, so that a careless message cannot leak. TRAFFIC (below DEBUG) is for APDUs and frames and is off.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import re
import sys
import time
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path

TRAFFIC = 5

# Zones, names with fillers, and runs of seven or more characters that mix digits and capitals (document numbers).
_ZONE = r"[A-Z0-9<]*<{2,}[A-Z0-9<]*"
_NUMBER = r"\b(?=[A-Z0-9]*\d)[A-Z0-9]{7,}\b"
# Ids of records and stores are drawn by the station and say nothing of a person; parts of them look like numbers.
_RECORD_ID = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
_HIDDEN = re.compile(rf"({_RECORD_ID})|{_ZONE}|{_NUMBER}")
_MASK = "[masked]"

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def mask(text: str) -> str:
    """Text without anything that could be a zone or a document number. Ids of records stay."""
    return _HIDDEN.sub(lambda found: found[1] or _MASK, text)


def _plain(value: object) -> object:
    """A value of a line: numbers as they are, texts masked, also inside tables and lists."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {mask(str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    return mask(str(value))


class JsonLines(logging.Formatter):
    """One JSON object a line: ``t`` (UTC), ``level``, ``logger``, ``event``, and the record's extra values."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; an exception keeps its type and place, not its text."""
        line: dict[str, object] = {
            "t": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": mask(record.getMessage()),
        }
        for key, value in record.__dict__.items():
            if key not in _PLAIN:
                line[key] = _plain(value)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            frame = record.exc_info[2]
            places = []
            while frame is not None:
                places.append(f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}")
                frame = frame.tb_next
            line["at"] = places[-6:]
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


class _RotatingLines(logging.handlers.RotatingFileHandler):
    """A line that cannot be written (disk full, medium gone) is lost: it neither stops the program nor lands on
    standard error, where the library would print it with its arguments, unmasked.
    """

    def _open(self) -> TextIOWrapper:
        """As inherited, readable by the owner alone, also a file that lay there with other permissions."""
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if os.name == "posix":
            os.fchmod(descriptor, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:
        if not self.lost:
            sys.stderr.write("the log cannot be written\n")
        self.lost += 1

    lost = 0


def set_up_logging(folder: Path | None, level: int = logging.INFO) -> None:
    """Send the program's log to ``folder/station.log`` (5 MB, five kept); without a folder to standard error.

    Raises OSError when the folder cannot be made. It and the data folder around it are the owner's alone.
    """
    logging.addLevelName(TRAFFIC, "TRAFFIC")
    handler: logging.Handler
    if folder is None:
        handler = logging.StreamHandler()
    else:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        handler = _RotatingLines(
            folder / "station.log", maxBytes=5_000_000, backupCount=5, encoding="utf-8", delay=True
        )
    handler.setFormatter(JsonLines())
    root = logging.getLogger("inspection_station")
    before, root.handlers[:] = root.handlers[:], [handler]
    for old in before:
        old.close()
    root.setLevel(level)
    root.propagate = False
