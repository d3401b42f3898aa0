"""Where fonts, tables, themes and translations lie: beside the checkout, inside the wheel, or in a frozen program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """Path of a shipped file. Raises FileNotFoundError naming the file when the installation is incomplete."""
    for root in _roots():
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"resource missing from this installation: {'/'.join(parts)}")


def _roots() -> list[Path]:
    roots = [_HERE / "_resources", _HERE.parent / "resources"]
    if override := os.environ.get("STATION_RESOURCES"):
        roots.insert(0, Path(override))
    if bundle := getattr(sys, "_MEIPASS", None):
        roots.insert(0, Path(bundle) / "resources")
    return roots
