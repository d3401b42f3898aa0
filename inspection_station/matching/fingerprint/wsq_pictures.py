"""WSQ, the wavelet format of fingerprint exchange (IAFIS-IC-0110), through the library ``wsq``.

The library is C code that trusts its input. What comes from outside is therefore walked segment by segment here, and
decoded in the child process that also decodes the finger pictures of chips.
"""

from __future__ import annotations

import io
import struct

import numpy as np

from inspection_station.matching.fingerprint.faults import FingerprintFault, UnusableFingerprint
from inspection_station.matching.fingerprint.finger_pictures import FingerPicture, check_size, plausible_dpi
from inspection_station.matching.fingerprint.segmentation import Grey

_START, _END, _FRAME, _BLOCK = 0xFFA0, 0xFFA1, 0xFFA2, 0xFFA3
_TABLES = (0xFFA4, 0xFFA5, 0xFFA6, 0xFFA7)  # transform, quantisation, Huffman, restart
_COMMENT = 0xFFA8
_PPI = b"PPI "


def encode_wsq(grey: Grey) -> bytes:
    """A picture as WSQ at about 15:1 (the library's 0.75 bits a pixel). Sides of at least 40 pixels."""
    import wsq  # noqa: F401  (registers itself with Pillow)
    from PIL import Image as Pillow

    check_size(grey.shape[1], grey.shape[0])
    kept = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(grey)).save(kept, "WSQ")
    return kept.getvalue()


def decode_wsq(data: bytes) -> FingerPicture:
    """Pixels and, where a comment states it, the resolution. Raises ``UnusableFingerprint``."""
    from inspection_station.documents.emrtd.errors import MalformedChipData
    from inspection_station.documents.emrtd.finger_images import Compression, FingerImage
    from inspection_station.documents.emrtd.finger_pictures import finger_pictures

    width, height, dpi = _walk(data)
    check_size(width, height)
    coded = FingerImage(0, 0, 0, width, height, 0, True, 8, Compression.WSQ, data)
    try:
        (picture,) = finger_pictures([coded])
    except MalformedChipData as refused:
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, f"the WSQ decoder refused it: {refused}") from None
    return FingerPicture(np.array(picture.pixels, dtype=np.uint8), dpi)


def _walk(data: bytes) -> tuple[int, int, int | None]:
    """Width, height and resolution; every segment must be there and whole. Raises ``UnusableFingerprint``."""
    if data[:2] != b"\xff\xa0":
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "no WSQ picture")
    if data.rfind(b"\xff\xa1") < 0:
        raise UnusableFingerprint(FingerprintFault.TRUNCATED, "the end of the WSQ picture is missing")
    at, size, dpi, seen = 2, (0, 0), None, set()
    try:
        while True:
            (marker,) = struct.unpack_from(">H", data, at)
            if marker == _BLOCK:
                break
            if marker != _FRAME and marker not in _TABLES and marker != _COMMENT:
                raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "an unknown WSQ segment")
            (length,) = struct.unpack_from(">H", data, at + 2)
            body = data[at + 4 : at + 2 + length]
            if length < 2 or len(body) != length - 2:
                raise UnusableFingerprint(FingerprintFault.TRUNCATED, "a WSQ segment is cut short")
            seen.add(marker)
            if marker == _FRAME:
                height, width = struct.unpack_from(">2xHH", body)
                size = (width, height)
            elif marker == _COMMENT:
                dpi = _comment_dpi(body) or dpi
            at += 2 + length
    except struct.error:
        raise UnusableFingerprint(FingerprintFault.TRUNCATED, "the WSQ picture is cut short") from None
    if not {_FRAME, _TABLES[0], _TABLES[1], _TABLES[2]} <= seen:
        raise UnusableFingerprint(FingerprintFault.NOT_A_PICTURE, "a WSQ table is missing")
    return size[0], size[1], dpi


def _comment_dpi(comment: bytes) -> int | None:
    """The resolution of a NISTCOM comment (lines of key and value)."""
    for line in comment.split(b"\n"):
        if line.startswith(_PPI):
            try:
                return plausible_dpi(float(line[len(_PPI) :].split()[0]))
            except (ValueError, IndexError):
                return None
    return None
