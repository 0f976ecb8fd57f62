"""What the supervisor is told to run."""

import configparser

from app.start.programs import PROGRAMS, render


def _rendered() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(render())
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
