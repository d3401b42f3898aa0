"""Opens a picture of unknown origin without trusting it: its size is judged before anything is decoded."""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import suppress
from enum import StrEnum
from io import BytesIO
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from inspection_station.documents.mrz_image.locate import Grey

MAX_PIXELS: Final = 60_000_000
"""Larger pictures are refused unread: no document camera makes one, and decoding it would take the memory."""

LONGEST_SIDE: Final = 4200
"""Pictures are reduced to this: more adds time and no legibility."""

_FORMATS: Final = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "JPEG2000", "GIF", "PPM")


class Unreadable(StrEnum):
    """Why no zone was read out of a picture."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not a picture"
    TRUNCATED = "truncated"
    TOO_LARGE = "too large"
    NO_ZONE = "no zone"
    CUT_OFF = "cut off"
    ILLEGIBLE = "illegible"
    WRONG_LENGTH = "wrong length"
    TWO_DOCUMENTS = "two documents"


_CODES: Final = {
    Unreadable.NO_ZONE: "DOC-01",
    Unreadable.CUT_OFF: "DOC-01",
    Unreadable.ILLEGIBLE: "DOC-01",
    Unreadable.WRONG_LENGTH: "DOC-10",
    Unreadable.TWO_DOCUMENTS: "DOC-04",
}
_ACTIONS: Final = {
    Unreadable.EMPTY: "take-the-picture-again",
    Unreadable.NOT_A_PICTURE: "give-a-picture",
    Unreadable.TRUNCATED: "take-the-picture-again",
    Unreadable.TOO_LARGE: "give-a-smaller-picture",
    Unreadable.NO_ZONE: "flatten-and-replace",
    Unreadable.CUT_OFF: "show-the-whole-page",
    Unreadable.ILLEGIBLE: "flatten-and-replace",
    Unreadable.WRONG_LENGTH: "flatten-and-replace",
    Unreadable.TWO_DOCUMENTS: "show-one-document",
}


class UnreadableImage(ValueError):
    """No zone can be read out of the picture.

    ``code`` is the officer's code (DOC-01 no zone or no legible one, DOC-04 two documents in view, DOC-05 the picture
    cannot be used, DOC-10 lines longer or shorter than a zone's), ``reason`` the kind, ``action`` the key of what to do
    next. ``detail`` holds sizes and counts, never what was read; ``lengths`` are the lines', where they are what does
    not fit.
    """

    def __init__(self, reason: Unreadable, detail: str, lengths: tuple[int, ...] = ()) -> None:
        self.reason = reason
        self.code = _CODES.get(reason, "DOC-05")
        self.action = _ACTIONS[reason]
        self.detail = detail
        self.lengths = lengths
        super().__init__(f"{self.code} {reason.value}: {detail}")


def open_picture(content: bytes | NDArray[np.uint8]) -> Grey:
    """Grey levels, height x width, turned upright as its EXIF orientation says, at most ``LONGEST_SIDE`` a side.

    ``content`` is an encoded picture, or pixels (grey or BGR, 8 bits). Raises UnreadableImage.
    """
    if isinstance(content, np.ndarray):
        return _reduced(_grey_of_pixels(content))
    if not content:
        raise UnreadableImage(Unreadable.EMPTY, "0 bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large, or with odd tags: judged below, and no news for the officer
            picture = Image.open(BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableImage(Unreadable.TOO_LARGE, "more pixels than any camera gives") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise UnreadableImage(Unreadable.NOT_A_PICTURE, f"{len(content)} bytes of no known format") from error
    with picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise UnreadableImage(Unreadable.TOO_LARGE, f"{width} x {height} pixels")
        return _reduced(_decoded(picture))


def _decoded(picture: Image.Image) -> Grey:
    width, height = picture.size
    try:
        if max(width, height) > 2 * LONGEST_SIDE:
            picture.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.load()
    except (OSError, ValueError, SyntaxError, struct.error, EOFError, zlib.error, MemoryError) as error:
        raise UnreadableImage(Unreadable.TRUNCATED, f"{width} x {height} pixels promised") from error
    # A broken EXIF block says nothing about orientation; the reader finds all four by itself.
    with suppress(OSError, ValueError, SyntaxError, struct.error, KeyError, TypeError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        deep = np.asarray(picture, np.float32)
        top = max(float(deep.max(initial=0.0)), 1.0)
        return (deep * (255 / top)).clip(0, 255).astype(np.uint8)
    if "A" in picture.getbands() or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture.convert("RGBA"))
    return np.asarray(picture.convert("L"), np.uint8)


def _grey_of_pixels(pixels: NDArray[np.uint8]) -> Grey:
    if pixels.size == 0:
        raise UnreadableImage(Unreadable.EMPTY, "0 pixels")
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise UnreadableImage(Unreadable.NOT_A_PICTURE, f"pixels of shape {pixels.shape}, {pixels.dtype}")
    if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        raise UnreadableImage(Unreadable.TOO_LARGE, f"{pixels.shape[1]} x {pixels.shape[0]} pixels")
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels[:, :, :3], cv2.COLOR_BGR2GRAY), np.uint8)


def _reduced(grey: Grey) -> Grey:
    ratio = LONGEST_SIDE / max(grey.shape)
    if ratio >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * ratio)), max(1, round(grey.shape[0] * ratio)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
