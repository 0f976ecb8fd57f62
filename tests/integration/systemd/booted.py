"""The appliance in a Debian 13 that systemd has booted: a container with a network of its own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import wait_until
from tests.units import SYSTEMD

SOCKET = "/var/lib/tenshu/data/run/agent.sock"
WHO = {"account": "root", "plane": "machine"}
BOOT = """
umount --recursive /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
mkdir --parents "/sys/fs/cgroup/$1" && echo $$ > "/sys/fs/cgroup/$1/cgroup.procs" &&
exec env SYSTEMD_NSPAWN_TMPFS_TMP=0 systemd-nspawn --quiet --directory="$2" --machine="$1" \\
    --register=no --keep-unit --private-network --console=pipe "${@:3}" --boot \\
    systemd.mask=run-rpc_pipefs.mount
"""
"""In mounts of its own: systemd in a container wants the one tree of control groups,
and /tmp is the machine's own affair."""


def install(root: Path) -> None:
    """Put `systemd/` into a root that has nothing else of ours."""
    places = {
        "system": "usr/lib/systemd/system",
        "system.conf.d": "usr/lib/systemd/system.conf.d",
        "sysusers.d": "usr/lib/sysusers.d",
        "tmpfiles.d": "usr/lib/tmpfiles.d",
        "system-preset": "usr/lib/systemd/system-preset",
        "logrotate.d": "etc/logrotate.d",
    }
    for name, place in places.items():
        shutil.copytree(SYSTEMD / name, root / place, symlinks=True, dirs_exist_ok=True)
    python = root / "usr/lib/tenshu/bin/python"
    if not python.is_symlink():
        python.parent.mkdir(parents=True)
        python.symlink_to("/usr/bin/python3")


@dataclass
class Booted:
    """A machine that runs."""

    root: Path
    name: str
    options: tuple[str, ...] = ()
    """More of systemd-nspawn."""
    container: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Switch it on, and wait until console and agent answer, of which either may be first."""
        command = ["unshare", "--mount", "bash", "-c", BOOT, "bash", self.name, str(self.root)]
        command += self.options
        self.container = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        wait_until(lambda: self.first_process, "systemd runs", 30)
        wait_until(lambda: self.healthy(8443), "the console answers through the edge", 90)
        wait_until(lambda: "result" in self.call("ListRuns"), "the agent answers", 90)

    @property
    def first_process(self) -> int:
        assert self.container
        found = Path(f"/proc/{self.container.pid}/task/{self.container.pid}/children").read_text()
        return int(found.split()[0]) if found.split() else 0

    def cut_power(self) -> None:
        """Kill all of it at once."""
        assert self.container
        os.kill(self.first_process, signal.SIGKILL)
        self.container.wait(30)

    def run(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program inside, to its end."""
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=seconds, check=False
        )

    def command(self, *words: str) -> list[str]:
        """Return what runs a program inside."""
        enter = ["nsenter", "--target", str(self.first_process), "--all", "--root", "--wd"]
        return [*enter, "env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words]

    def said(self, *words: str) -> str:
        """Return what a program says."""
        return self.run(*words).stdout.strip()

    def call(self, action: str, /, user: str = "root", **parameters: Any) -> dict[str, Any]:
        """Call the agent, and return its result or its error's parameters."""
        told = json.dumps({"caller": WHO, **parameters})
        words = ("varlinkctl", "call", SOCKET, f"tenshu.appliance.{action}", told)
        ended = self.run("runuser", "-u", user, "--", *words)
        return json.loads(ended.stdout or "{}")

    def result(self, action: str, /, **parameters: Any) -> dict[str, Any]:
        """Call the agent; fail where it refuses."""
        found = self.call(action, **parameters)
        assert "result" in found, found
        return found["result"]

    def kill_agent(self) -> None:
        """SIGKILL, and wait until systemd has started another one."""
        self.run("kill", "-9", self.main_process("tenshu-agent.service"))
        wait_until(lambda: "result" in self.call("ListRuns"), "another agent answers", 30)

    def rules(self) -> str:
        """Return the packet filter's rules as the kernel has them."""
        return self.said("nft", "list", "table", "inet", "tenshu")

    def healthy(self, port: int) -> bool:
        """Tell whether a plane answers through the edge."""
        code = (
            "import http.client, ssl; c = http.client.HTTPSConnection('localhost', "
            f"{port}, timeout=5, context=ssl._create_unverified_context()); "
            "c.request('GET', '/health'); print(c.getresponse().status)"
        )
        return self.said("python3", "-c", code) == "200"

    def property(self, unit: str, name: str) -> str:
        """Return what systemd says about a unit."""
        return self.said("systemctl", "show", "--property", name, "--value", unit)

    def main_process(self, unit: str) -> str:
        return self.property(unit, "MainPID")


@contextlib.contextmanager
def booted(root: Path, name: str, *options: str) -> Iterator[Booted]:
    """Give a machine that has booted; it is gone afterwards."""
    (root / "etc/machine-id").write_text(os.urandom(16).hex() + "\n")
    machine = Booted(root, name, options)
    machine.boot()
    try:
        yield machine
    finally:
        # unless a test has switched it off
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, IndexError, AssertionError):
            machine.cut_power()
        for tree in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):  # the second: beside older ones
            subprocess.run(
                ["find", f"{tree}/{name}", "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"],
                capture_output=True,
                check=False,
            )
