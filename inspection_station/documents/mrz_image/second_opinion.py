"""A second reader, asked only when ours is unsure: passporteye, which drives Tesseract.

It is slow and, on its own, worse than ours, so that it never makes a reading valid by itself: it settles a doubt only
where it names the very character ours thought likeliest, and adds doubts where it differs. Its absence is not an error.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from io import BytesIO
from typing import Final

import cv2

from inspection_station.documents.mrz_image.locate import Grey
from inspection_station.documents.mrz_image.settle import Draft
from inspection_station.inspection.document import CharacterDoubt

_log = logging.getLogger(__name__)

_SURE: Final = 0.97  # where ours is surer than this, the other's slips are not worth a doubt
_UNSURE: Final = 0.5  # where ours is less sure than this, agreement is chance


class SecondOpinion(StrEnum):
    """What became of the second reader."""

    NOT_ASKED = "not asked"
    ABSENT = "absent"
    SILENT = "read nothing comparable"
    AGREED = "agreed"
    DIFFERED = "differed"


def second_reading(grey: Grey) -> tuple[str, ...] | None:
    """Lines that passporteye reads, of whatever shape; () when it finds none, None when it is not installed."""
    if shutil.which("tesseract") is None:
        return None
    try:
        from passporteye import read_mrz
    except ImportError:
        return None
    _, encoded = cv2.imencode(".png", grey)
    try:
        found = read_mrz(BytesIO(encoded.tobytes()), extra_cmdline_params="--dpi 300")
    except (ValueError, IndexError, OSError, RuntimeError, ZeroDivisionError) as error:
        _log.info("second opinion failed: %s", type(error).__name__)  # the text may hold what was read
        return ()
    if found is None:
        return ()
    text = str(found.aux.get("text", ""))
    cleaned = ("".join(line.split()).upper() for line in text.splitlines())
    return tuple(line for line in cleaned if len(line) >= 25)


def compared(first: Draft, other: Sequence[str]) -> tuple[Draft, SecondOpinion]:
    """Our draft with its doubts weighed against the other reading, line by line where lengths agree."""
    if len(other) != len(first.lines):
        return first, SecondOpinion.SILENT
    doubts = {(doubt.line, doubt.column): doubt for doubt in first.doubts}
    differed = compared_lines = 0
    for line, (ours, theirs) in enumerate(zip(first.lines, other, strict=True)):
        if len(ours) != len(theirs):
            continue
        compared_lines += 1
        for column, (mine, yours) in enumerate(zip(ours, theirs, strict=True)):
            confidence = first.confidences[line][column]
            doubt = doubts.get((line, column))
            if mine == yours:
                if doubt is not None and confidence > _UNSURE:
                    del doubts[(line, column)]
            elif confidence < _SURE:
                differed += 1
                known = doubt.candidates if doubt is not None else mine
                both = known if yours in known or not yours.isalnum() else known + yours
                doubts[(line, column)] = CharacterDoubt(line, column, mine, both, confidence)
    if not compared_lines:
        return first, SecondOpinion.SILENT
    ordered = tuple(doubts[place] for place in sorted(doubts))
    return replace(first, doubts=ordered), SecondOpinion.DIFFERED if differed else SecondOpinion.AGREED
