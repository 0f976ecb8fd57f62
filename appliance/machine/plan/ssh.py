"""SSH: a short-lived certificate of the appliance's authority or nothing (S11).

A drop-in: of two values sshd takes the first, and Debian includes the drop-ins first. Algorithms
are taken away rather than listed, so that a newer OpenSSH keeps its better ones.
"""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.heading import HEADING

PATH: Final = "etc/ssh/sshd_config.d/10-tenshu.conf"
RULES: Final = """\
# keys only, and no key that lies on the machine: there is no standing way in
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
HostbasedAuthentication no
PermitRootLogin no
AuthorizedKeysFile none
# a session and nothing beside it
DisableForwarding yes
AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitUserEnvironment no
PermitUserRC no
# time and number
LoginGraceTime 30
MaxAuthTries 3
MaxSessions 2
MaxStartups 10:30:60
ClientAliveInterval 60
ClientAliveCountMax 2
TCPKeepAlive no
# the log names the certificate that came in
LogLevel VERBOSE
UseDNS no
KexAlgorithms -ecdh-sha2-nistp*
MACs -hmac-sha1*,umac-64*
"""


def files(document: Document, facts: Facts) -> Iterator[File]:
    """Yield sshd's drop-in. Without an authority on the machine nobody gets in."""
    lines = [f"Port {document.ssh.port}"]
    if facts.ssh_authority:
        lines.append(f"TrustedUserCAKeys {facts.ssh_authority}")
    content = HEADING + RULES + "\n".join(lines) + "\n"
    yield File(path=PATH, content=content, concern=Concern.SSH)
