"""The addresses of the last start, for commands of another shell."""

from pathlib import Path

from app.core import data_folder
from app.core.settings import load_settings
from app.start import last_start


def test_what_variables_leave_open_is_as_the_last_start_had_it(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert last_start.followed({"TENSHU_DATA": data}).console_port == 8443
    started = load_settings(
        {"TENSHU_DATA": data, "TENSHU_CONSOLE_PORT": "9443", "TENSHU_ADDRESS": "::1"}
    )
    data_folder.make_folders(started)
    last_start.note(started)
    found = last_start.followed({"TENSHU_DATA": data, "TENSHU_CONSOLE_PORT": ""})
    assert (found.console_port, found.workspace_port, found.address) == (9443, 8444, "::1")
    told = last_start.followed({"TENSHU_DATA": data, "TENSHU_CONSOLE_PORT": "7443"})
    assert (told.console_port, told.address) == (7443, "::1")


def test_a_note_that_is_none_tells_nothing(tmp_path: Path) -> None:
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data")})
    data_folder.make_folders(settings)
    for text in ("", "[1]", "\0", '{"TENSHU_DATA": "/elsewhere"}'):
        (settings.run / last_start.FILE_NAME).write_text(text)
        assert last_start.followed({"TENSHU_DATA": str(settings.data)}) == settings


def test_another_data_folder_is_never_taken_from_the_note(tmp_path: Path) -> None:
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data")})
    data_folder.make_folders(settings)
    last_start.note(settings)
    told = (settings.run / last_start.FILE_NAME).read_text()
    assert str(tmp_path) not in told
