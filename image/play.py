"""Run the playbook against a root: in mounts of its own, without a network of the root's own.

What roles bring from outside lies in /run/build while they run, and nowhere afterwards.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pip

from image.fingerprint import every_file, fingerprint
from image.parts import LOCK, lock_fingerprint, wheels
from image.paths import ANSIBLE, EPOCH, KEPT, SYSTEMD
from image.running import Failed, run
from image.source import code
from image.tools import Tools

SECONDS = 600
ENTER = """
set -eu
root="$1"; shift
for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    if [ -d "$2" ]; then mkdir -p "$root$1"; else mkdir -p "$(dirname "$root$1")"; : > "$root$1"; fi
    mount --bind -o ro "$2" "$root$1"
    shift 2
done
shift
exec "$@"
"""
"""All of it is gone with the process: nothing to unmount, also where it is killed."""


def play(tools: Tools, place: str, root: Path, *, tags: Sequence[str] = ()) -> dict[str, int]:
    """Make a root what the playbook says, and return how many tasks were ok, changed and so on."""
    brought, code_name = code()
    bring = {
        "/run/build/code": brought,
        "/run/build/wheels": wheels(),
        "/run/build/tools/pip": Path(pip.__file__).parent,
        "/run/build/runtime.txt": LOCK,
        "/run/build/systemd": SYSTEMD,
    }
    inventory = KEPT / f"inventory-{place}.json"
    inventory.write_text(json.dumps(_inventory(place, root, code_name)))
    playbook = [str(tools.program("ansible-playbook")), "--inventory", str(inventory)]
    playbook += [str(ANSIBLE / "playbook.yml"), *(f"--tags={tag}" for tag in tags)]
    told = run(
        [*("unshare", "--mount", "--propagation=private", "sh", "-c", ENTER, "sh", str(root)),
         *(word for pair in bring.items() for word in map(str, pair)), "--", *playbook],
        seconds=SECONDS,
        environ={**tools.environ(), "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg")},
    )  # fmt: skip
    return _counted(told)


def _inventory(place: str, root: Path, code_name: str) -> Mapping[str, object]:
    known = {
        "ansible_connection": "community.general.chroot",
        "app_code_fingerprint": code_name,
        "app_lock_fingerprint": lock_fingerprint(),
        "build_epoch": EPOCH,
    }
    return {place: {"hosts": {str(root): known}}}


def _counted(told: str) -> dict[str, int]:
    recap = told.partition("PLAY RECAP")[2]
    counted = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", recap)}
    if "changed" not in counted:
        raise Failed(f"the playbook told no end:\n{told[-3000:]}")
    return counted


def _of_the_playbook() -> list[Path]:
    """Return its files; what lies beside it for customers changes no root."""
    return [*every_file(ANSIBLE / "roles"), ANSIBLE / "playbook.yml", ANSIBLE / "ansible.cfg"]


def playbook_fingerprint() -> str:
    """Return the name of what decides what the playbook does, but for our code."""
    return fingerprint(
        lock_fingerprint(),
        fingerprint(files=_of_the_playbook(), below=ANSIBLE),
        fingerprint(files=every_file(SYSTEMD), below=SYSTEMD),
        Path(__file__).read_text(),
    )
