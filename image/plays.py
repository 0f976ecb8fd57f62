"""What the playbook says of itself: the roles of a place, and Debian's packages that they want."""

import json
from typing import Final

from image.paths import ANSIBLE
from image.running import run
from image.tools import Tools

PLACES: Final = ("machine", "container")
READ: Final = """
import json, sys, yaml
from pathlib import Path
folder, place = Path(sys.argv[1]), sys.argv[2]
plays = yaml.safe_load((folder / "playbook.yml").read_text())
roles = [role for play in plays if play["hosts"] in ("all", place) for role in play["roles"]]
files = [folder / "roles" / role / "defaults/main.yml" for role in roles]
found = [yaml.safe_load(file.read_text()) for file in files if file.exists()]
lists = [more for one in found for name, more in one.items() if name.endswith("_packages")]
print(json.dumps(sorted({package for more in lists for package in more})))
"""
"""By the interpreter of Ansible's environment, which reads YAML."""


def packages(tools: Tools, place: str) -> list[str]:
    """Return the names of the packages that the roles of a place want."""
    told = run([str(tools.python), "-c", READ, str(ANSIBLE), place], seconds=60)
    return [str(name) for name in json.loads(told)]
