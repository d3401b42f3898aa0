"""Pictures from chips, files and cameras: decoded only after their header was found acceptable.

JPEG (ITU-T T.81), PNG (ISO/IEC 15948) and JPEG 2000, both as JP2 file and as bare codestream (ISO/IEC 15444-1, the form
of a chip's DG2, Doc 9303 part 10 §4.7.2). EXIF orientation is obeyed.
"""

from __future__ import annotations

import io
import struct
import warnings
from enum import StrEnum
from pathlib import Path

import numpy as np

from inspection_station.given_file import read_given
from inspection_station.matching.ports import Image

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 50_000_000
MIN_SIDE = 24
_MAX_COMPONENTS = 4

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_J2K = b"\xff\x4f\xff\x51"
_JPEG = b"\xff\xd8\xff"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class PictureFault(StrEnum):
    """Why a picture cannot be used; the value is the stable code."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not-a-picture"
    TRUNCATED = "truncated"
    TOO_LARGE = "too-large"
    TOO_SMALL = "too-small"


class UnusablePicture(ValueError):
    """A picture that cannot be used: a code for the machine, a detail for the log (no content of the picture)."""

    def __init__(self, code: PictureFault, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail


def decode_picture(data: bytes, max_pixels: int = MAX_PIXELS) -> Image:
    """Pixels as BGR, height x width x 3 uint8, upright. Raises ``UnusablePicture`` and nothing else."""
    if not data:
        raise UnusablePicture(PictureFault.EMPTY, "no bytes")
    if len(data) > MAX_BYTES:
        raise UnusablePicture(PictureFault.TOO_LARGE, f"{len(data)} bytes")
    width, height = declared_size(data)
    if width * height > max_pixels:
        raise UnusablePicture(PictureFault.TOO_LARGE, f"{width} x {height} pixels")
    if min(width, height) < MIN_SIDE:
        raise UnusablePicture(PictureFault.TOO_SMALL, f"{width} x {height} pixels")
    if data.startswith(_PNG) and _PNG_END not in data:  # decoders are content once the last row is there
        raise UnusablePicture(PictureFault.TRUNCATED, "the end is missing")
    return _decode(data, max_pixels)


def picture_from_file(path: Path) -> tuple[bytes, Image]:
    """A file's bytes and its pixels. Raises ``UnusablePicture`` and OSError; a huge file is not read to its end."""
    data = read_given(path, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise UnusablePicture(PictureFault.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    return data, decode_picture(data)


def declared_size(data: bytes) -> tuple[int, int]:
    """Width and height the header declares, read without decoding. Raises ``UnusablePicture``."""
    try:
        if data.startswith(_PNG):
            width, height = struct.unpack_from(">II", data, 16)
            return width, height
        if data.startswith(_JP2):
            return _codestream_size(data, _codestream_start(data))
        if data.startswith(_J2K):
            return _codestream_size(data, 0)
        if data.startswith(_JPEG):
            return _jpeg_size(data)
    except struct.error:
        raise UnusablePicture(PictureFault.TRUNCATED, "the header is cut short") from None
    if any(magic.startswith(data) for magic in (_PNG, _JP2, _J2K, _JPEG)):
        raise UnusablePicture(PictureFault.TRUNCATED, "the header is cut short")
    raise UnusablePicture(PictureFault.NOT_A_PICTURE, "neither JPEG, PNG nor JPEG 2000")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    position = 2
    while True:
        marker, code = struct.unpack_from(">BB", data, position)
        if marker != 0xFF:
            raise UnusablePicture(PictureFault.NOT_A_PICTURE, "a JPEG without a frame header")
        if code in (0xFF, 0x01) or 0xD0 <= code <= 0xD7:  # fill bytes and markers without a length
            position += 1 if code == 0xFF else 2
            continue
        if code in (0xD9, 0xDA):
            raise UnusablePicture(PictureFault.NOT_A_PICTURE, "a JPEG without a frame header")
        (length,) = struct.unpack_from(">H", data, position + 2)
        if code in _JPEG_FRAMES:
            height, width, components = struct.unpack_from(">xHHB", data, position + 4)
            if components > _MAX_COMPONENTS:
                raise UnusablePicture(PictureFault.NOT_A_PICTURE, f"{components} components")
            return width, height
        position += 2 + max(length, 2)


def _codestream_start(data: bytes) -> int:
    """Offset of the contiguous codestream box's content in a JP2 file (ISO/IEC 15444-1 annex I)."""
    position = 0
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, position + 8)
            header = 16
        if kind == b"jp2c":
            return position + header
        if length < header:
            raise UnusablePicture(PictureFault.NOT_A_PICTURE, "a JP2 file without a codestream")
        position += length


def _codestream_size(data: bytes, start: int) -> tuple[int, int]:
    """Size by the SIZ marker segment (ISO/IEC 15444-1 A.5.1)."""
    magic, right, bottom, left, top = struct.unpack_from(">4s4xIIII", data, start)
    (components,) = struct.unpack_from(">H", data, start + 40)
    if magic != _J2K or right <= left or bottom <= top:
        raise UnusablePicture(PictureFault.NOT_A_PICTURE, "a JPEG 2000 codestream without a size")
    if not 1 <= components <= _MAX_COMPONENTS:
        raise UnusablePicture(PictureFault.NOT_A_PICTURE, f"{components} components")
    return right - left, bottom - top


def _decode(data: bytes, max_pixels: int) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit stands above
            with Pillow.open(io.BytesIO(data), formats=("JPEG", "PNG", "JPEG2000")) as picture:
                if picture.width * picture.height > max_pixels:
                    raise UnusablePicture(PictureFault.TOO_LARGE, f"{picture.width} x {picture.height} pixels")
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                colour = _as_rgb(upright)
    except UnusablePicture:
        raise
    except Pillow.DecompressionBombError:
        raise UnusablePicture(PictureFault.TOO_LARGE, "refused by the decoder") from None
    except (MemoryError, OverflowError):
        raise UnusablePicture(PictureFault.TOO_LARGE, "does not fit into memory") from None
    except Exception as fault:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        torn = any(word in str(fault).lower() for word in ("truncated", "broken data", "end of", "incomplete"))
        code = PictureFault.TRUNCATED if torn else PictureFault.NOT_A_PICTURE
        raise UnusablePicture(code, f"the decoder refused it ({type(fault).__name__})") from None
    return np.ascontiguousarray(np.asarray(colour, dtype=np.uint8)[:, :, ::-1])


def _as_rgb(picture: object) -> object:
    from PIL import Image as Pillow

    assert isinstance(picture, Pillow.Image)
    if picture.mode in ("RGB", "L", "CMYK", "YCbCr"):
        return picture.convert("RGB")
    if picture.mode.startswith(("I", "F")):  # 16-bit grey: PIL would clip it instead of scaling
        deep = np.clip(np.asarray(picture, dtype=np.float32) / 257.0, 0, 255).astype(np.uint8)
        return Pillow.fromarray(deep).convert("RGB")
    with_alpha = picture.convert("RGBA")
    white = Pillow.new("RGBA", with_alpha.size, (255, 255, 255, 255))
    return Pillow.alpha_composite(white, with_alpha).convert("RGB")
