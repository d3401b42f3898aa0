"""Names onto the medium: a file that was made or renamed outlasts a power cut once its folder was waited for."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def make_names_durable(folder: Path) -> None:
    """Wait until the names in the folder are on the medium. Raises OSError.

    Windows keeps them durable by itself, and so, as far as anybody can, do file systems that refuse to be asked.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
