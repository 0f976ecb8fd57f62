"""A real Postfix for the tests: Debian's programs, an instance of its own on a loopback port.

It takes mail for `example.test`, refuses what is for `refused@example.test` for good and for
`later@example.test` for now, and delivers into a Maildir. Port `open_port` offers STARTTLS,
`tls_port` begins with TLS; both use a certificate of the test's authority.
"""

import contextlib
import email
import email.policy
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.integration.authority import Authority, Pair
from tests.ports import free_port

START_SECONDS = 30

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.test
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_transport = error:this relay sends nothing outside
virtual_mailbox_domains = example.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:box/
virtual_transport = virtual
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_recipient_restrictions =
    check_recipient_access inline:{{
        {{ refused@example.test = 550 5.1.1 nobody here }},
        {{ later@example.test = 450 4.2.0 come back later }} }},
    permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_client_connection_rate_limit = 0
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
"""

MASTER = """\
127.0.0.1:{open_port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """One running instance."""

    folder: Path
    open_port: int
    tls_port: int

    @property
    def box(self) -> Path:
        return self.folder / "mail" / "box" / "new"

    def mails(self, count: int = 1, seconds: float = 30) -> list[EmailMessage]:
        """Return what was delivered, once there are `count`."""
        until = time.monotonic() + seconds
        while True:
            found = sorted(self.box.glob("*")) if self.box.exists() else []
            if len(found) >= count:
                return [_read(path) for path in found]
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)

    def log(self) -> str:
        path = self.folder / "mail.log"
        return path.read_text() if path.exists() else "(no log)"

    def command(self, name: str) -> None:
        run = subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.folder / "etc"), name],
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, f"{name}: {run.stdout}{run.stderr}\n{self.log()}"


def _read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[return-value]


@contextlib.contextmanager
def running_postfix(authority: Authority) -> Iterator[Postfix]:
    """Start an instance of Postfix; stop it and take away its folder afterwards."""
    # its own folder right below /tmp: the daemons enter it as another user, and sockets are short
    folder = Path(tempfile.mkdtemp(prefix="tenshu-postfix-", dir="/tmp"))
    folder.chmod(0o755)
    pair = authority.issue("relay", "localhost", "127.0.0.1")
    instance = Postfix(folder, free_port(), free_port())
    try:
        _write(instance, pair)
        instance.command("start")
        yield instance
    finally:
        with contextlib.suppress(AssertionError):
            instance.command("stop")
        shutil.rmtree(folder, ignore_errors=True)


def _write(instance: Postfix, pair: Pair) -> None:
    folder = instance.folder
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    shutil.chown(folder / "mail", "nobody")
    owner = (folder / "mail").stat()
    certificate, key = folder / "etc" / "relay.pem", folder / "etc" / "relay.key"
    shutil.copyfile(pair.certificate, certificate)
    shutil.copyfile(pair.key, key)
    key.chmod(0o600)
    (folder / "etc" / "main.cf").write_text(
        MAIN.format(
            folder=folder, uid=owner.st_uid, gid=owner.st_gid or os.getgid() or 65534,
            certificate=certificate, key=key,
        )
    )  # fmt: skip
    (folder / "etc" / "master.cf").write_text(
        MASTER.format(open_port=instance.open_port, tls_port=instance.tls_port)
    )
