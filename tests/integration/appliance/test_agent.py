"""The agent's socket: who may speak, in which form, and what is refused."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.actions import Caller, Repository
from appliance.contract.backup_errors import (
    FolderRefused,
    KitMistyped,
    RepositoryNameTaken,
    RepositoryReplaced,
    RepositoryUnknown,
    RunUnknown,
    WrongKit,
)
from appliance.contract.client import AgentClient
from appliance.contract.errors import AgentNotRunning, ParametersRefused
from appliance.contract.interface import FAULT, interface_description
from appliance.contract.kit import KeyKit
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE
from appliance.contract.varlink import LIMIT, Messages, address_of
from tests.integration.appliance.conftest import CALLER, RunningAgent, wait_for

WHO = {"account": "a"}


@contextlib.contextmanager
def line(agent: RunningAgent) -> Iterator[socket.socket]:
    """A bare connection to the agent's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(30)
        with address_of(agent.place.socket) as address:
            connection.connect(address)
        yield connection


def answer(agent: RunningAgent, data: bytes) -> dict[str, object] | None:
    with line(agent) as connection:
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(data)
        return Messages(connection).receive()


def call(agent: RunningAgent, method: str, **parameters: object) -> dict[str, object]:
    message = json.dumps({"method": method, "parameters": parameters}).encode() + b"\0"
    found = answer(agent, message)
    assert found is not None
    return found


def code(found: dict[str, object] | None) -> object:
    assert found
    assert found["error"] == FAULT
    parameters = found["parameters"]
    assert isinstance(parameters, dict)
    assert parameters["message"]
    assert parameters["hint"]
    return parameters["code"]


def test_the_agent_tells_its_whole_surface(agent: RunningAgent) -> None:
    info = call(agent, "org.varlink.service.GetInfo")["parameters"]
    assert info["interfaces"] == ["org.varlink.service", "tenshu.appliance"]
    told = call(agent, "org.varlink.service.GetInterfaceDescription", interface="tenshu.appliance")[
        "parameters"
    ]["description"]
    assert told == interface_description()
    for name in TABLE:
        assert f"method {name}(" in told
    service = call(
        agent, "org.varlink.service.GetInterfaceDescription", interface="org.varlink.service"
    )["parameters"]["description"]
    assert "method GetInfo()" in service


@pytest.mark.skipif(not shutil.which("varlinkctl"), reason="systemd here has no varlinkctl yet")
def test_varlinkctl_reads_the_whole_surface(agent: RunningAgent) -> None:
    command = ["varlinkctl", "introspect", str(agent.place.socket), "tenshu.appliance"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for name in TABLE:
        assert f"method {name}" in told


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("tenshu.appliance.RunShell", "org.varlink.service.MethodNotFound"),
        ("tenshu.appliance.__init__", "org.varlink.service.MethodNotFound"),
        ("org.varlink.service.Nothing", "org.varlink.service.MethodNotFound"),
        ("os.system", "org.varlink.service.InterfaceNotFound"),
        ("RunBackup", "org.varlink.service.InterfaceNotFound"),
    ],
)
def test_nothing_but_the_table_can_be_called(agent: RunningAgent, method: str, error: str) -> None:
    assert call(agent, method, caller=WHO)["error"] == error


def test_an_unknown_interface_is_told(agent: RunningAgent) -> None:
    method = "org.varlink.service.GetInterfaceDescription"
    assert call(agent, method, interface="x.y")["error"] == "org.varlink.service.InterfaceNotFound"
    assert call(agent, method)["error"] == "org.varlink.service.InvalidParameter"


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"hello\0",
        b"[1]\0",
        b"\xff\xfe\0",
        b'{"method": \0',
        b"[" * 100_000 + b"\0",
    ],
)
def test_what_is_no_call_is_refused_and_the_agent_lives_on(
    agent: RunningAgent, data: bytes
) -> None:
    assert code(answer(agent, data)) == "agent.message_malformed"
    assert agent.answers()


@pytest.mark.parametrize("end", [b"", b"\0"])
def test_a_message_over_one_mebibyte_is_refused(agent: RunningAgent, end: bytes) -> None:
    data = b'{"method":"' + b"a" * (LIMIT + 10) + end
    assert code(answer(agent, data)) == "agent.message_too_large"
    assert agent.answers()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"caller": WHO},
        {"caller": "me", "repository": "aabbccdd"},
        {"caller": {}, "repository": "aabbccdd"},
        {"caller": WHO, "repository": "../../etc"},
        {"caller": WHO, "repository": "/etc/passwd"},
        {"caller": WHO, "repository": 7},
        {"caller": WHO, "repository": "aabbccdd", "folder": "/etc"},
        {"caller": WHO | {"uid": 0}, "repository": "aabbccdd"},
        {"caller": {"account": "a" * 201}, "repository": "aabbccdd"},
    ],
)
def test_a_request_that_is_not_of_its_type_is_refused(
    agent: RunningAgent, parameters: dict[str, object]
) -> None:
    assert code(call(agent, "tenshu.appliance.RunBackup", **parameters)) == (
        "agent.parameters_refused"
    )


def test_parameters_that_are_no_object_are_refused(agent: RunningAgent) -> None:
    data = b'{"method":"tenshu.appliance.ListRuns","parameters":[1]}\0'
    assert code(answer(agent, data)) == "agent.parameters_refused"
    assert code(answer(agent, b'{"method":7}\0')) == "agent.parameters_refused"


def test_null_means_left_out_and_several_calls_go_over_one_connection(
    agent: RunningAgent,
) -> None:
    message = {
        "method": "tenshu.appliance.ListRuns",
        "parameters": {"caller": WHO | {"plane": None}, "offset": None, "limit": 1},
    }
    silent = message | {"oneway": True}
    with line(agent) as connection:
        messages = Messages(connection)
        for one in (message, silent, message):
            connection.sendall(json.dumps(one).encode() + b"\0")
        for _ in range(2):
            found = messages.receive()
            assert found == {"parameters": {"result": {"runs": [], "total": 0}}}


def test_a_user_who_is_not_on_the_list_is_refused(agent: RunningAgent) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    # folders and mode alone would already stop this user; the agent must not rely on them. It
    # refuses before it reads: whoever sends something first may find the line closed already
    agent.place.socket.chmod(0o666)
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        (Path(open_folder) / "agent.sock").hardlink_to(agent.place.socket)
        program = (
            "import socket\n"
            "line = socket.socket(socket.AF_UNIX)\n"
            "line.settimeout(30)\n"
            f"line.connect('{open_folder}/agent.sock')\n"
            "print(line.recv(65536).decode())\n"
        )
        told = subprocess.run(
            ["/usr/bin/python3", "-c", program],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            user=65534,
            group=65534,
            extra_groups=[],
            cwd="/",
        ).stdout
    found = json.loads(told.rstrip("\0\n"))
    assert code(found) == "agent.peer_refused"
    assert found["parameters"]["parameters"] == {"uid": "65534"}


def test_the_socket_is_for_its_owner_and_group_only(agent: RunningAgent) -> None:
    assert agent.place.socket.stat().st_mode & 0o777 == 0o660


def test_too_many_connections_are_told_so(agent: RunningAgent) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(32):
            connection = stack.enter_context(line(agent))
            connection.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
            assert Messages(connection).receive()
        assert code(answer(agent, b"")) == "agent.busy"
    wait_for(agent.answers)


def test_an_agent_that_does_not_run_is_told_with_a_remedy(tmp_path: Path) -> None:
    for path in (tmp_path / "agent.sock", tmp_path / "nowhere" / "agent.sock"):
        with pytest.raises(AgentNotRunning) as caught:
            AgentClient(path).runs(CALLER)
        assert str(path) in str(caught.value)
        assert "Start the appliance" in caught.value.advice()


def test_the_agent_ends_well_and_starts_again_after_a_kill(agent: RunningAgent) -> None:
    assert agent.end() == 0
    assert not agent.place.socket.exists()
    agent.start()
    agent.kill()
    assert agent.place.socket.exists()
    with pytest.raises(AgentNotRunning):
        agent.client.runs(CALLER)
    agent.start()
    assert agent.client.runs(CALLER).total == 0


def test_a_second_agent_on_the_same_data_folder_gives_way(agent: RunningAgent) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "appliance.agent"],
        env=os.environ | agent.place.environment(),
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 1
    assert "another agent" in second.stderr
    assert agent.answers()


def test_every_capability_says_whether_and_why_not(agent: RunningAgent) -> None:
    found = {one.name: one for one in agent.client.capabilities(CALLER).capabilities}
    assert found["backup"].available
    assert found["backup"].detail.startswith("borg 1.")
    assert found["database-copy"].detail == "sqlite"
    for one in found.values():
        assert one.available == (one.reason == "")


def test_a_repository_is_made_once_and_known_by_its_identifier(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    assert agent.client.repositories(CALLER).repositories == (repository,)
    assert not repository.adopted
    with pytest.raises(RepositoryNameTaken):
        agent.client.create_repository_for(CALLER, "NAS", str(tmp_path / "other"), kit)
    with pytest.raises(FolderRefused):
        agent.client.create_repository_for(CALLER, "NAS 2", repository.folder, kit)
    with pytest.raises(RepositoryUnknown):
        agent.client.run_backup(CALLER, "0123456789abcdef")
    with pytest.raises(RunUnknown):
        agent.client.progress(CALLER, "0123456789abcdef")
    with pytest.raises(RunUnknown):
        list(agent.client.follow(CALLER, "0123456789abcdef"))
    with pytest.raises(ParametersRefused):
        agent.client.create_repository(CALLER, "a\nb", "/x", Secret("p"), "0" * 16)
    with pytest.raises(KitMistyped):
        typed = kit.text().reveal()
        wrong = ("B" if typed[0] == "A" else "A") + typed[1:]
        agent.client.restore_archive(CALLER, repository.id, "x", Secret(wrong))


def test_a_repository_that_stands_there_is_taken_up_with_its_kit_only(
    agent: RunningAgent, repository: Repository, kit: KeyKit
) -> None:
    agent.end()
    agent.place.repositories.unlink()  # an appliance that never heard of it
    shutil.rmtree(agent.place.borg)
    agent.start()
    with pytest.raises(WrongKit):
        agent.client.create_repository_for(CALLER, "NAS", repository.folder, KeyKit.new())
    assert agent.client.repositories(CALLER).repositories == ()
    taken = agent.client.create_repository_for(CALLER, "NAS", repository.folder, kit)
    assert (taken.adopted, taken.borg_id) == (True, repository.borg_id)


def test_another_repository_in_the_same_folder_is_noticed(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    other = agent.client.create_repository_for(CALLER, "other", str(tmp_path / "other"), kit)
    shutil.rmtree(repository.folder)
    shutil.move(other.folder, repository.folder)
    with pytest.raises(RepositoryReplaced):
        agent.client.archives(CALLER, repository.id)
    ended = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert ended.error_code == "repository.replaced"


def test_who_asked_stands_in_the_run(agent: RunningAgent, repository: Repository) -> None:
    caller = Caller(account="b" * 28, session="t", source="198.51.100.9", plane="machine")
    run = agent.finished(agent.client.check_repository(caller, repository.id))
    assert (run.account, run.session, run.source, run.plane) == (
        caller.account,
        caller.session,
        caller.source,
        caller.plane,
    )
    assert agent.client.runs(CALLER, offset=1).runs == ()
