"""Which version this is."""

import importlib.metadata
import tomllib
from pathlib import Path


def version() -> str:
    """Return the version of the installed package, or of the folder that it is run from."""
    try:
        return importlib.metadata.version("tenshu")
    except importlib.metadata.PackageNotFoundError:
        project = Path(__file__).parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])
