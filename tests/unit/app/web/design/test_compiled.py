from pathlib import Path

import jinja2
import pytest

from app.web.design.assets import collect_assets
from app.web.design.compiled import Compiled, compile_all
from app.web.design.environment import create_environment

FRAME = "frame.html"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "compiled"
    assert compile_all(folder) == len(list(folder.iterdir())) > 100
    return folder


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has to be compiled."""
    found: list[str] = []
    by_jinja = jinja2.Environment.compile

    def compile_one(self: jinja2.Environment, source: str, name: str, *more: object) -> object:
        found.append(name)
        return by_jinja(self, source, name, *more)  # type: ignore[call-overload]

    monkeypatch.setattr(jinja2.Environment, "compile", compile_one)
    return found


def environment(folder: Path) -> jinja2.Environment:
    made = create_environment(collect_assets())
    made.bytecode_cache = Compiled(folder)
    return made


def test_what_was_compiled_is_not_compiled_again(folder: Path, compiled: list[str]) -> None:
    made = environment(folder)
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)
    assert compiled == []


def test_where_nothing_was_compiled_it_is_and_nothing_is_written(
    tmp_path: Path, compiled: list[str]
) -> None:
    environment(tmp_path / "missing").get_template(FRAME)
    assert compiled == [FRAME]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda whole: whole[:-40], lambda whole: b"x" + whole[1:]])
def test_what_is_damaged_or_of_another_text_is_compiled_anew(
    folder: Path, tmp_path: Path, compiled: list[str], damage: object
) -> None:
    assert callable(damage)
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(damage(file.read_bytes()))
    environment(tmp_path).get_template(FRAME)
    assert compiled == [FRAME]
