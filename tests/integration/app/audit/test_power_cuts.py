"""Power cuts, not only kills: no acknowledged event is ever lost (F5).

The same cuts with `synchronous=NORMAL` must lose some, so that the test is seen to work.
"""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from app.audit.store import reading
from app.audit.verdict import State
from tests.integration.power_cut import cut_power, on_a_forgetful_disk, power_cut_library
from tests.shard import share
from tests.unit.app.audit.trail import Trail

__all__ = ["power_cut_library"]

ROOT = Path(__file__).parents[4]
SHORT, LONG = 3, 200


def lost_in_a_cut(library: Path, folder: Path, synchronous: str, seed: int) -> tuple[int, int]:
    """Cut the power after some acknowledged events; return how many were lost, and of how many."""
    Trail(folder).close()  # begun and whole before the power begins to fail
    for file in (folder / "data").rglob("*-shm"):
        file.unlink()
    shadow = folder / "shadow"
    environment = on_a_forgetful_disk(library, folder / "data", shadow)
    # what stands there is durable
    subprocess.run(["cp", "-a", f"{folder / 'data'}/.", shadow], check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.app.audit.acknowledging", folder, synchronous],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    wanted, acknowledged = random.Random(seed).randint(1, 120), []
    while len(acknowledged) < wanted:
        line = process.stdout.readline()
        assert line, "the writer ended by itself"
        acknowledged.append(line.strip())
    process.kill()
    rest, _ = process.communicate()
    acknowledged += [line for line in rest.splitlines() if len(line) == 28]
    cut_power(folder / "data", shadow)

    trail = Trail(folder)
    while trail.sealer.turn():
        pass
    assert trail.verify(against=[trail.note]).state is State.WHOLE
    with reading(trail.folder) as connection:
        sealed = {row[0] for row in connection.execute("SELECT id FROM events")}
    trail.close()
    return len(set(acknowledged) - sealed), len(acknowledged)


def test_no_acknowledged_event_is_lost_in_a_power_cut_F5(
    power_cut_library: Path, tmp_path: Path
) -> None:
    for seed in range(SHORT):
        lost, of = lost_in_a_cut(power_cut_library, tmp_path / str(seed), "FULL", seed)
        assert lost == 0, f"seed {seed}: {lost} of {of} were lost"


def test_the_same_cut_loses_events_where_the_disk_is_not_waited_for(
    power_cut_library: Path, tmp_path: Path
) -> None:
    lost, _ = lost_in_a_cut(power_cut_library, tmp_path / "normal", "NORMAL", 1)
    assert lost > 0


@pytest.mark.slow
@pytest.mark.divided
@pytest.mark.timeout(1800)
def test_two_hundred_power_cuts_lose_nothing_F5(power_cut_library: Path, tmp_path: Path) -> None:
    for seed in share(LONG):
        lost, of = lost_in_a_cut(power_cut_library, tmp_path / str(seed), "FULL", seed)
        assert lost == 0, f"seed {seed}: {lost} of {of} were lost"
