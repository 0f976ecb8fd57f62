"""What the builder keeps is whole, or made again."""

from pathlib import Path

import pytest

from image import kept as keeping
from image.fingerprint import every_file, fingerprint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "KEPT", tmp_path)
    return tmp_path


def make(place: Path) -> None:
    place.mkdir()
    (place / "file").write_text("whole")


def fail(place: Path) -> None:
    place.mkdir()
    raise OSError


def test_what_is_made_is_not_made_again(folder: Path) -> None:
    made = keeping.kept("root", "a", "Making it", make)
    assert keeping.is_kept("root", "a")
    assert keeping.kept("root", "a", "Making it", fail) == made


def test_what_was_left_half_made_is_made_again(folder: Path) -> None:
    with pytest.raises(OSError):
        keeping.kept("root", "a", "Making it", fail)
    assert not keeping.is_kept("root", "a")
    assert (keeping.kept("root", "a", "Making it", make) / "file").read_text() == "whole"


def test_only_the_newest_of_a_kind_is_kept_and_other_kinds_stay(folder: Path) -> None:
    for kind, name in (("root", "a"), ("wheels", "a"), ("root", "b")):
        keeping.kept(kind, name, "Making it", make)
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"root-b", "wheels-a"}


def test_a_name_follows_words_contents_paths_and_targets(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "link").symlink_to("a")

    def name(*words: str) -> str:
        return fingerprint(*words, files=every_file(tmp_path), below=tmp_path)

    names = [name(), name("word")]
    (tmp_path / "a").write_text("2")
    names.append(name())
    (tmp_path / "a").rename(tmp_path / "b")
    names.append(name())
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("b")
    names.append(name())
    assert len(set(names)) == len(names)
    assert name() == name()
