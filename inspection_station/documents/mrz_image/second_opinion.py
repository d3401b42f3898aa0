"""A second reader, asked only when ours is unsure: Tesseract, its text cleaned by passporteye.

It is slow and, on its own, worse than ours, so that it never makes a reading valid by itself: it settles a doubt only
where it names the very character ours thought likeliest, and adds doubts where it differs. Its absence is not an error,
and an officer waits for it no longer than ``PATIENCE_SECONDS``. Tesseract is given the picture through a pipe, since
passporteye's own call would leave the page in a temporary file.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2

from inspection_station.documents.mrz_checks import MRZ_CHARACTERS
from inspection_station.documents.mrz_image.locate import Grey
from inspection_station.documents.mrz_image.settle import Draft
from inspection_station.inspection.document import CharacterDoubt

_log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 2.5
"""For the whole second reading; then the reader is ended and the reading stands without it."""

_SURE: Final = 0.97  # where ours is surer than this, the other's slips are not worth a doubt
_UNSURE: Final = 0.5  # where ours is less sure than this, agreement is chance
_ALIKE: Final = 0.5  # least likeness of two readings of the same line
_ENDING_SECONDS: Final = 0.5  # for the killed reader to be gone
_COMMAND: Final = (
    *("stdin", "stdout", "--psm", "6", "--dpi", "240", "-c", f"tessedit_char_whitelist={MRZ_CHARACTERS}"),
    *("-c", "load_system_dawg=F", "-c", "load_freq_dawg=F"),
)


class SecondOpinion(StrEnum):
    """What became of the second reader."""

    NOT_ASKED = "not asked"
    ABSENT = "absent"
    LATE = "too late"
    SILENT = "read nothing comparable"
    AGREED = "agreed"
    DIFFERED = "differed"


class NoSecondReading(Exception):
    """There is no second reading. ``opinion`` tells why: ABSENT or LATE."""

    def __init__(self, opinion: SecondOpinion) -> None:
        super().__init__(opinion.value)
        self.opinion = opinion


def load() -> bool:
    """Import what a second reading needs, before a screen is up. False where it is not installed."""
    return _cleaner() is not None


def second_reading(zone: Grey) -> tuple[str, ...]:
    """Lines that the second reader sees in a picture of a zone alone, of whatever length; () when it reads nothing.

    Raises NoSecondReading where the reader is not installed or does not work, or takes longer than
    ``PATIENCE_SECONDS``.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    program, cleaner = shutil.which("tesseract"), _cleaner()
    if program is None or cleaner is None:
        raise NoSecondReading(SecondOpinion.ABSENT)
    _, encoded = cv2.imencode(".png", zone)
    return tuple(cleaner(_answer(program, encoded.tobytes(), until).decode("utf-8", "replace")))


def _answer(program: str, picture: bytes, until: float) -> bytes:
    try:
        reader = subprocess.Popen(
            (program, *_COMMAND),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may hold what was read
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # on a page this small its threads only wait for each other
        )
    except OSError as error:
        _log.info("second opinion failed: %s", type(error).__name__)
        raise NoSecondReading(SecondOpinion.ABSENT) from None
    try:
        answer, _ = reader.communicate(picture, timeout=max(until - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        raise NoSecondReading(SecondOpinion.LATE) from None
    except OSError as error:
        _log.info("second opinion failed: %s", type(error).__name__)
        raise NoSecondReading(SecondOpinion.ABSENT) from None
    finally:
        _end(reader)
    if reader.returncode != 0:
        _log.info("second opinion failed: exit code %d", reader.returncode)
        raise NoSecondReading(SecondOpinion.ABSENT)
    return answer


def _end(reader: subprocess.Popen[bytes]) -> None:
    reader.kill()  # nothing happens to one that has ended
    for pipe in (reader.stdin, reader.stdout):
        if pipe is not None:
            pipe.close()
    try:
        reader.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        _log.warning("second opinion: the reader does not end")


@lru_cache(maxsize=1)
def _cleaner() -> Callable[[str], Sequence[str]] | None:
    """passporteye's cleaner of what Tesseract reads; None where it is not installed.

    It lies in a module without any import of its own. Importing the package around it would take one to two seconds,
    and hold the interpreter for half a second.
    """
    package = importlib.util.find_spec("passporteye")
    if package is None or package.origin is None:
        return None
    place = Path(package.origin).parent / "mrz" / "text.py"
    spec = importlib.util.spec_from_file_location("passporteye_mrz_text", place)
    if spec is None or spec.loader is None or not place.is_file():
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    apply: Callable[[str], Sequence[str]] = module.MRZOCRCleaner.apply
    return apply


def compared(first: Draft, other: Sequence[str]) -> tuple[Draft, SecondOpinion]:
    """Our draft with its doubts weighed against the other reading, wherever the two lines can be aligned."""
    doubts = {(doubt.line, doubt.column): doubt for doubt in first.doubts}
    differed = compared_lines = 0
    for line, ours in enumerate(first.lines):
        pairs = list(_aligned(ours, other))
        compared_lines += bool(pairs)
        for column, yours in pairs:
            mine, confidence = ours[column], first.confidences[line][column]
            doubt = doubts.get((line, column))
            if mine == yours:
                if doubt is not None and confidence > _UNSURE:
                    del doubts[(line, column)]
            elif confidence < _SURE:
                differed += 1
                known = doubt.candidates if doubt is not None else mine
                both = known if yours in known or yours not in MRZ_CHARACTERS else known + yours
                doubts[(line, column)] = CharacterDoubt(line, column, mine, both, confidence)
    if not compared_lines:
        return first, SecondOpinion.SILENT
    ordered = tuple(doubts[place] for place in sorted(doubts))
    return replace(first, doubts=ordered), SecondOpinion.DIFFERED if differed else SecondOpinion.AGREED


def _aligned(ours: str, other: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Columns of our line with the other reader's character there, where nothing was left out or put in."""
    matches = [(SequenceMatcher(None, ours, theirs, autojunk=False), theirs) for theirs in other]
    best, theirs = max(matches, key=lambda match: match[0].ratio(), default=(None, ""))
    if best is None or best.ratio() < _ALIKE:
        return
    for _, start, end, their_start, their_end in best.get_opcodes():
        if end - start == their_end - their_start:
            yield from zip(range(start, end), theirs[their_start:their_end], strict=True)
