"""The parts that every command leans on."""

import io

import click
import msgspec
import pytest

from app.core.errors import InvalidInput
from app.core.secret import Secret
from cli import failure
from cli.ask import secret_from
from cli.invocation import Invocation, to_json
from cli.main import run
from cli.progress import Bar
from cli.request import request
from cli.table import columns, moment, width
from cli.words import language_of, say


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "ja_JP"}, "ja"),
        ({"LANG": "", "LC_ALL": ""}, "en"),
    ],
)
def test_the_terminal_says_which_language_is_spoken(environ, language):
    assert language_of(environ) == language


def test_texts_are_found_in_the_commands_own_words_and_in_those_of_the_areas():
    assert say("ja", "The history is whole.") == "操作履歴は完全です。"
    assert say("ja", "Event: {event}", event="7") == "記録: 7"
    assert say("ja", "Tenshu is running.") != "Tenshu is running."
    assert say("en", "Event: {event}", event="7") == "Event: 7"


def test_japanese_columns_are_as_wide_as_they_look():
    assert width("天守ab") == 6
    table = columns(("A", "B"), [("天守", 1), ("x", 2)])
    assert table == "A     B\n天守  1\nx     2"


def test_a_moment_is_told_with_its_zone_and_none_is_empty():
    assert moment(None) == moment(0) == ""
    assert moment(1_700_000_000_000)[:4] == "2023"


def test_a_secret_is_read_from_a_file_from_stdin_or_from_a_prompt(tmp_path, monkeypatch):
    file = tmp_path / "secret"
    file.write_text("one\ntwo\n")
    assert secret_from(str(file), "?").reveal() == "one"
    file.write_text("")
    assert secret_from(str(file), "?").reveal() == ""
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\r\n"))
    assert secret_from(None, "?").reveal() == "from a pipe"
    with pytest.raises(click.BadParameter, match="nowhere"):
        secret_from(str(tmp_path / "nowhere"), "?")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    asked: list[str] = []
    monkeypatch.setattr(click, "prompt", lambda text, **options: asked.append(text) or "typed")
    assert secret_from(None, "Password").reveal() == "typed"
    assert asked == ["Password"]


def test_a_bar_moves_on_a_terminal_and_tells_phases_elsewhere():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown, told = Terminal(), io.StringIO()
    for stream in (shown, told):
        bar = Bar(stream)
        for phase, percent in (("snapshot", 10.0), ("archiving", 50.0), ("archiving", 60.0)):
            bar.show(phase, percent)
        bar.close()
    assert "\r" in shown.getvalue()
    assert "60.0 %" in shown.getvalue()
    assert told.getvalue() == "· snapshot\n· archiving\n"


class Wanted(msgspec.Struct):
    name: str
    password: Secret


def test_a_request_keeps_secrets_and_names_the_field_that_does_not_fit():
    made = request(Wanted, name="x", password=Secret("s"))
    assert made.password.reveal() == "s"
    with pytest.raises(InvalidInput, match="name"):
        request(Wanted, name=7, password=Secret("s"))
    with pytest.raises(InvalidInput, match="Wanted"):
        request(Wanted, password=Secret("s"))


def test_json_shows_what_was_asked_for():
    assert msgspec.json.decode(to_json(Wanted("x", Secret("s")))) == {"name": "x", "password": "s"}


def test_a_fault_of_the_program_gets_an_incident_number_and_its_traceback_a_log(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TENSHU_DATA", str(tmp_path))
    (tmp_path / "logs").mkdir()

    monkeypatch.setattr(Invocation, "settings", _failing_first(Invocation.settings))
    assert run(["config", "show"]) == 1
    told = capsys.readouterr().err
    log = (tmp_path / "logs" / failure.LOG).read_text()
    assert "Traceback" not in told
    incident = log.split()[1]
    assert incident in told
    assert "RuntimeError: unforeseen" in log


def _failing_first(settings):
    calls = iter([True])

    def once(self):
        if next(calls, False):
            message = "unforeseen"
            raise RuntimeError(message)
        return settings(self)

    return once


def test_a_fault_where_no_log_can_be_written_is_told_all_the_same(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TENSHU_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr(Invocation, "settings", _failing_first(Invocation.settings))
    assert run(["config", "show"]) == 1
    assert "RuntimeError" in capsys.readouterr().err


def test_an_interrupted_command_is_130(monkeypatch):
    def interrupt(_: Invocation):
        raise KeyboardInterrupt

    monkeypatch.setattr(Invocation, "settings", interrupt)
    assert run(["config", "show"]) == 130
