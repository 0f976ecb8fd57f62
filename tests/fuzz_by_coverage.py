"""The agent fuzzed by coverage: `python -m tests.fuzz_by_coverage RUNS SEED`, with atheris.

Ends with 1, and with what was sent, at the first thing that must not be.
"""

import random
import sys

import atheris

with atheris.instrument_imports(include=["appliance.agent", "appliance.contract"]):
    from tests.fuzz_agent import Agent, said

SMALL = 4096
"""Bytes that a connection says at most: what is large is one test of its own."""


def change(data: bytes, most: int, seed: int) -> bytes:
    """Change what was sent, as libFuzzer asks: at times by something that is nearly a call."""
    chance = random.Random(seed)
    if chance.random() < 0.2:
        return said(chance)[:most]
    return atheris.Mutate(data, most)


if __name__ == "__main__":
    runs, seed = map(int, sys.argv[1:])
    options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={SMALL}", "-rss_limit_mb=1024"]
    with Agent.silent() as agent:
        atheris.Setup([sys.argv[0], *options], agent.send, custom_mutator=change)
        atheris.Fuzz()
