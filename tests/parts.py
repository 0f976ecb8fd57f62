"""Every part of others that runs, as CycloneDX, written from the locks.

python -m tests.parts
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
LIST = ROOT / "docs/reference/parts.json"
Part = tuple[str, str, list[str]]
"""Name, version (empty: that of Debian stable), SHA-256 or SHA-512 of what may be installed."""


def python_parts() -> Iterator[Part]:
    """Yield the packages of PyPI, with every hash that the lock allows."""
    lock = (ROOT / "requirements/runtime.txt").read_text()
    for entry in re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]:
        name, version = re.match(r"([\w.-]+)==([\w.+!-]+)", entry).groups()
        yield name, version, re.findall(r"sha256:([0-9a-f]{64})", entry)


def page_parts() -> Iterator[Part]:
    """Yield the packages of npm that the pages load."""
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name in sorted(lock[""]["dependencies"]):
        found = lock[f"node_modules/{name}"]
        digest = base64.b64decode(found["integrity"].removeprefix("sha512-")).hex()
        yield name, found["version"], [digest]


def system_parts() -> Iterator[Part]:
    """Yield the packages of Debian, as the Makefile installs them to run."""
    needs = re.search(r"^RUN_NEEDS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    for package in sorted({*re.findall(r"=([\w.-]+)", needs), "python3"}):
        yield package, "", []


def compose() -> str:
    """Return the list."""
    components = []
    for kind, found in (
        ("pypi", python_parts()),
        ("npm", page_parts()),
        ("deb", system_parts()),
    ):
        for name, version, hashes in found:
            place = f"debian/{name}" if kind == "deb" else quote(name, safe="/")
            components.append(
                {
                    "type": "application" if kind == "deb" else "library",
                    "name": name,
                    **({"version": version} if version else {}),
                    "purl": f"pkg:{kind}/{place}" + (f"@{version}" if version else ""),
                    "hashes": [
                        {"alg": "SHA-512" if kind == "npm" else "SHA-256", "content": digest}
                        for digest in hashes
                    ],
                }
            )
    told = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    LIST.write_text(compose())
