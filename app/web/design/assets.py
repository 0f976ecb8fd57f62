"""Style, script and licences of the pages: collected once at start, held in memory.

Every file gets its own hash into its address, so browsers may keep it for ever. What is asked for
over the wire is looked up in a closed table: no path from outside reaches the file system.
"""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from app.web.design.component import component_files, cut
from app.web.design.errors import MissingPackage, UnknownAsset
from app.web.design.tokens import used_tokens

DESIGN: Final = Path(__file__).parent
PACKAGES: Final = Path(__file__).parents[3] / "node_modules"
"""Where `npm ci --ignore-scripts` puts the packages that package.json names."""

PREFIX: Final = "/assets/"
CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
"""A year, the longest that RFC 9111 caches heed; the content of an address never changes."""

_HASH_LENGTH: Final = 12
"""48 bits: two versions of one file never meet by accident."""

_CONTENT_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


class Asset(msgspec.Struct, frozen=True):
    """One file as it is served."""

    path: str
    """`/assets/<name>.<hash>.<css|js|txt>`."""
    body: bytes
    content_type: str
    compressed: bytes
    """The body under `Content-Encoding: gzip`."""


class Assets:
    """The closed set of files that the pages load."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._by_name = {name: _asset(name, body) for name, body in files.items()}
        self._by_path = {asset.path: asset for asset in self._by_name.values()}

    def url(self, name: str) -> str:
        """Return the address of `tenshu.css` and its like. Raise UnknownAsset for another name."""
        return self.named(name).path

    def named(self, name: str) -> Asset:
        """Return an asset by the name that templates use. Raise UnknownAsset for another name."""
        if name not in self._by_name:
            raise UnknownAsset(name=name)
        return self._by_name[name]

    def find(self, path: str) -> Asset | None:
        """Return what stands at a request's path, None where nothing stands."""
        return self._by_path.get(path)

    def get(self, path: str) -> tuple[bytes, str] | None:
        """Return body and content type of what stands at a request's path, else None."""
        asset = self._by_path.get(path)
        return (asset.body, asset.content_type) if asset else None

    def paths(self) -> list[str]:
        """Return every address that is served."""
        return sorted(self._by_path)


def collect_assets(packages: Path = PACKAGES) -> Assets:
    """Build the assets from our own files and the npm packages. Raise MissingPackage."""
    components = [cut(path.read_text(encoding="utf-8")) for path in component_files()]
    tokens = _read(packages, "@digital-go-jp/design-tokens/dist/tokens.css")
    style = "\n".join(
        [
            *(_own(name) for name in ("semantic.css", "base.css", "layout.css")),
            *(component.style for component in components),
        ]
    )
    style = used_tokens(tokens.decode(), style) + style
    script = "\n".join(
        [
            _own("behaviour.js"),
            *(_scope(component.script) for component in components if component.script),
        ]
    )
    return Assets(
        {
            "tenshu.css": style.encode(),
            "tenshu.js": script.encode(),
            # the sheet is loaded by the pages that have one; its parts are one module
            "sheet.js": _sheet_script().encode(),
            "sheet.css": _own("sheet/sheet.css").encode(),
            "theme.js": _own("theme.js").encode(),
            "htmx.js": _read(packages, "htmx.org/dist/htmx.min.js"),
            "chart.js": _read(packages, "uplot/dist/uPlot.iife.min.js"),
            "chart.css": _read(packages, "uplot/dist/uPlot.min.css"),
            "licences.txt": _licences(packages),
        }
    )


def _asset(name: str, body: bytes) -> Asset:
    stem, suffix = name.rsplit(".", 1)
    digest = hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]
    return Asset(
        path=f"{PREFIX}{stem}.{digest}.{suffix}",
        body=body,
        content_type=_CONTENT_TYPES[f".{suffix}"],
        compressed=gzip.compress(body, mtime=0),
    )


def _sheet_script() -> str:
    parts = sorted((DESIGN / "sheet").glob("*.js"))
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def _own(name: str) -> str:
    return (DESIGN / name).read_text(encoding="utf-8")


def _scope(script: str) -> str:
    # a name that one component declares is not another component's name
    return f"(() => {{\n{script}}})();"


def _read(packages: Path, name: str) -> bytes:
    path = packages / name
    if not path.is_file():
        raise MissingPackage(file=name)
    return path.read_bytes()


def _licences(packages: Path) -> bytes:
    names = ("@digital-go-jp/design-tokens", "htmx.org", "lucide-static", "uplot")
    return b"\n\n".join(
        f"{name}\n{'=' * len(name)}\n\n".encode() + _read(packages, f"{name}/LICENSE")
        for name in names
    )
