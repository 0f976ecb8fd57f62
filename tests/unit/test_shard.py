"""All shards together are the long forms, and none does another's part."""

import subprocess
import sys

import pytest

from tests.running import ROOT
from tests.shard import elsewhere, shard, share

COLLECTING = """
import os, sys, pytest

class Told:
    def pytest_collection_finish(self, session):
        print(os.environ["TENSHU_TEST_SHARD"], *(item.nodeid for item in session.items), sep="|")

for name in sys.argv[1:]:
    os.environ["TENSHU_TEST_SHARD"] = name
    places = ["tests/scans/test_sqlmap.py", "tests/integration/app/audit/test_power_cuts.py"]
    pytest.main([*places, "-m", "slow", "-n0", "-qq", "--collect-only"], plugins=[Told()])
"""


def test_without_a_word_a_run_does_everything(monkeypatch):
    monkeypatch.delenv("TENSHU_TEST_SHARD", raising=False)
    assert shard() == (1, 1)
    assert [*share(5)] == [0, 1, 2, 3, 4]
    assert elsewhere(["a", "b", "a"]) == []


@pytest.mark.parametrize(("count", "of"), [(200, 20), (7, 3), (2, 20), (0, 4)])
def test_all_shards_together_do_each_turn_and_each_part_once(monkeypatch, count, of):
    parts, turns, done = [f"part {number}" for number in range(count)], [], []
    for number in range(1, of + 1):
        monkeypatch.setenv("TENSHU_TEST_SHARD", f"{number}/{of}")
        turns += share(count)
        left = elsewhere(parts)
        done += [part for part in parts if part not in left]
    assert sorted(turns) == [*range(count)]
    assert sorted(done) == sorted(parts)


@pytest.mark.parametrize("wrong", ["0/4", "5/4", "x", "1"])
def test_a_shard_that_does_not_exist_is_no_quiet_nothing(monkeypatch, wrong):
    monkeypatch.setenv("TENSHU_TEST_SHARD", wrong)
    with pytest.raises((AssertionError, ValueError)):
        shard()


def test_pytest_leaves_to_other_shards_what_is_theirs_and_divides_campaigns_in_each():
    asked = [sys.executable, "-c", COLLECTING, "1/1", "1/3", "2/3", "3/3"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line.split("|") for line in done.stdout.splitlines() if "|" in line]
    found = {name: set(tests) for name, *tests in lines}
    assert set(found) == {"1/1", "1/3", "2/3", "3/3"}, done.stdout + done.stderr
    everything = found.pop("1/1")
    divided = {name for name in everything if "power_cuts" in name}
    assert len(divided) == 1
    assert len(everything) > 10
    assert set.union(*found.values()) == everything
    assert set.intersection(*found.values()) == divided
    assert sum(len(tests) for tests in found.values()) == len(everything) + 2
