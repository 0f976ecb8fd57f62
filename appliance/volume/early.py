"""The network in the initrd, for one question: drivers, addresses by systemd-networkd; then gone.

What was there before is there again afterwards: the start goes on as if it had not been.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine.programs import ask
from appliance.volume.carried import NAMES

NETWORKD: Final = "/usr/lib/systemd/systemd-networkd"
RUN: Final = Path("/run")
SYSTEM: Final = Path("/sys")
LINKS: Final = SYSTEM / "class/net"
MODULES: Final = Path("/proc/modules")
FIRST: Final = "90-tenshu-first.network"
ANY_CABLE: Final = """\
[Match]
Name=en* eth*

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
"""
"""Where nobody set up a network: as the slot's own file, but with nothing of the machine's number,
which lies in the volume."""
NETWORK_CLASS: Final = "0x02"
"""Of a PCI device."""
OTHERS: Final = ("virtio:d00000001v", "vmbus:635161f83edfc546913ff2d2f965ed0e")
"""Names of cards on the buses of QEMU and Hyper-V."""
KINDS: Final = {"Kind=vlan": "8021q", "Kind=bond": "bonding"}
SECONDS: Final = 30


class EarlyNetwork:
    """Up while it is entered."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files) or {FIRST: ANY_CABLE}
        self._networkd: subprocess.Popen[bytes] | None = None
        self._modules: set[str] = set()
        self._links: set[str] = set()

    def __enter__(self) -> Self:
        self._modules, self._links = _modules(), _links()
        try:
            folder = RUN / "systemd/network"
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in self._files.items():
                if name != NAMES:
                    (folder / name).write_text(content, "utf-8")
            self._load()
            self._networkd = subprocess.Popen([NETWORKD], stdin=subprocess.DEVNULL)  # noqa: S603
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def name_servers(self) -> None:
        """Let names be asked where the network says."""
        told = self._files.get(NAMES) or "".join(
            f"nameserver {one}\n" for one in _leased(RUN / "systemd/netif/state")
        )
        target = RUN / "systemd/resolve/stub-resolv.conf"  # the slot's /etc/resolv.conf leads there
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(told, "utf-8")

    def _load(self) -> None:
        kinds = {KINDS[line] for text in self._files.values() for line in text.splitlines()
                 if line in KINDS}  # fmt: skip
        _modprobe(*sorted({*_cards(SYSTEM), *kinds}))
        _modprobe(*sorted(_cards(SYSTEM)))  # what lies on a bus that was found just now

    def _leave(self) -> None:
        if self._networkd is not None:
            self._networkd.terminate()
            try:
                self._networkd.wait(10)
            except subprocess.TimeoutExpired:
                self._networkd.kill()
                self._networkd.wait()
        for name in sorted(_links()):
            with contextlib.suppress(ProgramRefused):  # one goes with another
                if name not in self._links and not (LINKS / name / "device").exists():
                    ask("ip", "link", "delete", "dev", name)
                else:
                    ask("ip", "address", "flush", "dev", name)
                    ask("ip", "link", "set", "dev", name, "down")
        for name in sorted(_modules() - self._modules):
            with contextlib.suppress(ProgramRefused):  # another one needs it, and takes it along
                ask("modprobe", "--remove", name, seconds=SECONDS)


def _modprobe(*names: str) -> None:
    """Load what there is of it: a card without a driver is none."""
    if names:
        with contextlib.suppress(ProgramRefused):
            ask("modprobe", "--all", "--use-blacklist", "--quiet", *names, seconds=SECONDS)


def _cards(system: Path) -> Iterator[str]:
    """Yield the names by which the kernel asks for the drivers of this machine's cards."""
    for path in sorted(system.glob("bus/*/devices/*/modalias")):
        with contextlib.suppress(OSError):
            name = path.read_text("ascii").strip()
            kind = path.with_name("class")
            if name.startswith(OTHERS) or (
                kind.exists() and kind.read_text("ascii").startswith(NETWORK_CLASS)
            ):
                yield name


def _leased(state: Path) -> list[str]:
    """Return the name servers that systemd-networkd was told of."""
    try:
        lines = state.read_text("ascii").splitlines()
    except OSError:
        return []
    return [one for line in lines if line.startswith("DNS=") for one in line[4:].split()]


def _links() -> set[str]:
    """Return the network's cables and what lies on them; nothing else uses any of it yet."""
    told = json.loads(ask("ip", "-json", "link"))
    return {one["ifname"] for one in told} - {"lo"}


def _modules() -> set[str]:
    if not MODULES.exists():
        return set()  # a kernel of one piece
    return {line.split()[0] for line in MODULES.read_text("ascii").splitlines()}
