"""Which part of the long forms a run does: `TENSHU_TEST_SHARD=2/60` is the second of sixty.

Without it, all of them. A long test (`slow`) is one part and belongs to one shard, but for those
that are `divided`: they run in each, and take their share of a campaign there. So a part takes
two minutes at most on a busy machine: what takes longer is cut into parts by its parameters.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

Part = TypeVar("Part")


def shard() -> tuple[int, int]:
    """Return the number of this run's shard, from 1, and of how many it is."""
    number, of = map(int, os.environ.get("TENSHU_TEST_SHARD", "1/1").split("/"))
    assert 1 <= number <= of, "TENSHU_TEST_SHARD"
    return number, of


def share(count: int) -> range:
    """Return which of a campaign's `count` turns are done in this shard."""
    number, of = shard()
    return range(number - 1, count, of)


def elsewhere(parts: Sequence[Part]) -> list[Part]:
    """Return the parts that other shards do."""
    mine = set(share(len(parts)))
    return [part for position, part in enumerate(parts) if position not in mine]
