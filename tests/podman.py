"""podman of a Debian 13 in a root of its own: what a customer's machine runs containers with."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.debian import debian_with, layered

PACKAGES = ("ca-certificates", "conmon", "crun", "podman")
ENTER = """
set -e
root="$1"
umount --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done
for name in run tmp; do mount -t tmpfs tmpfs "$root/$name"; done
mount --bind "$2" "$root/var/lib/containers"
mount --bind "$3" "$root/mnt"
mkdir -p "$root/before"
cd "$root"
pivot_root . before
umount -l /before
echo ready
exec >/dev/null
exec sleep infinity
"""
SETTINGS = """\
[containers]
default_ulimits = []
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass
class Podman:
    """A place where podman is there, and nothing of this machine but its kernel and network."""

    holder: subprocess.Popen[str]

    def command(self, *words: str) -> list[str]:
        """Return what runs a program there."""
        enter = ["nsenter", f"--target={self.holder.pid}", "--mount", "--root", "--wd"]
        return [*enter, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", *words]

    def __call__(self, *words: str, seconds: float = 120) -> str:
        """Run podman to its end, and return what it says."""
        ended = subprocess.run(
            self.command("podman", *words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert ended.returncode == 0, (words, ended.stderr[-3000:])
        return ended.stdout.strip()


@contextlib.contextmanager
def podman_at(folder: Path, brought: Path) -> Iterator[Podman]:
    """Give podman, with a folder of this machine at /mnt; what it ran is gone afterwards."""
    containers = folder / "containers"
    containers.mkdir()
    with layered(debian_with("podman", *PACKAGES), folder / "root") as root:
        (root / "var/lib/containers").mkdir(parents=True, exist_ok=True)
        (root / "etc/containers").mkdir(exist_ok=True)
        (root / "etc/containers/containers.conf").write_text(SETTINGS)
        holder = subprocess.Popen(
            [*("unshare", "--mount", "--propagation=private", "sh", "-c", ENTER, "sh"),
             *map(str, (root, containers, brought))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        podman = Podman(holder)
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "ready\n"
            yield podman
        finally:
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                podman("rm", "--all", "--force", "--time=0")
            holder.kill()
            holder.wait()
            if holder.stdout:
                holder.stdout.close()
