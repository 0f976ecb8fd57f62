"""`tenshu seed`: make what an unattended set-up needs, on any machine, and say what is wrong."""

from pathlib import Path

import click

from app.core.errors import TenshuError
from app.core.messages import mark
from app.machine.errors import MachineError
from appliance.contract.configuration.reading import Unreadable
from appliance.contract.configuration.writing import write_document
from appliance.contract.errors import ApplianceError
from appliance.contract.seed import ovf
from appliance.contract.seed.form import LARGEST
from appliance.contract.seed.problems import SeedTooLarge
from appliance.contract.seed.reading import (
    document_of,
    fitting,
    line_of,
    read_seed,
    read_text,
)
from appliance.seed.iso_writing import write_iso
from cli.invocation import Invocation, everywhere, this_call
from cli.words import explain


class FileUnreadable(TenshuError):
    """The seed cannot be read."""

    code = "command.seed_unreadable"
    message = "{file} cannot be read: {reason}"
    hint = "Name a text file in UTF-8 that you may read."


class ImageNotWritten(TenshuError):
    """The image cannot be written."""

    code = "command.image_not_written"
    message = "{file} cannot be written: {reason}"
    hint = "Name a file that is not there yet, in a folder that you may write."


@click.group
@everywhere
def seed() -> None:
    """Check a seed for the first start of a machine, and make the disk that brings it."""


@seed.command
@click.argument("file", type=click.Path(path_type=Path))
@everywhere
@this_call
def check(invocation: Invocation, file: Path) -> None:
    """Tell which document the seed in FILE comes to; exit code 1 where something is wrong."""
    # a name that ends in .xml is an OVF environment
    _, document = _looked_at(invocation, file, is_ovf=file.suffix == ".xml")
    invocation.answer({"document": document, "problems": []}, document.rstrip())


@seed.command
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("image", type=click.Path(path_type=Path))
@everywhere
@this_call
def image(invocation: Invocation, file: Path, image: Path) -> None:
    """Write IMAGE, an ISO image with the seed in FILE, to be attached at the first start."""
    raw, _ = _looked_at(invocation, file)
    try:
        with image.open("xb") as made:
            made.write(write_iso(raw))
    except OSError as error:
        raise ImageNotWritten(file=image, reason=error.strerror) from error
    invocation.answer(
        {"image": str(image)},
        invocation.words(
            mark("{image} is ready. Attach it as a CD before the first start."), image=image
        ),
    )


def _looked_at(invocation: Invocation, file: Path, *, is_ovf: bool = False) -> tuple[bytes, str]:
    """Return a seed and its document; end with exit code 1 where something is wrong with it."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from error
    text = ""
    if len(raw) > LARGEST:
        _refuse(invocation, (SeedTooLarge(place=file.name, limit=LARGEST // 1024),), text)
        raise click.exceptions.Exit(1)
    try:
        if is_ovf:
            found = fitting(ovf.properties(raw), "tenshu")
        else:
            text = read_text(raw, file.name)
            found = read_seed(text)
        return raw, write_document(document_of(found, None))
    except Unreadable as error:
        _refuse(invocation, error.problems, text)
        raise click.exceptions.Exit(1) from None


def _refuse(invocation: Invocation, problems: tuple[ApplianceError, ...], text: str) -> None:
    told = []
    for one in problems:
        message, hint = explain(invocation.language, MachineError(one))
        line = line_of(text, str(one.parameters.get("place", "")))
        told.append({"code": one.code, "line": line, "message": message, "hint": hint})

    def in_words() -> str:
        at = mark("Line {line}: {message}")
        return "\n".join(
            "✗ "
            + (invocation.words(at, **one) if one["line"] else str(one["message"]))
            + f" {one['hint']}"
            for one in told
        )

    invocation.answer({"document": "", "problems": told}, in_words)
