"""Pictures for a gateway of before streams: a stream is taken apart on the station, and each part goes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inspection_station.headquarters.picture_stream import Part, PartReader
from inspection_station.headquarters.ports import Reached


def send_apart(pieces: Iterator[bytes], send: Callable[[Part], Reached]) -> dict[bytes, Reached]:
    """How far each picture of the stream is after ``send`` was asked for its parts, by hash.

    As the gateway does with a stream, a part that does not begin where its picture ends there is left out. Raises what
    ``pieces`` and ``send`` raise.
    """
    reader, reached = PartReader(), dict[bytes, Reached]()
    for piece in pieces:
        for part in reader.feed(piece):
            there = reached.get(part.sha256)
            if there is None or (not there.published and there.count == part.offset):
                reached[part.sha256] = send(part)
    reader.end()
    return reached
