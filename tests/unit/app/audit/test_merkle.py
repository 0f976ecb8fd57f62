"""RFC 6962 and 9162, with the published vectors and with every small tree."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.merkle import (
    EMPTY_ROOT,
    Forest,
    Tree,
    frontier_at,
    is_frontier_of,
    leaf_hash,
    levels_of,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(min_value=1, max_value=200)


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def defined_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_published_vectors_F5(size: int) -> None:
    tree = Tree()
    tree.extend(leaf_hash(leaf) for leaf in LEAVES[:size])
    assert tree.root.hex() == ROOTS[size]
    assert Forest([leaf_hash(leaf) for leaf in LEAVES[:size]]).root().hex() == ROOTS[size]


@given(SIZES)
def test_every_way_to_build_a_tree_ends_in_the_root_of_the_definition(size: int) -> None:
    leaves = hashes(size)
    grown = Tree()
    for leaf in leaves:
        grown.append(leaf)
    assert grown.root == Forest(leaves).root() == defined_root(leaves)
    assert root_of(frontier_at(levels_of(leaves), size)) == grown.root
    assert is_frontier_of(grown.frontier, size, grown.root)


@given(SIZES, st.data())
def test_a_tree_goes_on_from_its_frontier_alone(size: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(min_value=0, max_value=size))
    leaves = hashes(size)
    first = Tree()
    first.extend(leaves[:cut])
    second = Tree(first.size, first.frontier)
    second.extend(leaves[cut:])
    assert second.root == defined_root(leaves)
    assert first.copy().root == first.root


def test_a_subtree_stands_only_where_it_fits() -> None:
    tree = Tree()
    tree.append(hashes(1)[0])
    with pytest.raises(ValueError, match="does not fit"):
        tree.append_subtree(hashes(1)[0], 1)
    with pytest.raises(ValueError, match="no frontier"):
        Tree(3, hashes(1))


def test_an_empty_range_has_the_empty_root() -> None:
    assert Forest([]).root() == EMPTY_ROOT
    assert Forest(hashes(2)).root(1, 1) == EMPTY_ROOT


@given(SIZES, st.data())
def test_an_inclusion_proof_holds_for_its_event_and_nothing_else_F5(
    size: int, data: st.DataObject
) -> None:
    position = data.draw(st.integers(min_value=0, max_value=size - 1))
    leaves, forest = hashes(size), Forest(hashes(size))
    root, path = forest.root(), forest.inclusion(position)
    assert verify_inclusion(leaves[position], position, size, root, path)
    assert not verify_inclusion(leaf_hash(b"other"), position, size, root, path)
    assert not verify_inclusion(leaves[position], position, size, leaf_hash(b"other"), path)
    assert not verify_inclusion(leaves[position], size, size, root, path)
    assert not verify_inclusion(leaves[position], position, size, root, [*path, root])
    for place in range(len(path)):
        assert not verify_inclusion(
            leaves[position], position, size, root, path[:place] + path[place + 1 :]
        )
    for other in range(size):
        assert (other == position) == verify_inclusion(leaves[position], other, size, root, path)


@given(SIZES, st.data())
def test_a_consistency_proof_holds_for_its_prefix_and_nothing_else_F5(
    size: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(min_value=0, max_value=size))
    forest, other = Forest(hashes(size)), leaf_hash(b"other")
    old_root, root, path = Forest(hashes(old)).root(), forest.root(), forest.consistency(old)
    assert verify_consistency(old, old_root, size, root, path)
    assert not verify_consistency(old, other, size, root, path)
    assert not verify_consistency(old, old_root, size, root, [*path, other])
    if 0 < old < size:
        assert not verify_consistency(old, old_root, size, other, path)
        assert not verify_consistency(old, old_root, size, root, path[:-1])
        assert not verify_consistency(size, root, old, old_root, path)
        assert not verify_consistency(old, old_root, size, root, [])


def test_a_longer_proof_than_the_tree_is_deep_is_refused() -> None:
    leaves = hashes(2)
    root = Forest(leaves).root()
    assert not verify_inclusion(leaves[0], 0, 2, root, [leaves[1]] * 70)
    assert not verify_consistency(1, leaves[0], 2, root, [leaves[1]] * 70)
