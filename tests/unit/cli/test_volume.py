"""`tenshu volume`, over a real agent; the keys are those of a real volume in a file (S1)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.place import load_place
from tests.ports import free_port
from tests.tang import key_server
from tests.unit.cli.conftest import Answer
from tests.volume import Machine, served


@pytest.fixture
def machine(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    with served(monkeypatch, tmp_path / "machine", load_place(environ)) as found:
        yield found


def test_whether_the_disks_are_protected_is_told_and_a_recovery_key_protects_them_S1(
    owned: Callable[..., Answer], machine: Machine
) -> None:
    assert owned("volume", "show", "--json").error["code"] == "volume.unknown"
    machine.work()
    assert "Not protected" in owned("volume", "show").out
    made = owned("volume", "recovery-key")
    assert made.code == 0, made.err
    key = made.out.split()[-1]
    assert machine.opens(key)
    shown = owned("volume", "show", "--json").json
    assert (shown["protected"], shown["recovery"], shown["tpm"]) == (True, True, True)
    assert key not in owned("volume", "show").out


def test_a_passphrase_comes_from_a_file_and_one_that_is_unfit_is_refused_S1(
    owned: Callable[..., Answer], machine: Machine, tmp_path: Path
) -> None:
    machine.work()
    file = tmp_path / "passphrase"
    file.write_text("long-enough-7\n")
    words = ("volume", "keeper", "passphrase", "--passphrase-file", str(file), "--json")
    assert owned(*words).error["code"] == "volume.no_recovery_key"
    owned("volume", "recovery-key")
    assert owned(*words).json["chosen"] == "passphrase"
    assert machine.opens("long-enough-7")
    file.write_text("ä\n")
    assert owned(*words).error["code"] == "volume.passphrase_unfit"
    assert owned("volume", "keeper", "nobody", "--json").json["protected"] is False


def test_a_key_server_is_looked_at_and_chosen_by_its_thumbprint_S1(
    owned: Callable[..., Answer], machine: Machine, tmp_path: Path
) -> None:
    machine.work()
    with key_server(tmp_path / "server", free_port()) as server:
        seen = owned("volume", "server", server.url, "--json").json
        assert (seen["thumbprint"], seen["current"]) == (server.thumbprint, False)
        words = ("volume", "keeper", "server", "--server", server.url, "--json", "--thumbprint")
        assert owned(*words, server.thumbprint).error["code"] == "volume.no_recovery_key"
        owned("volume", "recovery-key")
        assert owned(*words, "").error["code"] == "volume.server_unnamed"
        assert owned(*words, "x" * 43).error["code"] == "volume.server_key_differs"
        assert owned(*words, server.thumbprint).json["server_address"] == server.url
        assert owned("volume", "server", server.url, "--json").json["current"] is True
        assert server.thumbprint in owned("volume", "show").out
        server.rotate()
        assert owned("volume", "server", server.url, "--json").json["current"] is False
    refused = owned("volume", "server", server.url, "--json").error
    assert refused["code"] == "volume.server_unreachable"
    assert server.url in refused["message"]
    assert owned("volume", "server", "", "--json").error["code"] == "volume.server_unnamed"
    assert owned("volume", "server", "ftp://a b", "--json").code != 0
