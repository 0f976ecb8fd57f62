"""The runner of the suites fails where something failed, or took too long."""

import sys
import tomllib
from pathlib import Path

import pytest

from tests import suites
from tests.running import processes_of

PASS = f"{sys.executable} -c pass"
FAIL = f"{sys.executable} -c 'raise SystemExit(3)'"
ENDLESS = f"{sys.executable} -c 'import threading; threading.Event().wait()'"


def test_a_suite_passes_where_every_command_passes_in_time(capfd):
    assert suites.run("good", {"seconds": 30, "commands": [PASS, PASS]})
    assert "good passed" in capfd.readouterr().out


def test_a_failed_command_fails_the_suite_and_the_next_one_still_runs(capfd):
    commands = [FAIL, f"{sys.executable} -c print(7)"]
    assert not suites.run("bad", {"seconds": 30, "commands": commands})
    told = capfd.readouterr().out
    assert "exit code 3" in told
    assert "\n7\n" in told


def test_a_suite_over_its_budget_is_cut_with_all_that_it_started(capfd, tmp_path):
    suite = {
        "seconds": 1,
        "commands": [ENDLESS, PASS],
        "environment": {"TENSHU_DATA": str(tmp_path)},
    }
    assert not suites.run("slow", suite)
    assert "cut after 1 s" in capfd.readouterr().out
    assert processes_of(tmp_path) == {}


def test_an_unknown_suite_is_wrong_usage(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["suites.py", "nonsense"])
    with pytest.raises(SystemExit) as stop:
        suites.main()
    assert stop.value.code == 2


def test_all_suites_together_fit_into_the_time_of_a_change():
    found = tomllib.loads((Path(suites.ROOT) / "tests" / "budget.toml").read_text())
    usual = [one for one in found.values() if not (one.get("long") or one.get("image"))]
    assert sum(suite["seconds"] for suite in usual) <= 70 * 60
    images = [suite for suite in found.values() if suite.get("image")]
    assert sum(suite["seconds"] for suite in images) <= 40 * 60


def test_measured_suites_write_their_coverage_to_one_place():
    measured = suites.environment({"environment": {"A": "b"}}, measured=True)
    assert measured["A"] == "b"
    assert measured["COVERAGE_FILE"] == str(suites.ROOT / ".coverage")


def test_what_is_compiled_once_is_kept_also_where_the_machine_keeps_no_bytecode(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in suites.environment({}, measured=False)
