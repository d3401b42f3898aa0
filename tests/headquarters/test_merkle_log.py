"""The log's hash tree against a plain definition of it."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from inspection_station.headquarters.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    grew_from,
    leaf_hash,
    node_hash,
    root_at,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(200)]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


def subtree(level: int, index: int) -> bytes:
    return plain_root(LEAVES[index << level : (index + 1) << level])


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_tree_grown_in_two_steps_has_the_root_of_all_its_leaves(first: int, second: int) -> None:
    size = max(first, second)
    frontier, _ = Frontier().grown(LEAVES[: min(first, second)])
    frontier, _ = frontier.grown(LEAVES[min(first, second) : size])
    assert frontier.root == plain_root(LEAVES[:size]) == root_at(size, subtree)
    assert len(frontier.peaks) == size.bit_count()


def test_every_whole_subtree_is_told_once_when_it_closes() -> None:
    _, closed = Frontier().grown(LEAVES[:64])
    assert {(level, index) for level, index, _ in closed} == {
        (level, index) for level in range(1, 7) for index in range(64 >> level)
    }
    assert all(digest == subtree(level, index) for level, index, digest in closed)


@given(st.integers(0, 200), st.integers(0, 200))
def test_growth_is_proven(one: int, other: int) -> None:
    old, new = sorted((one, other))
    proof = consistency_proof(old, new, subtree)
    assert grew_from(old, root_at(old, subtree), new, root_at(new, subtree), proof)
    assert len(proof) <= 2 * 8


@settings(max_examples=300)
@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_no_false_growth_is_proven(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    proof = consistency_proof(old, new, subtree)
    old_root, new_root = root_at(old, subtree), root_at(new, subtree)
    wrong = data.draw(st.binary(min_size=32, max_size=32))
    if wrong != old_root:
        assert not grew_from(old, wrong, new, new_root, proof)
    if wrong != new_root:
        assert not grew_from(old, old_root, new, wrong, proof)
    assert not grew_from(old, old_root, new, new_root, [*proof, wrong])
    if proof:
        assert not grew_from(old, old_root, new, new_root, proof[:-1])


def test_everything_grew_from_nothing() -> None:
    assert grew_from(0, EMPTY, 5, root_at(5, subtree), [])
    assert not grew_from(0, bytes(32), 5, root_at(5, subtree), [])
    assert not grew_from(5, root_at(5, subtree), 3, root_at(3, subtree), [])
