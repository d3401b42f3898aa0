"""Files that stand under their name whole or not at all, for this user alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from inspection_station.durable_names import make_names_durable


def private_folder(folder: Path) -> None:
    """Make a folder for this user alone, and those above it that are missing: Path.mkdir leaves these open to all."""
    for place in reversed((folder, *folder.parents)):
        if not place.exists():
            place.mkdir(exist_ok=True, mode=0o700)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """What is written in the block takes the place of ``path`` when the block ends, and outlasts a power cut from then
    on; an exception in the block leaves everything as before. Makes the folder. Raises OSError.
    """
    private_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        make_names_durable(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def replace_file(path: Path, data: bytes) -> None:
    """See ``whole_file``."""
    with whole_file(path) as file:
        file.write(data)
