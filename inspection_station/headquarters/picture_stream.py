"""Pictures' bytes on the wire: many pictures in one request, each in parts that are taken in as they arrive.

A stream begins with the text ``pictures/1`` in CBOR; then parts follow one another until it ends. A part is 44 bytes of
head (hash 32, size of the whole picture, offset, length; 4 bytes each, the highest first) and ``length`` bytes. It may
break at any byte: whatever came is kept, and the next offer is told how far each picture got. Shared by the station and
the gateway; no I/O.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from inspection_station.headquarters import wire
from inspection_station.headquarters.messages import PICTURE_LIMIT

OPENING = wire.encode("pictures/1")
PART_LIMIT = 256 << 10  # bytes of one part
STREAM_LIMIT = 64 << 20  # bytes of one stream; a station ends its own long before
_HEAD = struct.Struct(">32sIII")
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True, slots=True)
class Part:
    """``data`` lies at ``offset`` of the picture with this hash, which is ``size`` bytes long. An empty part at its end
    asks for a picture that is there whole to be published.
    """

    sha256: bytes
    size: int
    offset: int
    data: bytes

    def encode(self) -> bytes:
        """On the wire."""
        return _HEAD.pack(self.sha256, self.size, self.offset, len(self.data)) + self.data


class PartReader:
    """Takes a stream apart while it arrives. Holds one part at the most."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._opened = False
        self._count = 0

    def feed(self, chunk: bytes) -> Iterator[Part]:
        """Parts that are whole now. Raises WireError at the first byte that cannot be one of ours."""
        self._count += len(chunk)
        if self._count > STREAM_LIMIT:
            raise wire.TooLarge("a stream of pictures exceeds the limit")
        self._held += chunk
        if not self._opened and not self._open():
            return
        while len(self._held) >= _HEAD.size:
            sha256, size, offset, length = self._head()
            if len(self._held) < _HEAD.size + length:
                return
            data = bytes(self._held[_HEAD.size : _HEAD.size + length])
            del self._held[: _HEAD.size + length]
            yield Part(sha256, size, offset, data)

    def rest(self) -> Part | None:
        """What came of a part that was cut; the reader holds nothing afterwards."""
        held, self._held = self._held, bytearray()
        if not self._opened or len(held) <= _HEAD.size:
            return None
        sha256, size, offset, length = _HEAD.unpack_from(held)
        if not _sound(size, offset, length):
            return None
        return Part(sha256, size, offset, bytes(held[_HEAD.size :]))

    def end(self) -> None:
        """The stream ended in good order. Raises Malformed where it did not end behind a part."""
        if self._held or not self._opened:
            raise wire.Malformed("a stream of pictures ends within a part")

    def _open(self) -> bool:
        begun = bytes(self._held[: len(OPENING)])
        if not OPENING.startswith(begun):
            if len(begun) == len(OPENING) and begun[1:].startswith(b"pictures/"):
                raise wire.UnknownVersion("a stream of a version that this program does not know")
            raise wire.Malformed("not a stream of pictures")
        if len(begun) < len(OPENING):
            return False
        del self._held[: len(OPENING)]
        self._opened = True
        return True

    def _head(self) -> tuple[bytes, int, int, int]:
        sha256, size, offset, length = _HEAD.unpack_from(self._held)
        if length > PART_LIMIT or size > PICTURE_LIMIT:
            raise wire.TooLarge("a part or its picture exceeds the limit")
        if not _sound(size, offset, length):
            raise wire.Malformed("a part does not lie within its picture")
        return sha256, size, offset, length


def _sound(size: int, offset: int, length: int) -> bool:
    return 1 <= size <= PICTURE_LIMIT and length <= PART_LIMIT and offset + length <= size
