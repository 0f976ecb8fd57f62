"""Power cuts: a process that loses, when it dies, everything that it did not fsync.

`power_cut_library` is the path of a library to preload with `WATCHED` (the folder that lies on the
forgetful disk) and `SHADOW` (where the durable contents are kept).
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.integration.preloaded import compiled

SOURCE = Path(__file__).with_name("power_cut.c")


@pytest.fixture(scope="session")
def power_cut_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled library. Skips where there is no C compiler."""
    return compiled(SOURCE, tmp_path_factory.mktemp("power"))


def on_a_forgetful_disk(library: Path, watched: Path, shadow: Path) -> dict[str, str]:
    """Return the environment of a process whose folder `watched` forgets."""
    shadow.mkdir()
    return {
        **os.environ,
        "LD_PRELOAD": str(library),
        "WATCHED": str(watched),
        "SHADOW": str(shadow),
    }


def cut_power(watched: Path, shadow: Path) -> None:
    """Replace the folder by what of it was durable. Its processes are killed already."""
    shutil.rmtree(watched)
    for half in shadow.rglob("*.new"):
        half.unlink()
    shadow.rename(watched)
