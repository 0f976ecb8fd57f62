"""The rendered drop-in in a real sshd: what is in force once Debian's own file is read too."""

import os
import subprocess
from pathlib import Path

import pytest

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import ssh

SSHD = "/usr/sbin/sshd"
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
                 "hostbasedauthentication", "gssapiauthentication"):  # fmt: skip
        assert in_force[name] == "no", name
    assert in_force["permitrootlogin"] in {"without-password", "prohibit-password"}


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
