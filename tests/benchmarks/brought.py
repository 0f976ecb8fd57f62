"""The scanners, in a folder of their own: the machine that is looked at has none of their packages.

OpenSCAP and lynis are those of the image's suite. What OpenSCAP checks by is of a newer one, which
is the first that knows Debian 13; it is data, and pinned.
"""

import hashlib
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Final

from image.fingerprint import fingerprint
from image.kept import alone, kept
from image.mirrors import sources
from image.paths import SUITE
from image.root import debian_of
from image.running import Failed, run

PLACE: Final = "usr/lib/benchmark"
"""Where the folder lies in the machine that is looked at."""
SCANNERS: Final = ("openscap-scanner", "lynis")
NEWER: Final = "forky"
DATA: Final = "ssg-debian"
VERSION: Final = "0.1.82-1"
SHA256: Final = "cfde145916f1f37ec96c0fe2a9ea5f44a2db0ee6f0a2dacfcf86534c0977755a"
SECONDS: Final = 400


def scanners() -> Path:
    """Return a layer over the machine's root that has the scanners. Raise Failed."""
    root = debian_of("machine")
    name = fingerprint(root.name, VERSION, SHA256, Path(__file__).read_text())
    with alone():
        return kept("benchmarks", name, "Bringing OpenSCAP and lynis", partial(_bring, root))


def _bring(root: Path, layer: Path) -> None:
    """Fetch what of them the root lacks, by this machine's own apt, and unpack it in the layer."""
    place = layer / PLACE
    apt = layer.with_name(f"{layer.name}.apt")
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True)
    try:
        _fetch(root, apt)
        place.mkdir(parents=True)
        for package in sorted((apt / "archives").glob("*.deb")):
            run(["dpkg-deb", "--extract", str(package), str(place)], seconds=60)
        (data,) = (apt / "archives").glob(f"{DATA}_*.deb")
        if hashlib.sha256(data.read_bytes()).hexdigest() != SHA256:
            raise Failed(f"{data.name} is not the file that is pinned in {__file__}")
    finally:
        shutil.rmtree(apt)
    shutil.copytree(place / "etc/lynis", place / "usr/share/lynis", dirs_exist_ok=True)
    shutil.copy(place / "usr/sbin/lynis", place / "usr/share/lynis/lynis")
    for folder in (layer, layer / "usr", layer / "usr/lib", place):
        folder.chmod(0o755)


def _fetch(root: Path, apt: Path) -> None:
    suite = sources()
    newer = suite[0].replace(f" {SUITE} ", f" {NEWER} ")
    (apt / "sources.list").write_text("\n".join([*suite, newer]) + "\n")
    options = {
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::State::Lists": apt / "lists",
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::Cache": apt,
        "Dir::Cache::archives": apt / "archives",
        "APT::Default-Release": SUITE,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "3",
    }
    words = ["apt-get", *(f"--option={key}={value}" for key, value in options.items())]
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([*words, "--error-on=any", "update"], seconds=SECONDS, environ=environ)
    wanted = [*SCANNERS, f"{DATA}={VERSION}"]
    run([*words, "install", "--yes", "--download-only", *wanted], seconds=SECONDS, environ=environ)
