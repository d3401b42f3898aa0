"""What lies on a disk that loses, and what of it is on the medium: the memory behind ``losing_disk``."""

from __future__ import annotations

import random
import stat
from dataclasses import dataclass, field
from pathlib import Path

_SECTOR = 512
ROOT = 1


@dataclass
class _Node:
    """A file or folder. ``medium``: what is safe of a file; ``pending``: (offset, bytes) or a new length since then."""

    mode: int
    data: bytearray = field(default_factory=bytearray)
    medium: bytes = b""
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


@dataclass
class _Change:
    """What became of a name: ``node`` None: it is gone. ``moved_from``: folder and name that it had, given up in the
    same act. ``safe``: it is on the medium.
    """

    folder: int
    name: str
    node: int | None
    moved_from: tuple[int, str] | None = None
    safe: bool = False


class Tree:
    """The contents, and what of them is on the medium."""

    def __init__(self) -> None:
        self.nodes: dict[int, _Node] = {ROOT: _Node(stat.S_IFDIR | 0o755)}
        self.changes: list[_Change] = []
        self.gone = False
        self.synced_at = 0  # changes of names that any ``fsync`` came after
        self._next = ROOT + 1
        self._before: dict[int, dict[str, int]] = {ROOT: {}}

    def load(self, base: Path, into: int = ROOT) -> None:
        """Take over what lies in a plain folder, all of it on the medium."""
        for path in sorted(base.iterdir()):
            mode = path.stat().st_mode
            number = self._new(_Node(mode))
            if path.is_dir():
                self.load(path, number)
            else:
                self.nodes[number].medium = path.read_bytes()
                self.nodes[number].data = bytearray(self.nodes[number].medium)
            self.nodes[into].names[path.name] = number
        self._before = {number: dict(node.names) for number, node in self.nodes.items() if node.folder}

    def _new(self, node: _Node) -> int:
        self.nodes[self._next] = node
        self._next += 1
        return self._next - 1

    def add(self, folder: int, name: str, mode: int) -> int:
        number = self._new(_Node(mode))
        self.name(folder, name, number)
        return number

    def name(self, folder: int, name: str, node: int | None, moved_from: tuple[int, str] | None = None) -> None:
        change = _Change(folder, name, node, moved_from)
        _apply(change, self.nodes[folder].names, self.nodes[moved_from[0]].names if moved_from else {})
        self.changes.append(change)

    def write(self, number: int, offset: int, content: bytes) -> None:
        node = self.nodes[number]
        if len(node.data) < offset:
            node.data.extend(bytes(offset - len(node.data)))
        node.data[offset : offset + len(content)] = content
        node.pending.append((offset, content))

    def resize(self, number: int, size: int) -> None:
        node = self.nodes[number]
        del node.data[size:]
        node.data.extend(bytes(size - len(node.data)))
        node.pending.append(size)

    def sync(self, number: int) -> None:
        """``fsync`` of a file or folder."""
        node = self.nodes[number]
        if not node.folder:
            node.medium, node.pending = bytes(node.data), []
        self.synced_at = len(self.changes)
        for change in self.changes:
            if change.folder == number or (change.moved_from is not None and change.moved_from[0] == number):
                change.safe = True

    def survivors(self, chance: random.Random, strict: bool) -> dict[str, bytes | None]:
        """What a cut leaves, by path; None for a folder."""
        if strict:  # each by itself
            kept = [change for change in self.changes if change.safe or chance.random() < 0.5]
        else:  # in order, up to some point
            kept = self.changes[: chance.randint(self.synced_at, len(self.changes))]
        names = {number: dict(listed) for number, listed in self._before.items()}
        for change in kept:
            before = names.setdefault(change.moved_from[0], {}) if change.moved_from else {}
            _apply(change, names.setdefault(change.folder, {}), before)
        found: dict[str, bytes | None] = {}
        seen: set[int] = set()

        def walk(number: int, path: str) -> None:
            for name, child in names.get(number, {}).items():
                if child in seen:
                    continue
                seen.add(child)
                node, where = self.nodes[child], f"{path}{name}"
                found[where] = None if node.folder else self._content(node, chance)
                walk(child, f"{where}/")

        walk(ROOT, "")
        return found

    def _content(self, node: _Node, chance: random.Random) -> bytes:
        content = bytearray(node.medium)
        how = chance.choice(("none", "all", "some", "some"))
        for write in node.pending:
            if how == "none" or (how == "some" and chance.random() < 0.5):
                continue
            if isinstance(write, int):
                del content[write:]
                content.extend(bytes(write - len(content)))
                continue
            offset, part = write
            if how == "some" and chance.random() < 0.4:  # torn at a sector of the medium
                sectors = max(0, (offset + len(part)) // _SECTOR - offset // _SECTOR)
                end = (offset // _SECTOR + chance.randint(0, sectors)) * _SECTOR - offset
                part = part[: max(0, end)]
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(part)] = part
        return bytes(content)


def _apply(change: _Change, folder: dict[str, int], before: dict[str, int]) -> None:
    if change.moved_from is not None:
        before.pop(change.moved_from[1], None)
    if change.node is None:
        folder.pop(change.name, None)
    else:
        folder[change.name] = change.node
