"""Installed face groups and history photographs in use: sealed anew under the station's key, where the gallery reads.

What a pack brought is taken away when the pack is withdrawn; groups that were installed by hand are left alone.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from threading import Lock

from inspection_station.headquarters.packs import PackKind, PackLabel, PackRefused
from inspection_station.headquarters.packs_vault import PackVault
from inspection_station.matching.face_installation import group_file
from inspection_station.matching.face_parts import MalformedFaces, install_group, install_history
from inspection_station.matching.portrait_pack import history_file, portraits_file
from inspection_station.whole_file import replace_file

log = logging.getLogger(__name__)

_MARK = "from-packs.json"


class InstalledFaces:
    """Keeps ``folder`` (``face_installation``) at the installed packs. ``key``: of the station's face packs."""

    def __init__(self, vault: PackVault, folder: Path, key: bytes) -> None:
        self._vault, self._folder, self._key = vault, folder, key
        self._lock = Lock()

    def look(self) -> bool:
        """Take what is installed now; whether anything changed. Raises nothing of a pack's."""
        with self._lock:
            try:
                labels = self._vault.labels(PackKind.FACE_GROUP) + self._vault.labels(PackKind.HISTORY_PHOTOGRAPHS)
                before = self._marked()
            except (PackRefused, OSError) as fault:
                log.error("the installed packs cannot be read", extra={"code": getattr(fault, "code", "PCK-01")})
                return False
            after = {}
            for label in labels:
                told = _told(label)
                if before.get(_place(label)) == told or self._taken(label):
                    after[_place(label)] = told
            for place in before.keys() - {_place(label) for label in labels}:
                self._remove(place)
            if after == before:
                return False
            replace_file(self._folder / _MARK, json.dumps(after, sort_keys=True).encode())
            return True

    def _taken(self, label: PackLabel) -> bool:
        try:
            parts = self._vault.content(label)
            if label.kind is PackKind.FACE_GROUP:
                install_group(
                    parts, self._folder, self._key, label.name, label.version, label.issued_at, label.valid_until
                )
            else:
                install_history(parts, self._folder, self._key, label.version, label.issued_at, label.valid_until)
        except (PackRefused, MalformedFaces, OSError, ValueError) as fault:
            log.error("a pack of faces cannot be used: %s", type(fault).__name__, extra={"kind": label.kind.value})
            return False
        return True

    def _remove(self, place: str) -> None:
        kind, _, name = place.partition("/")
        if kind == PackKind.FACE_GROUP.value:
            group_file(self._folder, name).unlink(missing_ok=True)
            portraits_file(self._folder, name).unlink(missing_ok=True)
        else:
            history_file(self._folder).unlink(missing_ok=True)

    def _marked(self) -> dict[str, str]:
        try:
            found = json.loads((self._folder / _MARK).read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return {str(place): str(told) for place, told in found.items()} if isinstance(found, dict) else {}


def _place(label: PackLabel) -> str:
    return f"{label.kind.value}/{label.name}"


def _told(label: PackLabel) -> str:
    return f"{label.version} {label.digest.hex()}"
