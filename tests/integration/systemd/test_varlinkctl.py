"""`varlinkctl` of systemd 257, as an administrator or an auditor uses it, against a real agent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from appliance.contract.interface import FAULT
from appliance.contract.table import TABLE
from appliance.place import Place
from tests.debian import inside
from tests.integration.appliance.conftest import RunningAgent
from tests.integration.systemd.conftest import bound

# making the Debian takes a minute, once a machine
pytestmark = [pytest.mark.image, pytest.mark.together("debian-13")]

WHO = {"caller": {"account": "a"}}


class Varlinkctl(NamedTuple):
    root: Path
    socket: str

    def __call__(self, verb: str, *words: str) -> tuple[int, str]:
        told = inside(self.root, "varlinkctl", verb, self.socket, *words)
        return told.returncode, told.stdout + told.stderr

    def call(self, name: str, parameters: dict[str, object]) -> tuple[int, str]:
        return self("call", f"tenshu.appliance.{name}", json.dumps(parameters))


@pytest.fixture(scope="module")
def varlinkctl(debian: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Varlinkctl]:
    folder = tmp_path_factory.mktemp("place")
    data = folder / "data"
    data.mkdir()
    place = Place(data=data, keys=folder / "keys", database_url=f"sqlite:///{data}/tenshu.sqlite")
    agent = RunningAgent(place)
    agent.start()
    try:
        with bound(data, debian / "mnt"), bound(Path("/proc"), debian / "proc"):
            yield Varlinkctl(debian, "/mnt/run/agent.sock")
    finally:
        agent.end()


def test_it_reads_the_whole_privileged_surface_and_nothing_else_is_there(varlinkctl):
    code, told = varlinkctl("introspect", "tenshu.appliance")
    assert code == 0, told
    assert set(re.findall(r"^method (\w+)\(", told, re.MULTILINE)) == TABLE.keys()
    unwrapped = told.replace("\n# ", " ")  # comments are broken at 80 letters
    assert all(action.says in unwrapped for action in TABLE.values())
    code, told = varlinkctl("list-methods")
    assert code == 0, told
    named = {line.rpartition(".")[2] for line in told.split() if "tenshu.appliance." in line}
    assert named == TABLE.keys()


def test_it_asks_who_serves(varlinkctl):
    code, told = varlinkctl("info")
    assert code == 0, told
    assert "Tenshu appliance agent" in told
    assert "tenshu.appliance" in told


def test_it_calls_an_action(varlinkctl):
    code, told = varlinkctl.call("ListRepositories", WHO)
    assert (code, json.loads(told)) == (0, {"result": {"repositories": []}})
    code, told = varlinkctl("call", "--more", "tenshu.appliance.ListRuns", json.dumps(WHO))
    assert code == 0, told


@pytest.mark.parametrize(
    ("name", "parameters", "error", "code"),
    [
        ("GetProgress", {**WHO, "run": "00000000"}, FAULT, "run.unknown"),
        ("GetProgress", {**WHO, "run": "../../etc"}, FAULT, "agent.parameters_refused"),
        ("ReadConfiguration", WHO, FAULT, "machine.not_owned"),
        ("RunShell", {}, "org.varlink.service.MethodNotFound", "RunShell"),
    ],
)
def test_what_is_refused_is_a_typed_error(varlinkctl, name, parameters, error, code):
    ended, told = varlinkctl.call(name, parameters)
    assert ended != 0
    assert error in told
    assert code in told
