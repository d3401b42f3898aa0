"""Pictures of the traveller, decoded off the GUI thread and forgotten when the traveller goes.

JPEG 2000 portraits take tens of milliseconds: one worker thread decodes, the screen is told by a queued signal.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from PIL import Image, UnidentifiedImageError
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from inspection_station.inspection.document import BlobRef

LARGEST_PIXELS = 40_000_000  # a picture that claims more is not decoded
LONGEST_SIDE = 1600  # px; more is never shown

_log = logging.getLogger(__name__)


class PictureUnreadable(ValueError):
    """Bytes that are no picture, or a picture too large to open."""


def decode(content: bytes) -> QImage:
    """Decode JPEG, JPEG 2000 or PNG into a picture of at most 1600 px. Raises PictureUnreadable."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "JPEG2000", "PNG")) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise PictureUnreadable("picture too large")
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            plain = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureUnreadable(type(error).__name__) from error
    data = plain.tobytes()
    return QImage(data, plain.width, plain.height, 3 * plain.width, QImage.Format.Format_RGB888).copy()


class PictureStore(QObject):
    """Decoded pictures of the traveller on the screen, by content."""

    arrived = Signal()

    def __init__(self, fetch: Callable[[BlobRef], bytes | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._lock = Lock()
        self._decoded: dict[str, QImage | None] = {}
        self._asked: set[str] = set()
        self._generation = 0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="pictures")

    def get(self, ref: BlobRef) -> QImage | None:
        """The picture, or None while it is being decoded or when it cannot be."""
        with self._lock:
            if ref.sha256 in self._decoded or ref.sha256 in self._asked:
                return self._decoded.get(ref.sha256)
            self._asked.add(ref.sha256)
            generation = self._generation
        self._worker.submit(self._load, ref, generation)
        return None

    def unreadable(self, ref: BlobRef) -> bool:
        """Whether the picture was tried and cannot be shown."""
        with self._lock:
            return ref.sha256 in self._decoded and self._decoded[ref.sha256] is None

    def load_now(self, ref: BlobRef) -> None:
        """Decode on this thread (screenshots); the screen itself never does."""
        with self._lock:
            if ref.sha256 in self._decoded:
                return
            self._asked.add(ref.sha256)
            generation = self._generation
        self._load(ref, generation)

    def forget(self) -> None:
        """Drop every picture: the traveller is gone."""
        with self._lock:
            self._generation += 1
            self._decoded.clear()
            self._asked.clear()

    def close(self) -> None:
        """End the worker and drop everything."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self.forget()

    def _load(self, ref: BlobRef, generation: int) -> None:
        content = self._fetch(ref)
        picture: QImage | None = None
        if content is not None:
            try:
                picture = decode(content)
            except PictureUnreadable as error:
                _log.warning("picture of %d bytes (%s) cannot be shown: %s", ref.size, ref.media_type, error)
        with self._lock:
            if generation != self._generation:
                return
            self._decoded[ref.sha256] = picture
            self._asked.discard(ref.sha256)
        self.arrived.emit()


def connect_queued(store: PictureStore, slot: Callable[[], None]) -> None:
    """Deliver ``arrived`` on the GUI thread whatever thread decoded."""
    store.arrived.connect(slot, Qt.ConnectionType.QueuedConnection)
