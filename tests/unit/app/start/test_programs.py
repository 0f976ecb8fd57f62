"""What the supervisor is told to run."""

import configparser

import pytest
from supervisor.datatypes import dict_of_key_value_pairs
from supervisor.options import expand

from app.start.programs import PROGRAMS, render


def _rendered(addresses: dict[str, str] | None = None) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(render(addresses or {}))
    return parser


def test_every_process_of_the_architecture_is_supervised_and_comes_back_for_ever():
    found = _rendered()
    for name in ("console", "workspace", "worker", "sealer", "agent"):
        section = found[f"program:{name}"]
        assert section["autorestart"] == "true"
        assert int(section["startretries"]) >= 1_000_000
        assert section["stopsignal"] == "TERM"


def test_the_sealer_stops_after_the_processes_that_write_events():
    found = _rendered()
    faces, machine = found["group:faces"], found["group:machine"]
    assert machine["programs"].split(",") == ["agent", "sealer"]
    assert faces["programs"].split(",") == ["console", "workspace", "worker"]
    assert int(machine["priority"]) < int(faces["priority"])


def test_the_supervisor_has_no_network_door_and_its_socket_is_its_own_users():
    found = _rendered()
    assert "inet_http_server" not in found
    assert found["unix_http_server"]["chmod"] == "0700"


def test_logs_are_rotated_and_no_path_of_a_person_stands_in_the_text():
    found = _rendered()
    for one in PROGRAMS:
        section = found[f"program:{one.name}"]
        assert section["stdout_logfile"] == f"/proc/self/cwd/logs/{one.name}.log"
        assert 0 < int(section["stdout_logfile_maxbytes"]) <= 50 * 1024 * 1024
        assert int(section["stdout_logfile_backups"]) > 0
        assert '"%(ENV_TENSHU_PYTHON)s" -P -m ' in section["command"]
        assert section["command"].startswith("nice ") is (one.name in ("worker", "agent"))


def test_on_postgresql_each_process_is_told_the_address_of_its_own_role_alone():
    roles = {"console": "console", "workspace": "workspace", "worker": "workspace",
             "sealer": "audit", "agent": "backup"}  # fmt: skip
    addresses = {role: f"postgresql+psycopg://?user={role}&host=%2Frun" for role in roles.values()}
    found = _rendered(addresses)
    for name, role in roles.items():
        told = expand(found[f"program:{name}"]["environment"], {}, "environment")
        assert dict_of_key_value_pairs(told) == {"TENSHU_DATABASE_URL": addresses[role]}


@pytest.mark.parametrize("name", [one.name for one in PROGRAMS])
def test_on_sqlite_a_process_takes_the_address_that_all_have(name):
    assert "environment" not in _rendered()[f"program:{name}"]
