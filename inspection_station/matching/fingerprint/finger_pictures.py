"""Pictures of fingers from readers, files and headquarters: grey pixels and, where stated, their resolution.

PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, WSQ (FBI IAFIS-IC-0110) and ISO/IEC 19794-4:2005. A header is judged before
anything is decoded.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.segmentation import Grey

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

MAX_BYTES = 32 * 1024 * 1024
MAX_SIDE = 5000
"""Pixels: a finger of 80 mm at 1,200 dpi has fewer."""
MIN_SIDE = 40
LEAST_DPI, MOST_DPI = 250, 1200
_FORMATS = ("PNG", "TIFF", "BMP", "PPM", "JPEG", "JPEG2000")
_DEPTHS = (1, 255, 1023, 4095, 65_535)
_WSQ = b"\xff\xa0"
_FIR = b"FIR\x00"


@dataclass(frozen=True, slots=True)
class FingerPicture:
    """``grey`` height x width, ridges dark; ``dpi`` as the file states it, None where it does not or states what no
    fingerprint reader has (the 72 and 96 of screens).
    """

    grey: Grey
    dpi: int | None


def decode_finger(data: bytes) -> FingerPicture:
    """Pixels and resolution. Raises ``UnusableFingerprint`` and nothing else."""
    if not data:
        raise UnusableFingerprint(FingerprintFault.EMPTY, "no bytes")
    if len(data) > MAX_BYTES:
        raise UnusableFingerprint(FingerprintFault.TOO_LARGE, f"{len(data)} bytes")
    if data.startswith(_FIR):
        from inspection_station.matching.fingerprint.image_record import first_picture

        return first_picture(data)
    if data.startswith(_WSQ):
        from inspection_station.matching.fingerprint.wsq_pictures import decode_wsq

        return decode_wsq(data)
    return _decode(data)


def check_size(width: int, height: int) -> None:
    """Refuse what no reader of one finger gives. Raises ``UnusableFingerprint``."""
    if max(width, height) > MAX_SIDE:
        raise UnusableFingerprint(FingerprintFault.TOO_LARGE, f"{width} x {height} pixels")
    if min(width, height) < MIN_SIDE:
        raise UnusableFingerprint(FingerprintFault.TOO_SMALL, f"{width} x {height} pixels")


def plausible_dpi(value: float | None) -> int | None:
    """A stated resolution, or None where no fingerprint reader has it."""
    return round(value) if value is not None and LEAST_DPI <= value <= MOST_DPI else None


def _decode(data: bytes) -> FingerPicture:
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit stands above
            with Pillow.open(io.BytesIO(data), formats=_FORMATS) as picture:
                check_size(picture.width, picture.height)
                dpi = _stated_dpi(picture)
                picture.load()
                return FingerPicture(_grey(picture), dpi)
    except UnusableFingerprint:
        raise
    except (MemoryError, OverflowError, Pillow.DecompressionBombError):
        raise UnusableFingerprint(FingerprintFault.TOO_LARGE, "does not fit into memory") from None
    except UnidentifiedImageError:
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "no known picture format") from None
    except Exception as fault:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        torn = any(word in str(fault).lower() for word in ("truncated", "broken data", "end of", "incomplete"))
        code = FingerprintFault.TRUNCATED if torn else FingerprintFault.NOT_A_PICTURE
        raise UnusableFingerprint(code, f"the decoder refused it ({type(fault).__name__})") from None


def _stated_dpi(picture: PillowImage) -> int | None:
    stated = picture.info.get("dpi")
    try:
        across, down = (float(value) for value in stated) if stated else (0.0, 0.0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return plausible_dpi(across) if abs(across - down) <= 2 else None


def _grey(picture: PillowImage) -> Grey:
    from PIL import Image as Pillow

    if picture.mode.startswith(("I", "F")):  # 16-bit grey: Pillow would clip it instead of scaling
        deep = np.nan_to_num(np.asarray(picture, dtype=np.float32))
        brightest = float(deep.max())  # no format says how many of the sixteen bits the reader used
        fullest = next((depth for depth in _DEPTHS if brightest <= depth), _DEPTHS[-1])
        return np.asarray(np.clip(deep * (255.0 / fullest), 0, 255), np.uint8)
    if picture.mode in ("LA", "RGBA", "PA") or "transparency" in picture.info:
        with_alpha = picture.convert("RGBA")
        white = Pillow.new("RGBA", with_alpha.size, (255, 255, 255, 255))
        return np.array(Pillow.alpha_composite(white, with_alpha).convert("L"), dtype=np.uint8)
    return np.array(picture.convert("L"), dtype=np.uint8)


def png_with_dpi(grey: Grey, dpi: int) -> bytes:
    """A PNG that states its resolution."""
    from PIL import Image as Pillow

    kept = io.BytesIO()
    Pillow.fromarray(grey).save(kept, "PNG", dpi=(dpi, dpi))
    return kept.getvalue()


def pgm(grey: Grey) -> bytes:
    """A binary PGM, for tools that want nothing else."""
    return b"P5\n%d %d\n255\n" % (grey.shape[1], grey.shape[0]) + grey.tobytes()


def is_template(data: bytes) -> bool:
    """Whether a file holds a minutiae record (ISO/IEC 19794-2, ANSI 378) rather than a picture."""
    return data.startswith(b"FMR\x00")
