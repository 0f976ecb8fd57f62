"""Our own code as the image gets it: what git knows of this checkout, and what the pages load."""

import json
import shutil
from functools import partial
from pathlib import Path

from image.fingerprint import every_file, fingerprint
from image.kept import kept
from image.paths import ROOT
from image.running import run

OURS = ("app", "appliance", "cli", "pyproject.toml")
"""With the project's file: `tenshu` reads its own version there."""
MODULES = ROOT / "node_modules"
PARTS_OF = {"lucide-static": ("icons/*.svg", "LICENSE", "package.json")}
"""Of what is large, only the parts that pages are made from (`app.web.design`)."""


def code() -> tuple[Path, str]:
    """Return the folder of the code, and the name of its content."""
    files, name = _files(), code_name()
    return kept("code", name, "Collecting our code", partial(_copy, files)), name


def code_name() -> str:
    """Return the name of the code's content."""
    return fingerprint(files=_files(), below=ROOT)


def _files() -> list[Path]:
    return _of_git() + _of_pages()


def _of_git() -> list[Path]:
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    told = run([*asked, "--exclude-standard", "--", *OURS], seconds=30)
    return [path for name in set(told.split("\0")) - {""} if (path := ROOT / name).is_file()]


def _of_pages() -> list[Path]:
    names = json.loads((ROOT / "package.json").read_text())["dependencies"]
    return [path for name in names for path in _of_package(name)]


def _of_package(name: str) -> list[Path]:
    if name in PARTS_OF:
        return [path for wanted in PARTS_OF[name] for path in (MODULES / name).glob(wanted)]
    return every_file(MODULES / name)


def _copy(files: list[Path], folder: Path) -> None:
    for path in files:
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o644)
