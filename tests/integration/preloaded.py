"""Small libraries in C that the tests preload into a process, compiled when they are needed."""

import shutil
import subprocess
from pathlib import Path

import pytest


def compiled(source: Path, folder: Path) -> Path:
    """Return the library of a C file. Skips where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("it needs a C compiler: apt-get install gcc")
    library = folder / source.with_suffix(".so").name
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl"],
        check=True,
        capture_output=True,
    )
    return library
