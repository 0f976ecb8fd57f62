"""The signature over what was built, checked by the very commands that customers are told."""

import re
import subprocess
from pathlib import Path

import pytest

from image.artefact import version, write_checksum
from image.paths import ROOT
from image.running import Failed
from image.signature import KEY, SUMS, seal, signers_line, verify

PAGE = ROOT / "docs/how-to/check-an-image.md"
COMMANDS = re.findall(r"```sh\n\s*(.*?)\n\s*```", PAGE.read_text())


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(KEY, raising=False)
    folder = tmp_path / "build"
    folder.mkdir()
    for ending in ("qcow2", "ova", "machine.cdx.json"):
        file = folder / f"tenshu-{version()}.{ending}"
        file.write_bytes(ending.encode() * 1000)
        write_checksum(file)
    (folder / "tenshu-0.0.1.ova").write_text("of another version")
    return folder


def new_key(path: Path, *words: str) -> Path:
    command = ["ssh-keygen", "-q", "-f", str(path), "-C", "", *words]
    if "-N" not in words:
        command += ["-N", ""]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    return path


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = new_key(tmp_path / "image-key", "-t", "ed25519")
    monkeypatch.setenv(KEY, str(found))
    return found


def check(folder: Path, signers: str) -> list[int]:
    """Do what the page says, and return how each command ended."""
    (folder / "signers").write_text(f"{signers}\n")
    return [
        subprocess.run(
            ["sh", "-c", one],
            cwd=folder,
            capture_output=True,
            timeout=60,
            check=False,
        ).returncode
        for one in COMMANDS
    ]


def test_what_was_signed_passes_the_checks_of_the_page(built: Path, key: Path) -> None:
    told = seal(built)
    line = told.splitlines()[-1]
    assert line == signers_line(key)
    assert line.startswith('tenshu namespaces="tenshu-image" ssh-ed25519 ')
    assert line.partition(" ssh-")[0] in PAGE.read_text()
    assert check(built, line) == [0, 0]
    assert len((built / SUMS).read_text().splitlines()) == 3
    (built / f"tenshu-{version()}.ova").unlink()
    assert check(built, line) == [0, 0], "who fetched one format alone checks that one"


def test_a_file_that_was_tampered_with_fails_its_check(built: Path, key: Path) -> None:
    seal(built)
    with (built / f"tenshu-{version()}.ova").open("r+b") as file:
        file.write(b"X")
    assert check(built, signers_line(key)) == [0, 1]


def test_checksums_that_were_tampered_with_fail_the_signature(built: Path, key: Path) -> None:
    seal(built)
    sums = built / SUMS
    sums.write_text(sums.read_text().replace("a", "b", 1))
    assert check(built, signers_line(key))[0] != 0


def test_the_signature_of_another_key_is_refused(built: Path, key: Path, tmp_path: Path) -> None:
    seal(built)
    other = signers_line(new_key(tmp_path / "other", "-t", "ed25519"))
    assert check(built, other)[0] != 0
    (tmp_path / "signers").write_text(f"{other}\n")
    with pytest.raises(Failed, match="Could not verify"):
        verify(built / SUMS, tmp_path / "signers")


def test_what_the_key_signed_for_another_purpose_is_refused(built: Path, key: Path) -> None:
    seal(built)
    (built / f"{SUMS}.sig").unlink()
    sign = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", "mail", str(built / SUMS)]
    subprocess.run(sign, check=True, timeout=60)
    assert check(built, signers_line(key))[0] != 0


def test_without_a_key_it_says_not_signed_and_leaves_no_signature_of_before(
    built: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(built)
    monkeypatch.delenv(KEY)
    assert seal(built).endswith(f"Not signed: {KEY} names no key.")
    assert (built / SUMS).exists()
    assert not (built / f"{SUMS}.sig").exists()


def test_a_file_that_changed_since_it_was_built_is_not_signed(built: Path, key: Path) -> None:
    (built / f"tenshu-{version()}.qcow2").write_text("changed")
    with pytest.raises(Failed, match="did NOT match"):
        seal(built)
    assert not (built / f"{SUMS}.sig").exists()


def test_a_key_that_is_not_there_or_of_another_kind_or_locked_is_told(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, str(tmp_path / "none"))
    with pytest.raises(Failed, match=f"{KEY}: no file"):
        seal(built)
    monkeypatch.setenv(KEY, str(new_key(tmp_path / "rsa", "-t", "rsa", "-b", "3072")))
    with pytest.raises(Failed, match="is no Ed25519 key; make one"):
        seal(built)
    locked = new_key(tmp_path / "locked", "-t", "ed25519", "-N", "a passphrase")
    monkeypatch.setenv(KEY, str(locked))
    # nobody is there to be asked, also where somebody runs this in a terminal
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("DISPLAY", ":none")
    with pytest.raises(Failed, match="ssh-keygen ended with"):
        seal(built)
    assert not (built / f"{SUMS}.sig").exists()


def test_nothing_was_built_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="build it first"):
        seal(tmp_path)
