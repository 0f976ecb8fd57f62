"""Who may read a new file: the folder says so."""

import pytest

from app.core.keyring import KeyRing
from app.core.shared import mode_in


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o770, 0o600), (0o2770, 0o640)])
def test_a_folder_that_hands_its_group_on_lets_it_read(tmp_path, folder, file):
    tmp_path.chmod(folder)
    assert mode_in(tmp_path, 0o640) == file


def test_a_ring_that_processes_of_several_users_hold_stays_readable_by_their_group_F13(tmp_path):
    tmp_path.chmod(0o3770)
    ring = KeyRing.create(tmp_path)
    ring.rotate()
    assert ring.path.stat().st_mode & 0o777 == 0o640
    assert KeyRing.load(tmp_path).primary == ring.primary
