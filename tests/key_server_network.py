"""A machine, and a key server at the other end of its cable."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Host, ip
from tests.tang import KeyServer, key_server

CABLE, SERVER = "eth7", "10.77.0.1"


@pytest.fixture
def far() -> Iterator[Host]:
    host = Host(f"tenshu-{secrets.token_hex(3)}-far")
    try:
        yield host
    finally:
        host.close()


@pytest.fixture
def machine(far: Host) -> Iterator[Host]:
    host = Host(f"tenshu-{secrets.token_hex(3)}-own")
    try:
        ip("link", "add", "srv0", "netns", far.name, "type", "veth",
           "peer", CABLE, "netns", host.name)  # fmt: skip
        far.run("ip", "address", "add", f"{SERVER}/24", "dev", "srv0")
        far.run("ip", "link", "set", "srv0", "up")
        yield host
    finally:
        host.close()


@pytest.fixture
def server(far: Host, tmp_path: Path) -> Iterator[KeyServer]:
    serving = key_server(tmp_path / "server", 80, SERVER)
    found = far.call(serving.__enter__)
    try:
        yield found
    finally:
        far.call(serving.__exit__, None, None, None)
