"""A version of the program as a pack: its files, and what they must be. Shared by station and gateway.

Part ``release.json``: the version, and the SHA-256 of every other part. The role of the kind signs the pack as a whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PART: Final = "release.json"
_VERSION: Final = re.compile(r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){1,3}")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


class MalformedRelease(ValueError):
    """A pack that is no version of the program."""


@dataclass(frozen=True, slots=True)
class Release:
    """``files``: SHA-256 (hex) by plain file name."""

    version: str
    files: Mapping[str, str]

    def newer_than(self, running: str) -> bool:
        """Whether it comes after the version that runs; what runs under another kind of version is left alone."""
        return bool(_VERSION.fullmatch(running)) and _order(self.version) > _order(running)


def release_parts(version: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts of a pack. Raises ``MalformedRelease``."""
    told = {"version": version, "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}
    parts = {**files, PART: json.dumps(told, sort_keys=True).encode()}
    release_of(parts)
    return parts


def release_of(parts: Mapping[str, bytes]) -> Release:
    """What ``release_parts`` wrote: every file that is named, as named, and no other. Raises ``MalformedRelease``."""
    try:
        told: Any = json.loads(parts[PART])
        version, files = told["version"], dict(told["files"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise MalformedRelease("a release that does not say what it is") from None
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise MalformedRelease("a version is two to four numbers with full stops between")
    if not files or any(not _FILE.fullmatch(name) or name == PART for name in files):
        raise MalformedRelease("a release holds files of plain names")
    if files.keys() != parts.keys() - {PART}:
        raise MalformedRelease("a release names every file, and none that is missing")
    if any(hashlib.sha256(parts[name]).hexdigest() != digest for name, digest in files.items()):
        raise MalformedRelease("a file is another than it is named")
    return Release(version, files)


def require_release(parts: Mapping[str, bytes]) -> None:
    """Raises ``MalformedRelease``."""
    release_of(parts)


def _order(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
