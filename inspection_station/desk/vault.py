"""Pictures of the inspection in hand with their templates, in memory only. The store gets the pictures at sealing, if
article 91 allows; a template goes nowhere and is dropped with its picture.

Nothing here touches the disk: a crash loses the pictures and the step is taken again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from threading import Lock

from inspection_station.inspection.document import BlobRef


class Vault:
    """Bytes by content. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes: dict[str, bytes] = {}
        self._templates: dict[str, object] = {}

    def put(self, data: bytes, media_type: str, template: object | None = None) -> BlobRef:
        """Keep bytes, and the template made with them, and give their reference."""
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._bytes[digest] = data
            if template is not None:
                self._templates[digest] = template
        return BlobRef(digest, media_type, len(data))

    def get(self, ref: BlobRef) -> bytes | None:
        """The bytes, or None when they are gone (crash, article 91)."""
        with self._lock:
            return self._bytes.get(ref.sha256)

    def template(self, ref: BlobRef) -> object | None:
        """The template kept with a picture, or None."""
        with self._lock:
            return self._templates.get(ref.sha256)

    def forget(self, refs: Iterable[BlobRef]) -> None:
        """Drop some."""
        with self._lock:
            for ref in refs:
                self._bytes.pop(ref.sha256, None)
                self._templates.pop(ref.sha256, None)

    def keep_only(self, refs: Iterable[BlobRef]) -> None:
        """Drop everything else."""
        wanted = {ref.sha256 for ref in refs}
        with self._lock:
            self._bytes = {digest: data for digest, data in self._bytes.items() if digest in wanted}
            self._templates = {digest: made for digest, made in self._templates.items() if digest in wanted}

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._bytes.clear()
            self._templates.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._bytes)
