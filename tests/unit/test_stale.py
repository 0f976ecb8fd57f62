"""Mounts and locks that killed runs have left below pytest's folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stale import let_go


def run_in(folder: Path, number: int, process: int | None) -> Path:
    run = folder / f"pytest-{number}"
    run.mkdir()
    if process is not None:
        (run / ".lock").write_text(str(process))
    return run


def dead() -> int:
    """Return the number of a process that is no more."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_the_folder_of_a_killed_run_is_held_no_longer_and_that_of_a_running_one_is(
    tmp_path: Path,
) -> None:
    killed, runs = run_in(tmp_path, 1, dead()), run_in(tmp_path, 2, os.getpid())
    begins = run_in(tmp_path, 3, None)
    (begins / ".lock").write_text("")  # it has not written its number yet
    let_go(tmp_path)
    assert not (killed / ".lock").exists()
    assert (runs / ".lock").exists()
    assert (begins / ".lock").exists()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[list[Path]]:
    """Mounts of a killed run, one within the other, of one that ended, and of one that runs."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    killed = run_in(tmp_path, 1, dead()) / "with space"
    places = [
        *(killed, killed / "within"),
        *(run_in(tmp_path, 2, None) / "left", run_in(tmp_path, 3, os.getpid()) / "used"),
    ]
    for place in places:
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=True)
    yield places
    for place in reversed(places):
        subprocess.run(["umount", str(place)], check=False, capture_output=True)


def test_mounts_of_killed_runs_are_gone_and_those_of_a_running_one_stay(
    tmp_path: Path, mounted: list[Path]
) -> None:
    let_go(tmp_path)
    assert [one.is_mount() for one in mounted] == [False, False, False, True]
    let_go(tmp_path)
    assert mounted[-1].is_mount()
