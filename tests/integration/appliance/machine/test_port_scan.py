"""A port scan from outside (nmap): what is not promised is filtered, on both families (V12)."""

import re
from pathlib import Path

import pytest

from tests.hosts import Host, network
from tests.integration.appliance.machine.filtering import rules

EVERY = 65_535
RESTRICTED = """
[access]
console = ["management"]
workspace = ["management"]
portal = ["management"]
kiosk = ["management"]
api = ["management"]
[access.lists.management]
networks = ["10.77.1.0/24", "fd77:1::/64"]
[firewall]
ban_minutes = 0
"""
"""Every area is closed to the host that scans; bans are off, or they would hide the rules."""
ONE_OPEN = RESTRICTED.replace('workspace = ["management"]', 'workspace = ["everywhere"]')


def scan(host: Host, address: str) -> dict[str, int]:
    """Scan every TCP port; return how many looked how."""
    words = ["nmap", "-n", "-Pn", "-sS", "-p-", "--min-rate=8000", "--max-retries=1", "--reason"]
    said = host.run(*words, *(["-6"] if ":" in address else []), address)
    found = dict.fromkeys(("open", "closed", "filtered"), 0)
    for count, state in re.findall(r"(\d+) (\w+) tcp ports", said):
        found[state] += int(count)
    for state in re.findall(r"^\d+/tcp +(\w+)", said, re.MULTILINE):
        found[state] += 1
    assert sum(found.values()) == EVERY, said
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("document", "reached"), [(RESTRICTED, 0), (ONE_OPEN, 1)])
def test_every_port_that_is_not_promised_is_filtered_V12(
    tmp_path: Path, document: str, reached: int
) -> None:
    file = tmp_path / "rules"
    file.write_text(rules(document))
    with network() as net:
        for port in (22, 25, 80, 443, 5432, 8443):
            net.appliance.listen(port)
        net.appliance.run("nft", "--file", str(file))
        for address in ("10.77.2.1", "fd77:2::1"):
            found = scan(net.outside, address)
            assert found == {"open": reached, "closed": 0, "filtered": EVERY - reached}
