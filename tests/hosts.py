"""Hosts on a network of their own: network namespaces, joined by cables (veth), for real traffic.

Nothing in here touches the network of the machine that the tests run on.
"""

import contextlib
import ctypes
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x00020000
PROBE_SECONDS = 0.4
"""How long a probe waits for an answer: on a cable in memory one comes within a millisecond."""
LONGEST = 5.0
"""Seconds in which nobody may get through, on a machine that has other work as well."""

Answer = TypeVar("Answer")


def _enter(name: str) -> None:
    """Move this thread, and no other, into a namespace (setns(2))."""
    handle = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


def _see(shown: Mapping[str, Path]) -> None:
    """Show this thread, and what it starts, other files at some paths (unshare(2), mount(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    private, bind = 1 << 18 | 1 << 14, 1 << 12
    calls = [libc.unshare(CLONE_NEWNS), libc.mount(b"none", b"/", None, private, None)]
    calls += [libc.mount(bytes(file), at.encode(), None, bind, None) for at, file in shown.items()]
    if any(calls):
        raise OSError(ctypes.get_errno(), f"a view of its own: {calls}")


@dataclass
class Host:
    """A namespace, and a thread that lives in it."""

    name: str
    addresses: list[str] = field(default_factory=list)
    servers: dict[int, socket.socket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        self._thread = ThreadPoolExecutor(1, initializer=_enter, initargs=(self.name,))

    def call(self, work: Callable[..., Answer], *values: Any) -> Answer:
        """Run a function inside; the sockets that it opens stay inside."""
        return self._thread.submit(work, *values).result()

    def show(self, shown: Mapping[str, Path]) -> None:
        """Let everything that `call` starts from now on find other files at some paths."""
        self.call(_see, shown)

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs a program inside."""
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words: str) -> str:
        """Run a program inside to its end; fail with its words."""
        ended = subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def tcp(self, address: str, port: int, source: str = "") -> str:
        """Tell how a port there looks from here: open, refused or filtered."""
        return self.call(probe, address, port, source)

    def listen(self, port: int) -> None:
        """Serve a port, IPv4 and IPv6: what is filtered shows as such."""
        self.call(_listen, self, port)

    def close(self) -> None:
        """Take the host away."""
        for server in self.servers.values():
            server.close()
        self._thread.shutdown()
        ip("netns", "delete", self.name)


def _listen(host: Host, port: int) -> None:
    server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    server.listen(512)
    host.servers[port] = server


def probe(address: str, port: int, source: str = "") -> str:
    """Connect once."""
    # as numbers: an address that holds on one cable alone names it (`fe80::1%tap1`)
    found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    family, _, _, _, place = found[0]
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(PROBE_SECONDS)
        if source:
            client.bind((source, 0))
        try:
            client.connect(place)
        except TimeoutError:
            return "filtered"
        except ConnectionRefusedError:
            return "refused"
        return "open"


def ip(*words: str) -> None:
    """Run ip(8); fail with its words."""
    ended = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, f"ip {' '.join(words)}: {ended.stderr}"


def cable(one: Host, its: str, other: Host, name: str, network: int) -> None:
    """Join two hosts: 10.77.N.1 and .2, fd77:N::1 and ::2."""
    ip("link", "add", its, "netns", one.name, "type", "veth", "peer", name, "netns", other.name)
    for host, interface, number in ((one, its, 1), (other, name, 2)):
        four, six = f"10.77.{network}.{number}", f"fd77:{network}::{number}"
        ip("-n", host.name, "address", "add", f"{four}/24", "dev", interface)
        ip("-n", host.name, "address", "add", f"{six}/64", "dev", interface, "nodad")
        ip("-n", host.name, "link", "set", interface, "up")
        host.addresses += [four, six]


@dataclass
class Network:
    """An appliance with a cable to the administrators and one to everybody else."""

    appliance: Host
    manage: Host
    outside: Host


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Make the hosts; skip where this user may not."""
    if os.geteuid() != 0 or not Path("/run/netns").parent.is_dir():
        pytest.skip("network namespaces need root")
    token = secrets.token_hex(3)
    hosts = [Host(f"tenshu-{token}-{name}") for name in ("appliance", "manage", "outside")]
    try:
        found = Network(*hosts)
        cable(found.appliance, "manage0", found.manage, "eth0", 1)
        cable(found.appliance, "serve0", found.outside, "eth0", 2)
        yield found
    finally:
        for host in hosts:
            host.close()


def longest_silence(
    gets_through: Callable[[], bool], change: contextlib.AbstractContextManager[object]
) -> float:
    """Connect again and again while something is changed; return the longest pause between two."""
    pauses, last = [], time.monotonic()
    with change:
        until = last + 3
        while time.monotonic() < until or not pauses:
            if gets_through():
                pauses.append(time.monotonic() - last)
                last = time.monotonic()
            assert time.monotonic() - last < 4 * LONGEST, "nobody gets through any more"
        pauses.append(time.monotonic() - last)
    return max(pauses)
