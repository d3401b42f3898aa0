"""One finger against many: a prefilter over bits for everyone, the full comparison for the best of them.

The prefilter looks at the cylinders of the clearest minutiae alone, without masks or alignment. What it lets through is
compared exactly as one to one, so the scores of candidates are those of ``matcher.compare``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from inspection_station.matching.compiled import compiled, ones
from inspection_station.matching.fingerprint.cylinders import PLANES, Bytes, Reals, Words
from inspection_station.matching.fingerprint.matcher import FingerComparison, compare
from inspection_station.matching.fingerprint.template import FingerprintTemplate

_SLOT = 36  # minutiae of a template that the prefilter looks at
_COUNTED = 9  # best ones that make the prefilter's score
_MOST_TURN = 64  # of 256
_KEPT_SHARE = 0.17
_KEPT_LEAST = 100
_ROOTS = np.sqrt(np.arange(64 * PLANES + 1)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who may be the probe's owner, best first; the officer decides."""

    identifier: str
    group: str
    comparison: FingerComparison


class FingerprintGallery:
    """Templates of several groups, held in memory. All methods may be called from any thread; a search sees the gallery
    as it was when the search began.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._entries: list[tuple[str, str, FingerprintTemplate] | None] = []
        self._bits = np.zeros((0, _SLOT, PLANES), np.uint64)
        self._turns = np.zeros((0, _SLOT), np.uint8)
        self._roots = np.zeros((0, _SLOT), np.float32)
        self._counts = np.zeros(0, np.int32)

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._slots

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(tuple(self._slots))

    def add(self, identifier: str, template: FingerprintTemplate, group: str = "") -> None:
        """Add or replace one finger. ``identifier`` is unique over all groups."""
        bits, turns, roots, count = _summary(template)
        with self._lock:
            slot = self._slots.get(identifier)
            if slot is None:
                slot = self._free.pop() if self._free else self._new_slot()
            self._bits[slot], self._turns[slot], self._roots[slot] = bits, turns, roots
            self._counts[slot] = count
            self._entries[slot] = (identifier, group, template)
            self._slots[identifier] = slot

    def remove(self, identifier: str) -> None:
        """Take one finger out. Raises KeyError where it is not in."""
        with self._lock:
            slot = self._slots.pop(identifier)
            self._counts[slot] = 0
            self._bits[slot] = 0
            self._entries[slot] = None
            self._free.append(slot)

    def remove_group(self, group: str) -> int:
        """Take a whole group out; how many there were."""
        gone = [entry[0] for entry in tuple(self._entries) if entry is not None and entry[1] == group]
        for identifier in gone:
            self.remove(identifier)
        return len(gone)

    def search(
        self,
        probe: FingerprintTemplate,
        groups: Iterable[str] | None = None,
        most: int = 10,
        kept_share: float = _KEPT_SHARE,
    ) -> list[Candidate]:
        """The ``most`` most alike of ``groups`` (None: all), best first, whatever their score.

        ``kept_share`` of the searched, at least 100, get the full comparison; 1 compares with everyone.
        """
        chosen = None if groups is None else frozenset(groups)
        bits, turns, roots, count = _summary(probe)
        with self._lock:
            if not self._slots:
                return []
            likeness = _prefilter(
                bits,
                turns,
                roots,
                count,
                self._bits,
                self._turns,
                self._roots,
                self._counts,
                len(self._entries),
                _ROOTS,
            )
            entries = list(self._entries)
        slots = np.flatnonzero(likeness >= 0)
        if chosen is not None:
            slots = np.array([slot for slot in slots if (entry := entries[slot]) and entry[1] in chosen], np.int64)
        keep = max(_KEPT_LEAST, round(len(slots) * kept_share))
        if len(slots) > keep:
            slots = slots[np.argpartition(-likeness[slots], keep - 1)[:keep]]
        found = []
        for slot in slots:
            entry = entries[slot]
            if entry is not None:
                found.append(Candidate(entry[0], entry[1], compare(probe, entry[2])))
        # scores of fingers with and without ridge flow are of different models: only their rates can be put in order
        found.sort(key=lambda one: (one.comparison.fmr, -one.comparison.score, one.identifier))
        return found[:most]

    def _new_slot(self) -> int:
        slot = len(self._entries)
        if slot == len(self._counts):
            room = max(64, slot // 2)
            self._bits = np.concatenate([self._bits, np.zeros((room, _SLOT, PLANES), np.uint64)])
            self._turns = np.concatenate([self._turns, np.zeros((room, _SLOT), np.uint8)])
            self._roots = np.concatenate([self._roots, np.zeros((room, _SLOT), np.float32)])
            self._counts = np.concatenate([self._counts, np.zeros(room, np.int32)])
        self._entries.append(None)
        return slot


def _summary(template: FingerprintTemplate) -> tuple[Words, Bytes, Reals, int]:
    """Cylinders, directions and roots of bit counts of the clearest minutiae, padded to a slot."""
    quality = template.minutiae.quality[template.order].astype(np.int32)
    clearest = np.argsort(-quality, kind="stable")[:_SLOT]
    count = len(clearest)
    bits, turns = np.zeros((_SLOT, PLANES), np.uint64), np.zeros(_SLOT, np.uint8)
    bits[:count], turns[:count] = template.bits[clearest], template.turn[clearest]
    roots = np.sqrt(np.bitwise_count(bits).sum(axis=1)).astype(np.float32)
    return bits, turns, roots, count


@compiled
def _prefilter(
    bits_a: Words, turns_a: Bytes, roots_a: Reals, count_a: int,
    bits: Words, turns: Bytes, roots: Reals, counts: npt.NDArray[np.int32], slots: int, table: Reals,
) -> Reals:  # fmt: skip
    """Mean similarity of the probe's best minutiae to anything of each entry; -1 for an empty slot."""
    likeness = np.full(slots, np.float32(-1))
    best = np.empty(_SLOT, np.float32)
    for slot in range(slots):
        count = counts[slot]
        if count == 0:
            continue
        for i in range(count_a):
            a0, a1, a2, a3, a4 = bits_a[i, 0], bits_a[i, 1], bits_a[i, 2], bits_a[i, 3], bits_a[i, 4]
            turn, root = turns_a[i], roots_a[i]
            most = np.float32(0)
            for j in range(count):
                apart = np.int8(turn - turns[slot, j])
                if apart > _MOST_TURN or apart < -_MOST_TURN:
                    continue
                differ = (
                    ones(a0 ^ bits[slot, j, 0])
                    + ones(a1 ^ bits[slot, j, 1])
                    + ones(a2 ^ bits[slot, j, 2])
                    + ones(a3 ^ bits[slot, j, 3])
                    + ones(a4 ^ bits[slot, j, 4])
                )
                alike = np.float32(1) - table[differ] / (root + roots[slot, j] + np.float32(1e-3))
                most = max(most, alike)
            best[i] = most
        ordered = np.sort(best[:count_a])
        top = min(count_a, _COUNTED)
        total = np.float32(0)
        for index in range(top):
            total += ordered[count_a - 1 - index]
        # among many minutiae something alike is found by chance more often
        likeness[slot] = total / (_COUNTED * np.float32(count) ** np.float32(0.2))
    return likeness
