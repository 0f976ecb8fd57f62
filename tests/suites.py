"""Run the suites of budget.toml: `python tests/suites.py [--long] [SUITE …]`.

Every suite runs, also after a failed one. Exit code 1 if one failed or took longer than it may.
"""

# ruff: noqa: T201 - this program speaks to the person in front of it

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment(suite: dict, measured: bool) -> dict[str, str]:
    """Return what the suite's processes get; measured ones write their coverage to one place."""
    found = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        **suite.get("environment", {}),
    }
    # thousands of processes load the same modules, and pytest rewrites each test file: once
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    if "shards" in suite:
        found["TENSHU_TEST_SHARD"] = shard(suite["shards"])
    if measured:
        found["COVERAGE_PROCESS_START"] = str(ROOT / "pyproject.toml")
        found["COVERAGE_FILE"] = str(ROOT / ".coverage")
    return found


def shard(shards: int) -> str:
    """Return which part of the long forms this commit runs, `3/8`: over the commits, all."""
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return f"{int(commit[:8], 16) % shards + 1}/{shards}"


def run(name: str, suite: dict) -> bool:
    """Run one suite; tell whether it passed within its budget."""
    print(f"── {name} (at most {suite['seconds']} s)", flush=True)
    measured = suite.get("coverage", False)
    start = time.monotonic()
    passed = True
    for command in suite["commands"]:
        left = suite["seconds"] - (time.monotonic() - start)
        code = call(command, environment(suite, measured), max(left, 1))
        if code is None:
            print(f"   cut after {suite['seconds']} s: {command}", flush=True)
            passed = False
            break
        if code:
            passed = False
            print(f"   exit code {code}: {command}", flush=True)
    seconds = time.monotonic() - start
    within = seconds <= suite["seconds"]
    verdict = "passed" if passed and within else "FAILED"
    print(f"── {name} {verdict}: {seconds:.0f} of {suite['seconds']} s", flush=True)
    return passed and within


def call(command: str, environ: dict[str, str], seconds: float) -> int | None:
    """Run one command and return its exit code; None where it and all its own had to be cut."""
    process = subprocess.Popen(
        shlex.split(command),
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        # also after an interruption, and also what a suite left behind
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def is_usual(suite: dict, long: bool) -> bool:
    """Tell whether a suite runs where none was named; in the long form no shard, but all of it."""
    if long:
        return "shards" not in suite
    return not (suite.get("long") or suite.get("image"))


def main() -> int:
    """Run what was asked for, and print one line a suite at the end."""
    suites = tomllib.loads((ROOT / "tests/budget.toml").read_text())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(suites))
    parser.add_argument("--long", action="store_true", help="the long forms too")
    asked = parser.parse_args()
    if unknown := set(asked.suites) - suites.keys():
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    usual = [name for name, suite in suites.items() if is_usual(suite, asked.long)]
    chosen = asked.suites or usual
    for stale in ROOT.glob(".coverage*"):
        stale.unlink()
    failed = [name for name in chosen if not run(name, suites[name])]
    print(f"Failed: {', '.join(failed)}" if failed else f"Passed: {', '.join(chosen)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
