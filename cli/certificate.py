"""`tenshu certificate`: what the planes show, and how another certificate comes in."""

from pathlib import Path

import click

from app.core.errors import TenshuError
from app.core.messages import mark
from app.core.secret import Secret
from app.machine.operations.certificates import (
    ChosenCertificates,
    NewCertificate,
    WantedNames,
    WhichCertificate,
    install_certificate,
    list_certificates,
    remove_certificate,
    renew_certificate,
    request_certificate,
    show_certificates,
)
from app.machine.operations.reading import read_configuration
from app.operations.operation import NoRequest
from appliance.contract.certificates.folder import PLANES, Condition
from appliance.contract.certificates.material import text_of
from appliance.contract.certificates.state import Certificates, CertificateView, KeyKind
from appliance.contract.configuration.services import OWN
from appliance.contract.configuration.writing import change
from cli.ask import text_from
from cli.config import put_into_effect
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request as asked
from cli.table import columns, moment

FILE = click.Path(path_type=Path)
CONDITIONS = {
    Condition.good: mark("good"),
    Condition.expired: mark("ended"),
    Condition.not_yet_valid: mark("not begun"),
    Condition.broken: mark("cannot be used"),
    Condition.waiting: mark("waits for its authority"),
    Condition.missing: mark("not there"),
}


class CertificateFileUnreadable(TenshuError):
    """The file cannot be read."""

    code = "command.certificate_unreadable"
    message = "{file} cannot be read: {reason}"
    hint = "Name a file that you may read."


@click.group
@everywhere
def certificate() -> None:
    """Look at the certificates of the planes, and bring others in."""


@certificate.command
@everywhere
@this_call
def show(invocation: Invocation) -> None:
    """List the certificates, and which each plane shows."""
    with invocation.context() as context:
        found = list_certificates(context, NoRequest())
    invocation.answer(found, lambda: _table(invocation, found))


def _table(invocation: Invocation, found: Certificates) -> str:
    marked = (mark("Name"), mark("State"), mark("Until"), mark("Shown by"), mark("For"))
    rows = [
        (
            one.name,
            invocation.words(CONDITIONS[one.condition]),
            moment(one.ends_at) if one.ends_at else "",
            " ".join(plane.plane for plane in found.planes if plane.shown == one.name),
            " ".join(one.names),
        )
        for one in found.items
    ]
    lines = [columns([invocation.words(head) for head in marked], rows)]
    stands_in = mark("{plane}: the own certificate stands in for “{name}” ({condition}).")
    for plane in found.planes:
        if plane.shown != plane.wanted:
            condition = invocation.words(CONDITIONS[plane.condition])
            told = {"plane": plane.plane, "name": plane.wanted, "condition": condition}
            lines.append(invocation.words(stands_in, **told))
    if found.acme and found.acme.failures:
        failed = mark("The authority gave no certificate ({count} times in a row): {reason}")
        told = {"count": str(found.acme.failures), "reason": found.acme.reason}
        lines.append(invocation.words(failed, **told))
    return "\n".join(lines)


@certificate.command
@click.argument("names", nargs=-1, required=True)
@click.option("--key", type=click.Choice(list(KeyKind)), default="ec256", help="Kind of the key.")
@click.option("--organisation", default="", help="Organisation (O), if the authority wants it.")
@click.option("--country", default="", help="Country (C), two capital letters.")
@everywhere
@this_call
def request(
    invocation: Invocation, names: tuple[str, ...], key: str, organisation: str, country: str
) -> None:
    """Make a key that never leaves the machine, and print a signing request for NAMES."""
    wanted = asked(
        WantedNames,
        host_names=list(names),
        key_kind=key,
        organisation=organisation,
        country=country,
    )
    with invocation.context() as context:
        made = request_certificate(context, wanted)
    invocation.answer(made, made.request.rstrip)
    invocation.tell(
        mark("Bring the answer in: tenshu certificate install FILE --request {name}"),
        name=made.name,
    )


@certificate.command
@click.argument("chain", type=FILE)
@click.option("--key", type=FILE, help="File with the private key, if CHAIN does not hold it.")
@click.option("--password", "password_file", help="File with the key's password; - is stdin.")
@click.option("--request", "answers", default="", help="Name of the request that CHAIN answers.")
@everywhere
@this_call
def install(
    invocation: Invocation,
    chain: Path,
    key: Path | None,
    password_file: str | None,
    answers: str,
) -> None:
    """Check the certificate in CHAIN, with those up to its root, and keep it."""
    new = NewCertificate(
        chain=_file(chain),
        key=_file(key) if key else Secret(""),
        password=text_from(password_file) if password_file else Secret(""),
        request=answers,
    )
    with invocation.context() as context:
        kept = install_certificate(context, new)
    invocation.answer(kept, lambda: _one(kept))
    invocation.tell(mark("Show it: tenshu certificate use {name}"), name=kept.name)


def _file(path: Path) -> Secret:
    try:
        return Secret(text_of(path.read_bytes()).reveal())
    except OSError as error:
        raise CertificateFileUnreadable(file=path, reason=error.strerror) from None


def _one(one: CertificateView) -> str:
    return "  ".join((one.name, moment(one.ends_at), " ".join(one.names), one.fingerprint))


@certificate.command
@click.argument("name")
@click.option(
    "--plane", "planes", type=click.Choice(PLANES), multiple=True, help="Both, unless given."
)
@click.option("--why", default="", help="Why, for those who read the history.")
@click.option("--seconds", default=60, show_default=True, help="Seconds in which to confirm.")
@everywhere
@this_call
def use(invocation: Invocation, name: str, planes: tuple[str, ...], why: str, seconds: int) -> None:
    """Let the planes show NAME; `tenshu config confirm` keeps it."""
    _use(invocation, dict.fromkeys(planes or PLANES, name), why, seconds)


@certificate.command
@click.option("--why", default="", help="Why, for those who read the history.")
@click.option("--seconds", default=60, show_default=True, help="Seconds in which to confirm.")
@everywhere
@this_call
def own(invocation: Invocation, why: str, seconds: int) -> None:
    """Go back to the appliance's own certificate on both planes."""
    _use(invocation, dict.fromkeys(PLANES, OWN), why, seconds)


def _use(invocation: Invocation, wanted: dict[str, str], why: str, seconds: int) -> None:
    with invocation.context() as context:
        found = list_certificates(context, NoRequest())
        if not found.by_document:
            before = {one.plane: one.wanted for one in found.planes}
            chosen = show_certificates(context, asked(ChosenCertificates, **{**before, **wanted}))
            invocation.answer(chosen, lambda: _table(invocation, chosen))
            return
        text = read_configuration(context, NoRequest()).document
    for plane, name in wanted.items():
        text = change(text, f"certificates.{plane}", name)
    put_into_effect(invocation, text, why, seconds)


@certificate.command
@everywhere
@this_call
def renew(invocation: Invocation) -> None:
    """Fetch the certificate of the document's authority (ACME) now."""
    with invocation.context() as context:
        fetched = renew_certificate(context, NoRequest())
    invocation.answer(fetched, lambda: _one(fetched))


@certificate.command
@click.argument("name")
@everywhere
@this_call
def remove(invocation: Invocation, name: str) -> None:
    """Destroy the certificate NAME, which no plane shows, with its key."""
    with invocation.context() as context:
        removed = remove_certificate(context, asked(WhichCertificate, name=name))
    invocation.answer(removed, lambda: removed.name)
