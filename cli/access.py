"""`tenshu access`: rules about from where and with what people come in; client certificates.

The machine's own console is bound by no rule: here is the way back where one shuts people out.
"""

from pathlib import Path

import click

from app.core.messages import mark
from app.identity.access_rules import Kind
from app.identity.client_authority import LONGEST_DAYS
from app.identity.client_certificate_rows import ListCertificates
from app.identity.operations.access_rules import (
    RuleChange,
    RuleRef,
    get_rule,
    list_rules,
    set_rule,
)
from app.identity.operations.client_certificate_list import list_certificates
from app.identity.operations.client_certificates import (
    CertificateRef,
    NewCertificate,
    Revocation,
    download_certificate,
    issue_certificate,
    revoke_certificate,
)
from app.operations.context import Context
from app.operations.operation import NoRequest
from cli.accounts import find
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns, moment

KINDS = click.Choice([kind.value for kind in Kind])
STATES = click.Choice(["", "valid", "ends_soon", "expired", "revoked"])
REASONS = click.Choice(["lost", "compromised", "replaced", "left", "other"])


@click.group
@everywhere
def access() -> None:
    """Look at and change from where, and with what, people come in."""


@access.command
@everywhere
@this_call
def rules(invocation: Invocation) -> None:
    """List the rules of areas, roles and people."""
    with invocation.context() as context:
        found = list_rules(context, NoRequest())
    heads = (
        mark("Kind"),
        mark("Whom it concerns"),
        mark("Name"),
        mark("Networks"),
        mark("Client certificate"),
    )
    rows = [
        (one.kind.value, one.whom, one.name, " ".join(one.networks), "x" if one.certificate else "")
        for one in found.items
    ]
    invocation.answer(found, lambda: columns([invocation.words(head) for head in heads], rows))


@access.command("set")
@click.argument("kind", type=KINDS)
@click.argument("whom")
@click.option(
    "--network", "networks", multiple=True, help="From this network; several may be told."
)
@click.option("--certificate", is_flag=True, help="Needs a client certificate.")
@everywhere
@this_call
def set_(
    invocation: Invocation, kind: str, whom: str, networks: tuple[str, ...], *, certificate: bool
) -> None:
    """Set a rule: KIND is area, role or account; WHOM its name, for an account the login ID."""
    with invocation.context() as context:
        known = _which(context, kind, whom)
        rev = get_rule(context, known).rev
        change = request(
            RuleChange,
            kind=known.kind,
            whom=known.whom,
            networks=list(networks),
            certificate=certificate,
            rev=rev,
        )
        made = set_rule(context, change)
    invocation.answer(made, made.name)


@access.command
@click.argument("kind", type=KINDS)
@click.argument("whom")
@everywhere
@this_call
def lift(invocation: Invocation, kind: str, whom: str) -> None:
    """Lift a rule, so that nothing is asked any more."""
    with invocation.context() as context:
        known = _which(context, kind, whom)
        rev = get_rule(context, known).rev
        made = set_rule(context, request(RuleChange, kind=known.kind, whom=known.whom, rev=rev))
    invocation.answer(made, made.name)


@access.command
@click.option("--search", default="", help="Part of device, login ID, name or serial number.")
@click.option("--state", default="", type=STATES, help="Only certificates that stand so.")
@click.option("--after", default="", help="Where the page before ended.")
@everywhere
@this_call
def certificates(invocation: Invocation, search: str, state: str, after: str) -> None:
    """List client certificates, what ends first on top."""
    wanted = request(ListCertificates, search=search, state=state, after=after)
    with invocation.context() as context:
        page = list_certificates(context, wanted)
    heads = (
        mark("Device"),
        mark("Login ID"),
        mark("State"),
        mark("Valid until"),
        mark("Identifier"),
    )
    rows = [
        (one.device, one.login_id, one.state, moment(one.expires_at), one.id) for one in page.items
    ]
    invocation.answer(page, lambda: columns([invocation.words(head) for head in heads], rows))


@access.command
@click.argument("login_id")
@click.argument("device")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--days", default=365, type=click.IntRange(1, LONGEST_DAYS), help="Days in which it is valid."
)
@everywhere
@this_call
def issue(invocation: Invocation, login_id: str, device: str, file: Path, days: int) -> None:
    """Issue a certificate for DEVICE of a person into FILE, and print the password of the file."""
    with invocation.context() as context:
        account = find(context, login_id).id
        wanted = request(NewCertificate, account=account, device=device, days=days)
        # a file that cannot be made stops it before there is a certificate
        with file.open("xb") as written:
            file.chmod(0o600)
            made = issue_certificate(context, wanted)
            which = CertificateRef(certificate=made.certificate.id)
            for chunk in download_certificate(context, which).chunks:
                written.write(chunk)
    invocation.answer(made, made.password.reveal())


@access.command
@click.argument("certificate")
@click.option("--reason", default="lost", type=REASONS, help="Why.")
@everywhere
@this_call
def revoke(invocation: Invocation, certificate: str, reason: str) -> None:
    """Revoke a certificate for good, by its identifier."""
    with invocation.context() as context:
        made = revoke_certificate(
            context, request(Revocation, certificate=certificate, reason=reason)
        )
    invocation.answer(made, made.device)


def _which(context: Context, kind: str, whom: str) -> RuleRef:
    known = Kind(kind)
    return RuleRef(kind=known, whom=find(context, whom).id if known is Kind.ACCOUNT else whom)
