"""Stretches of the history: read a batch at a time, as long as they may be."""

import pytest

from app.audit import stretch
from app.audit.merkle import Forest, leaf_hash
from app.audit.store import reading
from tests.unit.app.audit.trail import Trail


@pytest.fixture
def many(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> Trail:
    monkeypatch.setattr(stretch, "AT_ONCE", 4)
    trail.add(19)
    return trail


def test_subtrees_over_many_batches_are_those_of_the_whole_tree_METI_37(many: Trail) -> None:
    hashed: list[int] = []
    with reading(many.folder) as connection:
        assert stretch.size_of(connection) == 20
        leaves = [leaf_hash(each.content) for each in stretch.raw_events(connection, 0, 20)]
        roots = list(stretch.subtrees(connection, 0, 20, iter([4, 2]), hashed.append))
        assert list(stretch._leaves(connection, 3, 17)) == leaves[3:17]
        assert list(stretch._leaves(connection, 3, 3)) == []
    forest = Forest(leaves)
    assert roots == [forest.root(0, 16), forest.root(16, 20)]
    assert sum(hashed) == 20


def test_an_event_comes_with_its_values_whatever_batch_it_stands_in_METI_37(many: Trail) -> None:
    with reading(many.folder) as connection:
        found = list(stretch.raw_events(connection, 1, 20))
    assert [each.position for each in found] == list(range(1, 20))
    assert {len(each.parts) for each in found} == {2}
