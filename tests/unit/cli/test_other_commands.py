"""Jobs, keys, settings, completion, status, help: what they print and how they end."""

import re
import subprocess

import click
import pytest

from app.core import clock
from app.core.database import Database
from app.core.identifiers import new_identifier
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.jobs.models import Job
from app.start.keys import PROBE
from cli.main import COMMANDS, Commands
from cli.main import tenshu as tree


def test_jobs_are_listed_and_an_unknown_one_is_named(owned):
    assert owned("jobs", "list", "--json").json == {"items": [], "after": "", "total": None}
    assert owned("jobs", "list").code == 0
    for command in ("show", "cancel"):
        assert owned("jobs", command, "0" * 28, "--json").error["code"] == "not_found"


def _ask_for(environ, **particulars) -> str:
    job = Job(
        id=new_identifier(),
        kind="tables.import",
        arguments="{}",
        created_by="somebody",
        created_at=clock.now(),
        updated_at=clock.now(),
        state="queued",
        max_attempts=3,
        **particulars,
    )
    identifier = job.id
    database = Database(environ["TENSHU_DATABASE_URL"])
    with database.write() as session:
        session.add(job)
    database.close()
    return identifier


def test_everybodys_jobs_are_shown_with_their_progress_and_stopped(owned, environ):
    environ = load_settings(environ).environment()
    running = _ask_for(environ, done=50, total=200, unit="rows", numbers='{"rejected": 3}')
    failed = _ask_for(environ, done=7, unit="bytes", error="import.no_table")
    told = owned("jobs", "list")
    assert "50/200 rows (25 %)" in told.out
    assert "7 bytes" in told.out
    shown = owned("jobs", "show", running).out
    assert "rejected: 3" in shown
    assert "import.no_table" in owned("jobs", "show", failed).out
    cancelled = owned("jobs", "cancel", running, "--json")
    assert cancelled.json["cancel_requested"] is True
    assert [one["id"] for one in owned("jobs", "list", "--open", "--json").json["items"]]


def test_rotated_keys_seal_anew_and_still_open_what_was_sealed_F13(owned, environ):
    settings = load_settings(environ)
    before = KeyRing.load(settings.keys)
    rotated = owned("keys", "rotate", "--json")
    assert rotated.code == 0, rotated.err
    after = KeyRing.load(settings.keys)
    assert rotated.json["key"] == after.primary != before.primary
    assert after.open(PROBE, (settings.data / PROBE).read_text()).reveal()
    assert "seals from now on" in owned("keys", "rotate").out


def test_settings_are_shown_with_where_they_come_from(tenshu, monkeypatch):
    monkeypatch.delenv("TENSHU_KEYS", raising=False)
    told = tenshu("config", "show", "--json", "--console-port", "20443").json["settings"]
    by_name = {one["variable"]: one for one in told}
    assert by_name["TENSHU_CONSOLE_PORT"] == {
        "variable": "TENSHU_CONSOLE_PORT",
        "value": "20443",
        "from": "option",
    }
    assert by_name["TENSHU_DATA"]["from"] == "variable"
    assert by_name["TENSHU_KEYS"]["from"] == "default"
    assert "20443" in tenshu("config", "show", "--console-port", "20443").out
    before = tenshu("--console-port", "20443", "config", "show", "--json")
    assert "20443" in before.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(tenshu, shell):
    told = tenshu("completion", shell)
    assert told.code == 0
    assert "_TENSHU_COMPLETE" in told.out


def test_bash_really_completes(tenshu, environ):
    """bash runs the printed script and asks `tenshu` as a person's Tab does."""
    import sys

    script = f"""
    tenshu() {{ {sys.executable} -P -m cli "$@"; }}
    export COMP_WORDS="tenshu acc" COMP_CWORD=1 _TENSHU_COMPLETE=bash_complete
    {sys.executable} -P -m cli
    """
    told = subprocess.run(
        ["bash", "-c", script], env=environ, capture_output=True, text=True, check=False
    )
    assert "accounts" in told.stdout, told.stderr


def test_status_of_a_copy_that_does_not_run_is_1(tenshu):
    told = tenshu("status", "--json")
    assert told.code == 1
    assert told.json["well"] is False
    assert told.json["processes"] == []


def test_without_an_appliance_every_command_says_how_to_begin(tenshu):
    refused = tenshu("accounts", "list", "--json")
    assert refused.code == 1
    assert "tenshu start" in refused.error["hint"]


def test_a_folder_that_was_never_started_is_named(tenshu, environ):
    settings = load_settings(environ)
    settings.data.mkdir()
    KeyRing.create(settings.keys)
    assert tenshu("accounts", "list", "--json").error["code"] == "start.not_prepared"


def test_wrong_usage_is_2_and_no_traceback(tenshu):
    for arguments in (
        ("nonsense",),
        ("accounts", "create"),
        ("start", "--nonsense"),
        ("jobs", "x"),
    ):
        refused = tenshu(*arguments)
        assert refused.code == 2, arguments
        assert "Traceback" not in refused.err


def test_help_names_every_command_and_every_exit_code(tenshu):
    told = tenshu("--help").out
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", told, re.MULTILINE), name
    for code in (0, 1, 2, 3, 130):
        assert re.search(rf"^ +{code} ", told, re.MULTILINE), code


def _walk(command: click.Command, path: tuple[str, ...] = ()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _walk(found, (*path, name))


def test_every_command_takes_json_and_data_and_is_described_and_no_option_takes_a_secret():
    assert isinstance(tree, Commands)
    for path, command in _walk(tree):
        options = {name for option in command.params for name in option.opts}
        assert {"--json", "--data"} <= options, path
        assert command.help, path
        for option in command.params:
            name = option.name or ""
            if isinstance(option, click.Option):
                assert option.help or not option.expose_value or option.type.name == "choice", name
            assert not re.search(r"(password|secret|token|kit|passphrase|code)$", name), (
                path,
                name,
            )


def test_the_version_is_the_projects(tenshu):
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", tenshu("--version").out)
