"""Calling `tenshu` inside the test's own process, on a prepared data folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import run
from tests.running import environment_for


@dataclass
class Answer:
    """What one call printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        return json.loads(self.err[self.err.index("{") :])["error"]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of a data folder of this test alone."""
    variables = environment_for(tmp_path, TENSHU_RESERVE="1")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        if name.startswith("TENSHU_") or name == "LANG":
            monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def tenshu(environ, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Call `tenshu …`."""

    def call(*arguments: str) -> Answer:
        code = run(list(arguments))
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return call


@pytest.fixture
def owned(tenshu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """The same, where there is a first administrator."""
    monkeypatch.setenv("TENSHU_ADMINISTRATOR_PASSWORD", "correct horse battery")
    person = tmp_path / "person.toml"
    person.write_text('[administrator]\nlogin_id = "yamada"\nname = "山田 太郎"\n')
    made = tenshu("setup", "--from", str(person))
    assert made.code == 0, made.err
    return tenshu
