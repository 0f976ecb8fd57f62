"""A data folder with its folders made, and nothing in it."""

from pathlib import Path

import pytest

from app.core import data_folder
from app.core.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load_settings(
        {"TENSHU_DATA": str(tmp_path / "data"), "TENSHU_HOST_NAMES": "keep.example"}
    )
    data_folder.make_folders(made)
    return made
