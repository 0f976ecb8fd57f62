"""The rendered drop-in in a real sshd: what is in force once Debian's own file is read too."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import ssh

SSHD = "/usr/sbin/sshd"
ME = pwd.getpwuid(os.getuid()).pw_name
DEBIAN = (
    "UsePAM yes\nX11Forwarding yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication yes\n"
)


@pytest.fixture(scope="module")
def in_force(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what sshd itself says it would do."""
    folder = tmp_path_factory.mktemp("sshd")
    authority, key = folder / "authority.pub", folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    authority.write_text(key.with_suffix(".pub").read_text())
    facts = Facts(run="/run", certificates={}, ssh_authority=str(authority))
    (drop_in,) = ssh.files(read_document("[ssh]\nport = 2222"), facts)
    (folder / "10-tenshu.conf").write_text(drop_in.content)
    main = folder / "sshd_config"
    main.write_text(f"Include {folder}/*.conf\nHostKey {key}\n{DEBIAN}")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # as Debian's unit does; else sshd refuses to look
    subprocess.run([SSHD, "-t", "-f", str(main)], check=True)
    told = subprocess.run([SSHD, "-T", "-f", str(main)], check=True, capture_output=True, text=True)
    return dict(line.split(" ", 1) for line in told.stdout.splitlines() if " " in line)


def test_no_password_opens_ssh_whatever_stands_elsewhere_S11(in_force: dict[str, str]) -> None:
    assert in_force["authenticationmethods"] == "publickey"
    for name in ("passwordauthentication", "kbdinteractiveauthentication", "permitemptypasswords",
                 "hostbasedauthentication"):  # fmt: skip
        assert in_force[name] == "no", name
    assert in_force["permitrootlogin"] == "no"


def test_no_key_opens_ssh_but_a_certificate_of_the_authority_S11(in_force: dict[str, str]) -> None:
    assert in_force["authorizedkeysfile"] == "none"
    assert in_force["trustedusercakeys"].endswith("authority.pub")
    assert in_force["port"] == "2222"


def test_a_session_is_no_tunnel_S11(in_force: dict[str, str]) -> None:
    assert in_force["disableforwarding"] == "yes"
    for name in (
        "allowtcpforwarding",
        "allowstreamlocalforwarding",
        "allowagentforwarding",
        "x11forwarding",
        "permittunnel",
        "permituserenvironment",
        "permituserrc",
    ):
        assert in_force[name] == "no", name


def test_weak_algorithms_are_gone_and_strong_ones_are_left(in_force: dict[str, str]) -> None:
    assert "curve25519-sha256" in in_force["kexalgorithms"]
    assert "nistp" not in in_force["kexalgorithms"]
    assert "hmac-sha2-512-etm@openssh.com" in in_force["macs"]
    assert "hmac-sha1" not in in_force["macs"]
    assert "cbc" not in in_force["ciphers"]


class Door:
    """A real sshd behind the planned file, and what somebody may hold who comes to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("host", "authority", "mine", "stranger"):
            self.generate(name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        facts = Facts(run="/run", certificates={}, ssh_authority=str(folder / "authority.pub"))
        (file,) = ssh.files(read_document(f"[ssh]\nport = {self.port}"), facts)
        (folder / "10-tenshu.conf").write_text(file.content)
        (folder / "sshd_config").write_text(
            # of two values sshd takes the first: who runs this may be root
            f"PermitRootLogin prohibit-password\nInclude {folder}/10-tenshu.conf\n"
            f"HostKey {folder}/host\nListenAddress 127.0.0.1\n"
            f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication yes\n"
        )

    def generate(self, name: str) -> None:
        file = str(self.folder / name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)

    def certify(self, authority: str, *, valid: str = "+5m") -> None:
        """Let an authority sign my key for me."""
        by = ["-s", str(self.folder / authority), "-I", "window", "-n", ME, "-V", valid]
        subprocess.run(["ssh-keygen", "-q", *by, str(self.folder / "mine.pub")], check=True)

    def enter(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Try to come in with my key, and my certificate where there is one."""
        given = ["-F", "none", "-i", str(self.folder / "mine"), "-p", str(self.port), *options]
        for one in ("BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=no",
                    "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"):  # fmt: skip
            given += ["-o", one]
        return subprocess.run(
            ["ssh", *given, f"{ME}@127.0.0.1", "echo", "inside"],
            check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    found = Door(tmp_path)
    with subprocess.Popen([SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")],
                          stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
        assert process.stderr is not None
        while "Server listening" not in (line := process.stderr.readline()):
            assert line, "sshd ended"
        yield found
        process.terminate()


def test_only_a_certificate_of_the_authority_comes_in_and_only_while_it_is_valid_S11(
    door: Door,
) -> None:
    assert "Permission denied (publickey)" in door.enter().stderr  # a key alone
    door.certify("stranger")
    assert "Permission denied (publickey)" in door.enter().stderr
    door.certify("authority", valid="20200101:20200102")
    assert "Permission denied (publickey)" in door.enter().stderr
    door.certify("authority")
    come = door.enter()
    assert (come.returncode, come.stdout) == (0, "inside\n"), come.stderr
    assert "forwarding" in door.enter("-R", "127.0.0.1:0:127.0.0.1:1", "-o",
                                      "ExitOnForwardFailure=yes").stderr  # fmt: skip
