"""Headquarters' log as a hash tree (RFC 6962, section 2.1), pure: head, growth, and the proof that it only grew.

Whoever kept a head (size and root) can be shown that a later head contains everything it stood for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

EMPTY = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""``(level, index)`` → hash of the whole subtree over leaves ``index·2^level`` up to ``(index+1)·2^level``."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the hashes of its whole subtrees, largest first; all that growing needs."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The tree's head."""
        if not self.peaks:
            return EMPTY
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def grown(self, leaves: Iterable[bytes]) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
        """The frontier after more leaf hashes, and the whole subtrees that were closed: (level ≥ 1, index, hash)."""
        size, peaks = self.size, list(self.peaks)
        closed: list[tuple[int, int, bytes]] = []
        for leaf in leaves:
            node, level, index = leaf, 0, size
            while index & 1:
                node, level, index = node_hash(peaks.pop(), node), level + 1, index >> 1
                closed.append((level, index, node))
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks)), closed


def root_at(size: int, subtree: Subtree) -> bytes:
    """The head that a tree had at ``size``."""
    return EMPTY if size == 0 else _range_root(0, size, subtree)


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Hashes that lead from the head at ``old`` to the one at ``new`` (RFC 6962, 2.1.2). 0 ≤ old ≤ new."""
    if old in (0, new):
        return []
    return _proof(old, 0, new, True, subtree)


def _proof(old: int, start: int, size: int, whole: bool, subtree: Subtree) -> list[bytes]:
    if old == size:
        return [] if whole else [_range_root(start, size, subtree)]
    split = _split(size)
    if old <= split:
        return [*_proof(old, start, split, whole, subtree), _range_root(start + split, size - split, subtree)]
    return [*_proof(old - split, start + split, size - split, False, subtree), _range_root(start, split, subtree)]


def _range_root(start: int, size: int, subtree: Subtree) -> bytes:
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtree(level, start >> level)
    split = _split(size)
    return node_hash(_range_root(start, split, subtree), _range_root(start + split, size - split, subtree))


def _split(size: int) -> int:
    """Largest power of two below ``size`` ≥ 2."""
    return 1 << ((size - 1).bit_length() - 1)


def grew_from(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether the proof shows that the tree at ``new`` begins with the tree at ``old``. Never raises."""
    if old == new:
        return old_root == new_root and not proof
    if old == 0:
        return not proof and old_root == EMPTY
    if old > new:
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, node)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
