"""Whatever is sent to the agent, it answers by its contract, acts by its table, and stays small."""

import importlib.util
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.contract.table import TABLE
from tests.fuzz_agent import Agent, said
from tests.running import ROOT
from tests.shard import shard, share

REQUESTS = 1_000_000
"""Of the long form, over all shards."""


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with Agent.silent() as found:
        yield found


@settings(max_examples=100)
@given(chance=st.randoms(use_true_random=False))
def test_calls_that_nearly_fit_do_nothing_but_what_the_table_says(
    agent: Agent, chance: random.Random
) -> None:
    agent.send(said(chance))
    assert set(agent.handlers.called) <= TABLE.keys()


@settings(max_examples=100)
@given(data=st.binary(max_size=200))
def test_bytes_are_answered_or_the_connection_ends(agent: Agent, data: bytes) -> None:
    agent.send(data)
    agent.send(data + b"\0")


@pytest.mark.parametrize(
    "text", [b'"\x97"', b"1e999", b"[" * 5000, b'{"a":1,"a":2}', b"\xed\xa0\x80"]
)
def test_what_json_is_not_or_hardly_is_refused_as_malformed(agent: Agent, text: bytes) -> None:
    (answer,) = agent.send(b'{"method":"a","parameters":' + text + b"}\0") or [{}]
    assert answer.get("error", "").endswith(("Fault", "InterfaceNotFound"))


def test_the_fuzzer_reaches_the_actions_themselves() -> None:
    with Agent.silent() as fresh:
        for seed in range(400):
            fresh.send(said(random.Random(seed)))
        assert len(set(fresh.handlers.called)) > len(TABLE) / 3


@pytest.mark.slow  # a million requests over all shards
@pytest.mark.divided
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("how", ["tests.fuzz_agent", "tests.fuzz_by_coverage"])
def test_a_million_requests_crash_nothing_and_leave_the_agent_small(
    how: str, tmp_path: Path
) -> None:
    if how.endswith("coverage") and not importlib.util.find_spec("atheris"):
        pytest.skip("atheris is not built for this Python or machine")
    number, _ = shard()
    command = [sys.executable, "-m", how, str(len(share(REQUESTS))), str(number)]
    told = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,  # what led to a fault is written there
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert told.returncode == 0, told.stdout[-1000:] + told.stderr[-3000:]
