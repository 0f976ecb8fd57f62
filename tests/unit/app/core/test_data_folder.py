"""One data folder, one running copy: proved with real processes."""

import os
import subprocess
import sys

import pytest

from app.core import data_folder
from app.core.data_folder import AlreadyRunning, DataFolderUnusable
from app.core.settings import load_settings

HOLD = (
    "import sys; from pathlib import Path; from app.core import data_folder\n"
    "data_folder.take(Path(sys.argv[1])); print('taken', flush=True); sys.stdin.read()"
)
TRY = (
    "import sys; from pathlib import Path; from app.core import data_folder\n"
    "try: data_folder.take(Path(sys.argv[1]))\n"
    "except data_folder.AlreadyRunning as error: print(error); sys.exit(3)"
)

SIGN = (
    "import sys; from app.core import data_folder; data_folder.sign(int(sys.argv[1]));"
    "print('signed', flush=True); sys.stdin.read()"
)


def settings_for(folder):
    return load_settings({"TENSHU_DATA": str(folder)})


def hold(folder, program=HOLD):
    process = subprocess.Popen(
        [sys.executable, "-c", program, folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "taken\n"
    return process


def try_to_take(folder):
    return subprocess.run(
        [sys.executable, "-c", TRY, folder], capture_output=True, text=True, check=False
    )


def test_all_folders_are_made_and_readable_by_their_owner_only_F13(tmp_path):
    settings = settings_for(tmp_path / "data")
    data_folder.make_folders(settings)
    data_folder.make_folders(settings)  # the second start finds them
    for folder in (settings.data, settings.keys, settings.sealed_store, settings.files,
                   settings.spool, settings.tls, settings.run, settings.logs):  # fmt: skip
        assert folder.stat().st_mode & 0o777 == 0o700


def test_who_signed_the_lock_last_is_told(tmp_path):
    assert data_folder.holder(tmp_path) == ""
    lock = data_folder.take(tmp_path)
    assert data_folder.holder(tmp_path) == str(os.getpid())
    data_folder.sign(lock, data_folder.UNITS)
    os.close(lock)
    assert data_folder.holder(tmp_path) == data_folder.UNITS


def test_a_data_folder_that_is_a_file_is_refused_with_a_remedy(tmp_path):
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(DataFolderUnusable) as refused:
        data_folder.make_folders(settings_for(tmp_path / "data"))
    assert "TENSHU_DATA" in refused.value.hint


def test_a_data_folder_that_is_not_there_cannot_be_locked(tmp_path):
    with pytest.raises(DataFolderUnusable, match="No such file"):
        data_folder.take(tmp_path / "nowhere")


def test_of_two_copies_on_one_data_folder_the_second_is_refused_and_told_who_runs(tmp_path):
    with hold(tmp_path) as first:
        second = try_to_take(tmp_path)
        first.stdin.close()
    assert second.returncode == 3
    assert f"Process {first.pid} already runs" in second.stdout
    assert try_to_take(tmp_path).returncode == 0


def test_a_killed_copy_leaves_no_lock_behind(tmp_path):
    with hold(tmp_path) as first:
        first.kill()
    assert try_to_take(tmp_path).returncode == 0


def test_the_lock_goes_over_with_its_descriptor_to_the_process_that_signs_it(tmp_path):
    lock = data_folder.take(tmp_path)
    heir = subprocess.Popen(
        [sys.executable, "-c", SIGN, str(lock)],
        pass_fds=[lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(lock)
    with heir:
        assert heir.stdout.readline() == "signed\n"
        refused = try_to_take(tmp_path)
        heir.stdin.close()
    assert refused.returncode == 3
    assert f"Process {heir.pid} already runs" in refused.stdout
    assert try_to_take(tmp_path).returncode == 0


def test_the_refusal_names_no_process_where_none_is_written_yet(tmp_path):
    descriptor = data_folder.take(tmp_path)
    os.truncate(descriptor, 0)
    with pytest.raises(AlreadyRunning, match=r"Process \? already runs"):
        data_folder.take(tmp_path)
    os.close(descriptor)
