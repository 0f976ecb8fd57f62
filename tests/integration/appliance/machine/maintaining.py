"""A machine whose sshd is ours: real sshd, real users, hosts that come in from outside."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from appliance.contract.maintenance.client import MaintenanceClient
from appliance.contract.maintenance.state import Level, OpenedWindow, OpenWindow
from appliance.machine.versions import boot_time
from appliance.maintenance.rooms import Rooms
from tests.hosts import Host, Network
from tests.integration.appliance.machine.conftest import LOCAL, Machine
from tests.running import wait_until

SSHD = "/usr/sbin/sshd"
DOCUMENT = """\
[access]
ssh = ["management"]
[access.lists.management]
networks = ["10.77.1.0/24", "fd77:1::/64", "10.77.2.0/25"]
"""
FIRST_UID = 61_000
"""A pair of users of its own for every process that tests: what runs as them is killed."""


@dataclass
class Maintained(Machine):
    """A machine with the two users, and sshd before it."""

    sshd: subprocess.Popen[bytes] | None = None

    @property
    def windows(self) -> MaintenanceClient:
        return MaintenanceClient(self.place.socket)

    @property
    def rooms(self) -> Rooms:
        return Rooms(self.place)

    @property
    def keys(self) -> Path:
        return self.folder / "clients"

    def command(self, *module: str) -> list[str]:
        return self.inside(super().command(*module))

    def inside(self, words: list[str]) -> list[str]:
        """Run with the users of this machine: a view of its own of two files."""
        view = "".join(
            f"mount --bind {shlex.quote(str(self.folder / name))} /etc/{name} && "
            for name in ("passwd", "group")
        )
        at = words.index(self.net.appliance.name) + 1
        return [*words[:at], "unshare", "-m", "sh", "-c", f'{view}exec "$@"', "-", *words[at:]]

    def make_users(self) -> None:
        uid = FIRST_UID + os.getpid() % 1000 * 2
        for name, lines in (
            ("passwd", "tenshu-{}:*:{}:{}::/:/bin/sh\n"),
            ("group", "tenshu-{}:x:{}:\n"),
        ):
            own = Path("/etc", name).read_text()
            for number, kind in enumerate(("look", "repair")):
                own += lines.format(kind, uid + number, uid + number)
            (self.folder / name).write_text(own)

    def start_sshd(self) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)
        root = self.folder / "root"
        (root / "run").mkdir(parents=True)
        self.keys.mkdir()
        self.generate("host")
        main = self.folder / "sshd_config"
        main.write_text(
            f"Include {root}/etc/ssh/sshd_config.d/*.conf\nHostKey {self.keys}/host\n"
            f"PidFile {root}/run/sshd.pid\nStrictModes no\nUsePAM no\nX11Forwarding yes\n"
        )
        command = self.inside(self.net.appliance.command(SSHD, "-D", "-e", "-f", str(main)))
        with (self.folder / "sshd.log").open("wb") as log:
            self.sshd = subprocess.Popen(command, stderr=log)
        wait_until((root / "run/sshd.pid").exists, "sshd listens")

    def generate(self, name: str, *kind: str) -> str:
        """Make a key pair; return its public half."""
        path = self.keys / name
        if not path.exists():
            subprocess.run(
                ["ssh-keygen", "-q", *(kind or ("-t", "ed25519")), "-N", "", "-f", str(path)],
                check=True,
            )
        return path.with_suffix(".pub").read_text().strip()

    def open(self, name: str = "vendor", **more: Any) -> OpenedWindow:
        """Open a window for a key, and give the vendor's person the certificate."""
        wanted = {
            "who": "山田 太郎 (Example Systems)",
            "why": "ディスクの警告の確認",
            "networks": ("10.77.1.2",),
            "minutes": 5,
            "level": Level.look,
            "key": more["key"] if "key" in more else self.generate(name),
        }
        opened = self.windows.open(LOCAL, OpenWindow(**(wanted | more)))
        self.certify(name, opened.window.certificate)
        wait_until(self.looks_open, "sshd listens again")
        return opened

    def looks_open(self) -> bool:
        return self.net.appliance.tcp("127.0.0.1", 22) == "open"

    def certify(self, name: str, certificate: str) -> None:
        (self.keys / f"{name}-cert.pub").write_text(certificate + "\n")

    def ssh(
        self,
        *words: str,
        name: str = "vendor",
        user: str = "tenshu-look",
        address: str = "",
        device: Path | None = None,
    ) -> list[str]:
        """How the client is called: with a key's file, or with a device behind an SSH agent."""
        given = ["-F", "none", "-p", "22"]
        given += ["-o", f"IdentityAgent={device}"] if device else ["-i", str(self.keys / name)]
        for one in (
            "BatchMode=yes",
            *(() if device else ("IdentitiesOnly=yes",)),
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            "ConnectTimeout=2",
        ):
            given += ["-o", one]
        return ["ssh", *given, f"{user}@{address or '10.77.1.1'}", *words]

    def enter(
        self, *words: str, host: Host | None = None, typed: str | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Come in from the administrators' network, or from another host."""
        return self.run_from(host or self.net.manage, self.ssh(*words, **more), typed or "")

    def run_from(
        self, host: Host, words: list[str], typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            host.command(*words), input=typed, check=False, capture_output=True, text=True,
            timeout=30,
        )  # fmt: skip

    @contextmanager
    def stay(self, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """Come in and stay; return when the session is recorded."""
        before = self.sessions()
        command = self.net.manage.command(*self.ssh("-tt", **more))
        person = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with person:
            try:
                wait_until(lambda: self.sessions() > before, "somebody is in")
                yield person
            finally:
                person.kill()

    def type(self, person: subprocess.Popen[bytes], keys: bytes) -> None:
        assert person.stdin
        person.stdin.write(keys)
        person.stdin.flush()

    def recorder(self) -> int:
        """Return the process that records; its prompt is for a moment a copy of it."""
        return min(self.processes("appliance.maintenance.session"))

    def sessions(self) -> int:
        return len(self.rooms.book.sessions(self.rooms.book.newest()))

    def shorten(self, seconds: float) -> None:
        """Let the window's time be over sooner than a person may ask for, by the boot's clock."""
        book = self.rooms.book
        newest = book.newest()
        clocks = msgspec.structs.replace(book.clocks(newest), deadline=boot_time() + seconds)
        book.keep(book.read(newest), clocks)

    def end(self) -> None:
        self.close()
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait(20)


@contextmanager
def maintained(net: Network, **variables: str) -> Iterator[Maintained]:
    """A machine that its agent has set up, its SSH open to the administrators' network.

    With `variables` its processes have these too.
    """
    with tempfile.TemporaryDirectory(prefix="tenshu-maintained-") as folder:
        Path(folder).chmod(0o755)  # the users who come in must reach the door
        machine = Maintained(net, Path(folder), variables=variables)
        (machine.folder / "data").mkdir()
        machine.make_users()
        machine.start_sshd()
        try:
            machine.start()
            version = machine.apply(DOCUMENT)
            machine.client.confirm(LOCAL, version.number)
            yield machine
        finally:
            machine.end()
            net.appliance.run("nft", "flush", "ruleset")
