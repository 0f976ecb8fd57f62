"""An image of the Open Container Initiative names what it holds, and holds nothing else."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from image.oci import Layer, write_image
from image.tree import content

NEWEST = 1_700_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "root"
    for folder in ("usr/bin", "etc", "run/lock", "var/log"):
        (found / folder).mkdir(parents=True)
    (found / "usr/bin/program").write_text("program")
    (found / "usr/bin/program").chmod(0o755)
    (found / "usr/bin/same").hardlink_to(found / "usr/bin/program")
    (found / "usr/bin/link").symlink_to("program")
    (found / "etc/old").write_text("old")
    os.utime(found / "etc/old", (5, 5))
    for forgotten in ("run/pid", "var/log/log", "etc/passwd-"):
        (found / forgotten).write_text("of one run")
    return found


def write(root: Path, target: Path) -> tuple[str, dict[str, bytes]]:
    parts = target.with_suffix(".parts")
    parts.mkdir()
    digest = write_image(
        [Layer("all", content(root), NEWEST)], {"User": "1:1"}, name="a:1",
        created="2023-11-14T22:13:20Z", architecture="amd64", folder=parts, target=target,
    )  # fmt: skip
    with tarfile.open(target) as archive:
        return digest, {entry.name: archive.extractfile(entry).read() for entry in archive}


def blob(files: dict[str, bytes], described: dict[str, Any]) -> bytes:
    found = files[f"blobs/{described['digest'].replace(':', '/')}"]
    assert f"sha256:{hashlib.sha256(found).hexdigest()}" == described["digest"]
    assert len(found) == described["size"]
    return found


def test_every_part_is_named_by_its_content(root: Path, tmp_path: Path) -> None:
    digest, files = write(root, tmp_path / "image.tar")
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (named,) = json.loads(files["index.json"])["manifests"]
    assert named["digest"] == digest
    assert named["annotations"] == {"org.opencontainers.image.ref.name": "a:1"}
    manifest = json.loads(blob(files, named))
    configuration = json.loads(blob(files, manifest["config"]))
    (layer,) = manifest["layers"]
    unpacked = gzip.decompress(blob(files, layer))
    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(unpacked).hexdigest()}"]
    assert configuration["config"] == {"User": "1:1"}
    assert len(files) == 5, "nothing else is in it"


def test_a_layer_has_the_files_as_they_are_and_nothing_of_one_run(
    root: Path, tmp_path: Path
) -> None:
    _, files = write(root, tmp_path / "image.tar")
    (packed,) = [body for body in files.values() if body[:2] == b"\x1f\x8b"]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as layer:
        entries = {entry.name: entry for entry in layer}
        assert layer.extractfile("usr/bin/same").read() == b"program"
    assert list(entries) == sorted(entries)
    assert entries.keys() == {
        "etc", "etc/old", "run", "usr", "usr/bin", "usr/bin/link", "usr/bin/program",
        "usr/bin/same", "var", "var/log",
    }  # fmt: skip
    assert entries["usr/bin/same"].islnk()
    assert entries["usr/bin/link"].linkname == "program"
    assert entries["usr/bin/program"].mode == 0o755
    assert entries["etc/old"].mtime == 5
    assert max(entry.mtime for entry in entries.values()) == NEWEST


def test_another_day_gives_the_same_archive_and_another_byte_another(
    root: Path, tmp_path: Path
) -> None:
    first, files = write(root, tmp_path / "first.tar")
    for path in root.rglob("*"):
        if path.name != "old":
            os.utime(path, (NEWEST + 9, NEWEST + 9), follow_symlinks=False)
    assert write(root, tmp_path / "second.tar") == (first, files)
    assert (tmp_path / "first.tar").read_bytes() == (tmp_path / "second.tar").read_bytes()
    (root / "etc/old").write_text("new")
    assert write(root, tmp_path / "third.tar")[0] != first
