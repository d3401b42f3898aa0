"""What is published, in the form in which a station looks at what is installed: the same code reads both."""

from __future__ import annotations

from threading import Lock

from inspection_station.gateway.pack_repository import PackRepository
from inspection_station.headquarters.packs import PackKind, PackLabel


class PublishedPacks:
    """Implements ``packs.PackShelf`` over a repository. Costs one look at one file while nothing was published."""

    def __init__(self, repository: PackRepository) -> None:
        self._repository = repository
        self._mark: tuple[int, int, int] | None = None
        self._labels: tuple[PackLabel, ...] = ()
        self._lock = Lock()

    def labels(self, kind: PackKind | None = None) -> tuple[PackLabel, ...]:
        """Newest version of every pack; nothing where there is no repository. Raises RepositoryUnusable, OSError."""
        with self._lock:
            mark = self._repository.mark()
            if mark is None:
                return ()
            if mark != self._mark:
                self._labels, self._mark = self._repository.labels(), mark
            return tuple(label for label in self._labels if kind in (None, label.kind))

    def content(self, label: PackLabel) -> dict[str, bytes]:
        """Raises PackRefused, RepositoryUnusable, OSError."""
        return self._repository.content(label)
