"""Which folder a person may name for a repository."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.agent.folders import accept_folder
from appliance.contract.backup_errors import FolderRefused
from appliance.contract.folder_reasons import FOLDER_REASONS
from appliance.place import Place, load_place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(data=tmp_path / "data", keys=tmp_path / "keys", database_url="sqlite:////x")
    made.data.mkdir()
    made.keys.mkdir()
    return made


def refused(place: Place, text: str, *taken: str) -> str:
    with pytest.raises(FolderRefused) as caught:
        accept_folder(place, text, taken)
    reason = caught.value.parameters["reason"]
    return next(name for name, sentence in FOLDER_REASONS.items() if sentence == reason)


def test_an_empty_a_new_and_a_borg_folder_are_accepted(place: Place, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "borg" / "data").mkdir(parents=True)
    (tmp_path / "borg" / "config").write_text("[repository]")
    for name in ("empty", "new", "borg"):
        assert accept_folder(place, str(tmp_path / name), ()) == tmp_path / name
    assert accept_folder(place, f"{tmp_path}/a/../new/", ()) == tmp_path / "new"


def test_nothing_of_the_appliance_and_no_root_is_accepted(place: Place, tmp_path: Path) -> None:
    for own in ("data", "data/files/x", "keys", "keys/x", "data.restored/x", "", "data/../data"):
        assert refused(place, f"{tmp_path}/{own}") == "own"
    assert refused(place, "/") == "root"
    assert refused(place, "/tmp/../..") == "root"


def test_links_are_refused_wherever_they_stand(place: Place, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "sly").symlink_to(place.data)
    assert refused(place, str(tmp_path / "link")) == "link"
    assert refused(place, str(tmp_path / "link" / "inside")) == "link"
    assert refused(place, str(tmp_path / "sly" / "inside")) == "own"


@pytest.mark.parametrize("text", ["relative", "../x", "~/x", "ssh://host/x", "host:/x", "/a\0b"])
def test_only_a_whole_local_path_is_accepted(place: Place, text: str) -> None:
    assert refused(place, text) == "relative"


@pytest.mark.parametrize("text", ["/srv/a::b", "/srv/{now}", "/srv/x}"])
def test_what_borg_would_read_as_something_else_is_refused(place: Place, text: str) -> None:
    assert refused(place, text) == "spelling"


def test_the_folders_state_is_looked_at(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "filled").mkdir()
    (tmp_path / "filled" / "something").write_text("")
    (tmp_path / "top" / "lost+found").mkdir(parents=True)
    (tmp_path / "taken").mkdir()
    assert refused(place, str(tmp_path / "top")) == "top", "Borg takes none but an empty one"
    assert refused(place, str(tmp_path / "file")) == "file"
    assert refused(place, str(tmp_path / "filled")) == "filled"
    assert refused(place, str(tmp_path / "nowhere" / "x")) == "parent"
    assert refused(place, str(tmp_path / "taken"), str(tmp_path / "taken")) == "taken"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that even this user may not write: root needs a write-protected disk for that."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.geteuid() == 0:
        command = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("this container may not mount anything")
        yield folder
        subprocess.run(["umount", folder], check=True)
    else:
        yield folder


def test_a_folder_that_cannot_be_written_is_refused(place: Place, locked: Path) -> None:
    assert refused(place, str(locked)) == "unwritable"
    assert refused(place, str(locked / "inside")) == "unwritable"


def test_the_place_is_read_as_the_faces_read_it(tmp_path: Path) -> None:
    from app.core.settings import load_settings

    for environ in ({}, {"TENSHU_DATA": str(tmp_path / "d")}):
        place, settings = load_place(environ), load_settings(environ)
        assert (place.data, place.keys) == (settings.data, settings.keys)
        assert place.database_url == settings.database_url
        assert place.socket == settings.agent_socket
        assert load_place(place.environment()) == place


def test_a_path_that_no_file_system_follows_is_refused_V7(place: Place, tmp_path: Path) -> None:
    assert refused(place, f"{tmp_path}/{'x' * 300}") == "astray"
