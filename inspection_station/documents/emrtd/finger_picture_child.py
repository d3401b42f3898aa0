"""Pictures from standard input (each behind its length, four bytes) to grey bytes on standard output. Run by
``finger_pictures`` in a process of its own, whose memory is bounded where the system can do so.
"""

from __future__ import annotations

import io
import sys
from typing import BinaryIO, Final

MEMORY_BYTES: Final = 1 << 30
_FORMATS: Final = ("WSQ", "JPEG", "JPEG2000", "PNG", "PPM")


def grey(image: bytes) -> bytes:
    """A byte a pixel, rows from the top; raises whatever the decoder does for a picture that is none."""
    import wsq  # noqa: F401  registers its format
    from PIL import Image

    with Image.open(io.BytesIO(image), formats=_FORMATS) as picture:
        return picture.convert("L").tobytes()


def serve(sent: BinaryIO, told: BinaryIO) -> None:
    """Every picture that is sent, until the end."""
    while header := sent.read(4):
        told.write(grey(sent.read(int.from_bytes(header, "big"))))


def limit_memory() -> None:
    """An endless picture is an error of this process, not of the machine. Windows has no such limit."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    limit_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer)
