"""Takes in a stream of pictures part by part, without the web."""

from __future__ import annotations

from collections.abc import Iterator

from inspection_station.gateway.pictures import OtherOffset, PictureStore
from inspection_station.headquarters.picture_stream import Part, PartReader
from inspection_station.headquarters.ports import Reached


class PictureIntake:
    """One stream. ``reached`` tells of each of its pictures, by hash, how much of it is here."""

    def __init__(self, pictures: PictureStore) -> None:
        self._pictures = pictures
        self._reader = PartReader()
        self.reached: dict[bytes, Reached] = {}

    def parts(self, chunk: bytes) -> Iterator[Part]:
        """What is to be kept of these bytes and those before. Raises WireError."""
        return self._reader.feed(chunk)

    def keep(self, part: Part) -> None:
        """Append a part where it belongs; one that belongs elsewhere is left out, and the true offset told."""
        try:
            self.reached[part.sha256] = self._pictures.append(part.sha256, part.size, part.offset, part.data)
        except OtherOffset as other:
            self.reached[part.sha256] = other.reached

    def keep_rest(self) -> None:
        """The stream broke: what came of its last part counts, too."""
        if (part := self._reader.rest()) is not None:
            self.keep(part)

    def end(self) -> None:
        """The stream says that it is over. Raises Malformed within a part, which is kept as far as it came."""
        try:
            self._reader.end()
        finally:
            self.keep_rest()
