"""An image of the Open Container Initiative, in the one file that podman and others load.

`index.json` → manifest → configuration and layers, each named by its SHA-256. What decides a name
is in here and nowhere else, so the same content has the same name.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from image.tree import Chosen, write_tree

KIND: Final = "application/vnd.oci.image"
LEVEL: Final = 6
CHUNK: Final = 1024 * 1024


class Layer(NamedTuple):
    """Files that lie over those of the layers before."""

    says: str
    content: Chosen
    newest: int
    """No file is newer, in seconds since 1970."""


class Blob(NamedTuple):
    """A file of the image's."""

    kind: str
    path: Path
    digest: str

    def described(self) -> dict[str, Any]:
        """Return how others name it."""
        size = self.path.stat().st_size
        return {"mediaType": f"{KIND}.{self.kind}", "digest": self.digest, "size": size}


class _Hashing:
    """Passes on what is written, and knows its SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._found = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._found.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self._file.tell()

    @property
    def digest(self) -> str:
        return f"sha256:{self._found.hexdigest()}"


def write_image(
    layers: Sequence[Layer], settings: Mapping[str, Any], *, name: str, created: str,
    architecture: str, folder: Path, target: Path,
) -> str:  # fmt: skip
    """Write the archive and return the manifest's digest; `folder` is empty and for its parts."""
    written = [_layer(layer, folder / str(n)) for n, layer in enumerate(layers)]
    blobs = [blob for blob, _ in written]
    configuration = _blob(
        "config.v1+json",
        {
            "created": created,
            "architecture": architecture,
            "os": "linux",
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [inner for _, inner in written]},
            "history": [{"created": created, "comment": layer.says} for layer in layers],
        },
        folder / "configuration",
    )
    manifest = _blob(
        "manifest.v1+json",
        {
            "schemaVersion": 2,
            "mediaType": f"{KIND}.manifest.v1+json",
            "config": configuration.described(),
            "layers": [blob.described() for blob in blobs],
        },
        folder / "manifest",
    )
    named = {"org.opencontainers.image.ref.name": name}
    index = {
        "schemaVersion": 2,
        "mediaType": f"{KIND}.index.v1+json",
        "manifests": [{**manifest.described(), "annotations": named}],
    }
    _archive(target, index, [*blobs, configuration, manifest])
    return manifest.digest


def _layer(layer: Layer, path: Path) -> tuple[Blob, str]:
    """Write a layer; return it, and the SHA-256 of what was compressed."""
    with path.open("wb") as file:
        outer = _Hashing(file)
        with gzip.GzipFile(
            filename="",
            mode="wb",
            compresslevel=LEVEL,
            fileobj=outer,
            mtime=0,
        ) as packed:
            inner = _Hashing(packed)  # type: ignore[arg-type]
            write_tree(layer.content, inner, layer.newest)  # type: ignore[arg-type]
    return Blob("layer.v1.tar+gzip", path, outer.digest), inner.digest


def _blob(kind: str, content: Mapping[str, Any], path: Path) -> Blob:
    path.write_bytes(_json(content))
    return Blob(kind, path, f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}")


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _archive(target: Path, index: Mapping[str, Any], blobs: Sequence[Blob]) -> None:
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        _put(archive, "oci-layout", io.BytesIO(_json({"imageLayoutVersion": "1.0.0"})))
        _put(archive, "index.json", io.BytesIO(_json(index)))
        for blob in sorted(set(blobs), key=lambda blob: blob.digest):
            with blob.path.open("rb") as data:
                _put(archive, f"blobs/{blob.digest.replace(':', '/')}", data)


def _put(archive: tarfile.TarFile, name: str, data: BinaryIO) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = data.seek(0, io.SEEK_END)
    entry.mode = 0o644
    data.seek(0)
    archive.addfile(entry, data)
