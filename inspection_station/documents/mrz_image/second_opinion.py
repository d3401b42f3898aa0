"""A second reader, asked only when ours is unsure: Tesseract, its text cleaned by passporteye.

It is slow and, on its own, worse than ours, so that it never makes a reading valid by itself: it settles a doubt only
where it names the very character ours thought likeliest, and adds doubts where it differs. Its absence is not an error.
Tesseract is given the picture through a pipe, since passporteye's own call would leave the page in a temporary file.
"""

from __future__ import annotations

import importlib
import logging
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

import cv2

from inspection_station.documents.mrz_checks import MRZ_CHARACTERS
from inspection_station.documents.mrz_image.locate import Grey
from inspection_station.documents.mrz_image.settle import Draft
from inspection_station.inspection.document import CharacterDoubt

_log = logging.getLogger(__name__)

_SURE: Final = 0.97  # where ours is surer than this, the other's slips are not worth a doubt
_UNSURE: Final = 0.5  # where ours is less sure than this, agreement is chance
_ALIKE: Final = 0.5  # least likeness of two readings of the same line
_PATIENCE_SECONDS: Final = 8.0
_COMMAND: Final = (
    *("stdin", "stdout", "--psm", "6", "--dpi", "240", "-c", f"tessedit_char_whitelist={MRZ_CHARACTERS}"),
    *("-c", "load_system_dawg=F", "-c", "load_freq_dawg=F"),
)


class SecondOpinion(StrEnum):
    """What became of the second reader."""

    NOT_ASKED = "not asked"
    ABSENT = "absent"
    SILENT = "read nothing comparable"
    AGREED = "agreed"
    DIFFERED = "differed"


def load() -> bool:
    """Import what a second reading needs (one to two seconds) before a screen is up: loading its libraries holds the
    interpreter for half a second. False where they are not installed.
    """
    try:
        importlib.import_module("passporteye.mrz.text")
    except ImportError:
        return False
    return True


def second_reading(zone: Grey) -> tuple[str, ...] | None:
    """Lines that the second reader sees in a picture of a zone alone, of whatever length.

    () when it reads nothing, None when it is not installed.
    """
    program = shutil.which("tesseract")
    if program is None:
        return None
    try:
        from passporteye.mrz.text import MRZOCRCleaner
    except ImportError:
        return None
    _, encoded = cv2.imencode(".png", zone)
    try:
        answer = subprocess.run(
            (program, *_COMMAND), input=encoded.tobytes(), capture_output=True, timeout=_PATIENCE_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("second opinion failed: %s", type(error).__name__)  # its text may hold what was read
        return ()
    return tuple(MRZOCRCleaner.apply(answer.stdout.decode("utf-8", "replace")))


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
