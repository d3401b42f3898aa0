"""Logging: JSON lines in a rotating file, without personal data.

Every line is an event name and a few plain values. What looks like a zone or a document number is masked on the
way out, so that a careless message cannot leak. TRAFFIC (below DEBUG) is for APDUs and frames and is off.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import sys
import time
from pathlib import Path

TRAFFIC = 5

# Zones, names with fillers, and runs of seven or more characters that mix digits and capitals (document numbers).
_ZONE = re.compile(r"[A-Z0-9<]*<{2,}[A-Z0-9<]*")
_NUMBER = re.compile(r"\b(?=[A-Z0-9]*\d)[A-Z0-9]{7,}\b")
_MASK = "[masked]"

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def mask(text: str) -> str:
    """Text without anything that could be a zone or a document number."""
    return _NUMBER.sub(_MASK, _ZONE.sub(_MASK, text))


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
                line[key] = value if isinstance(value, (int, float, bool)) else mask(str(value))
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
