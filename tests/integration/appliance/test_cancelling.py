"""A backup that is cancelled in any of its phases is as if it had never been asked for."""

import contextlib
from pathlib import Path

import pytest

from appliance.backup.borg import Borg
from appliance.backup.create import back_up
from appliance.backup.reporter import Reporter
from appliance.contract.backup_errors import RunCancelled
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Phase, Progress
from tests.integration.appliance.conftest import make_place, prepare


@pytest.mark.parametrize("phase", [Phase.snapshot, Phase.collecting, Phase.verifying])
def test_a_backup_cancelled_in_any_phase_leaves_the_repository_as_it_was(
    tmp_path: Path, kit: KeyKit, phase: Phase
) -> None:
    place = make_place(tmp_path, kit)
    reached: list[Phase] = []

    def tell(progress: Progress) -> None:
        reached.append(progress.phase)

    reporter = Reporter(tell, lambda: phase in reached)
    repository, borg = prepare(place, kit, reporter)
    with pytest.raises(RunCancelled):
        back_up(place, repository, borg, "b" * 16, reporter)
    assert reached[-1] is phase
    with contextlib.suppress(FileNotFoundError):
        assert list(place.scratch.iterdir()) == []
    left = Borg(Path(repository.folder), kit.borg_passphrase(), place.borg).listing()
    assert left.archives == ()
