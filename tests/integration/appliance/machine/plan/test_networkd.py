"""The rendered files in a real systemd-networkd, in a network namespace of its own.

networkd says of each key that it does not know or cannot read, so that the files of bonds and VLANs
are proved too where the kernel of the test's machine has neither.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import network
from tests.unit.appliance.configuration.test_checking import GOOD

NETWORKD = "/lib/systemd/systemd-networkd"
# A /sys that cannot be written tells networkd that there is no udev to wait for.
SCRIPT = f"""
set -eu
mount -t sysfs -o ro sysfs /sys
mount -t tmpfs tmpfs /run
install -d -o systemd-network -g systemd-network /run/systemd/netif
mount --bind "$1" /etc/systemd/network
for one in enp1s0 enp2s0 enp3s0 plain; do
    ip link add $one mtu 9000 type veth peer name peer-$one mtu 9000
    ip link set peer-$one up
done
SYSTEMD_LOG_TARGET=console timeout 20 {NETWORKD} >"$2" 2>&1 &
until ip -4 route show default | grep -q plain && ip link show enp3s0 | grep -q LOWER_UP; do
    kill -0 $! 2>/dev/null || exit 1
    sleep 0.05
done
ip -j addr show dev plain
ip -j route show
kill $!
"""
PLAIN = """
[[network.interfaces]]
name = "plain"
zones = ["service"]
mtu = 1400
addresses = ["192.168.7.10/24", "2001:db8:7::10/64"]
gateways = ["192.168.7.1"]
routes = [{to = "10.99.0.0/16", via = "192.168.7.2"}]
"""
LACP = ("bonds = [", "bonds = [{name = 'bond1', members = ['a', 'b'], mode = '802.3ad'}, ")


@pytest.mark.skipif(os.getuid() != 0, reason="making a network namespace takes root")
def test_networkd_understands_every_file_and_does_what_they_say(tmp_path: Path) -> None:
    folder, log = tmp_path / "network", tmp_path / "log"
    folder.mkdir()
    text = GOOD.replace('gateways = ["192.0.2.1", "fe80::1"]', "").replace(*LACP) + PLAIN
    for file in network.files(read_document(text), Facts(run="/run", certificates={})):
        if file.path.startswith(network.FOLDER):
            (folder / Path(file.path).name).write_text(file.content)
    tmp_path.chmod(0o755)
    unshare = [shutil.which("unshare") or "unshare", "--net", "--mount", "--kill-child", "--fork"]
    done = subprocess.run(
        [*unshare, "bash", "-c", SCRIPT, "-", str(folder), str(log)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = log.read_text() if log.exists() else "it never ran"
    assert done.returncode == 0, done.stderr + said
    assert not re.findall(r"/etc/systemd/network/\S+:\d+:.*", said), said
    link, routes = (json.loads(part) for part in done.stdout.splitlines() if part)
    addresses = {f"{one['local']}/{one['prefixlen']}" for one in link[0]["addr_info"]}
    assert {"192.168.7.10/24", "2001:db8:7::10/64"} <= addresses
    assert link[0]["mtu"] == 1400
    by = {(one["dst"], one.get("gateway")) for one in routes}
    assert {("default", "192.168.7.1"), ("10.99.0.0/16", "192.168.7.2")} <= by
