"""A file system of some megabytes, to be filled to the last byte."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """``size`` as tmpfs takes it. Skips where this machine does not let us."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root on Linux")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let a file system be mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, name: str = "ballast") -> Path:
    """Take all the space there is."""
    ballast = folder / name
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast
