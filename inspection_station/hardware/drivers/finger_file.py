"""A finger as an encoded picture (PNG, BMP, JPEG, TIFF, WSQ): size and kind are checked before anything is decoded."""

from __future__ import annotations

import io
import warnings
from typing import Final

import numpy as np
from PIL import Image as Pictures

from inspection_station.documents.emrtd.errors import MalformedChipData
from inspection_station.documents.emrtd.finger_images import Compression
from inspection_station.documents.emrtd.finger_images import FingerImage as CodedFinger
from inspection_station.documents.emrtd.finger_pictures import finger_pictures
from inspection_station.hardware.errors import DeviceGarbage
from inspection_station.hardware.ports import FingerImage

LARGEST_FILE: Final = 32 * 1024 * 1024
LONGEST_SIDE: Final = 4000
"""Pixels: four inches at 1,000 dots per inch, a whole hand."""
_FORMATS: Final = ("PNG", "BMP", "JPEG", "TIFF")
_SIGNATURES: Final = (b"\x89PNG", b"BM", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_WSQ: Final = b"\xff\xa0"
_WSQ_SECONDS: Final = 8.0
_PLAUSIBLE_DPI: Final = (300, 1200)


def decoded_finger(encoded: bytes, dpi: int) -> FingerImage:
    """The picture in grey, with the resolution that the file states, or ``dpi`` where it states none a reader has.

    Raises DeviceGarbage for anything that is no picture of a finger's size.
    """
    if len(encoded) > LARGEST_FILE:
        raise DeviceGarbage(f"a finger picture of {len(encoded)} bytes")
    if encoded.startswith(_WSQ):
        return _from_wsq(encoded, dpi)
    if not encoded.startswith(_SIGNATURES):
        raise DeviceGarbage(f"{len(encoded)} bytes that are no finger picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a picture made to fill the memory
            with Pictures.open(io.BytesIO(encoded), formats=_FORMATS) as picture:
                if max(picture.size) > LONGEST_SIDE:
                    raise DeviceGarbage(f"a finger picture of {picture.width} x {picture.height} pixels")
                grey = np.array(picture.convert("L"), np.uint8)
                stated = picture.info.get("dpi")
    except DeviceGarbage:
        raise
    except Exception as fault:  # a decoder fed with rubbish may raise anything; its text could hold the file's own
        raise DeviceGarbage(f"a finger picture that cannot be decoded ({type(fault).__name__})") from None
    return FingerImage(np.ascontiguousarray(grey), _resolution(stated, dpi))


def _from_wsq(encoded: bytes, dpi: int) -> FingerImage:
    coded = CodedFinger(0, 0, 0, 0, 0, 0, False, 8, Compression.WSQ, encoded)
    try:
        (picture,) = finger_pictures(
            [coded], patience=_WSQ_SECONDS
        )  # in a child process: the WSQ library crashes on altered pictures
    except MalformedChipData as fault:
        raise DeviceGarbage(f"a WSQ picture that cannot be decoded ({type(fault).__name__})") from None
    return FingerImage(np.ascontiguousarray(picture.pixels), dpi)


def _resolution(stated: object, dpi: int) -> int:
    """Files often state the 72 or 96 of a screen, which is no fingerprint reader's."""
    try:
        across, down = (round(float(value)) for value in stated)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        return dpi
    low, high = _PLAUSIBLE_DPI
    return across if low <= across <= high and abs(across - down) <= 2 else dpi
