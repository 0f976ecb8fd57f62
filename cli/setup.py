"""`tenshu setup`: the first administrator, without a browser."""

import os
import tomllib
from pathlib import Path
from typing import Any

import click

from app.core.messages import mark
from app.core.secret import Secret
from app.identity.operations.setup import FirstPerson, create_first, new_claim_code
from app.operations.operation import NoRequest
from cli.ask import secret_from
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request

PASSWORD_VARIABLE = "TENSHU_ADMINISTRATOR_PASSWORD"  # noqa: S105 - the name of a variable


HELP = """Make the first administrator from a TOML file, without a person.

\b
[administrator]
login_id = "yamada"
name = "山田 太郎"
password_file = "/run/secrets/password"   # - is stdin; or leave it out and
                                          # set TENSHU_ADMINISTRATOR_PASSWORD
language = "ja"                           # or "en"
time_zone = "Asia/Tokyo"

The authenticator is enrolled at the first sign-in. Works before the first start too.
"""


@click.group(help=HELP, invoke_without_command=True)
@click.option("--from", "file", type=click.Path(path_type=Path), help="TOML file, as above.")
@everywhere
@this_call
@click.pass_context
def setup(click_context: click.Context, invocation: Invocation, file: Path | None) -> None:
    """Make the first administrator, unattended or with a claim code."""
    if click_context.invoked_subcommand:
        return
    if file is None:
        raise click.UsageError(invocation.words(mark("Give a file: tenshu setup --from FILE")))
    person = read_person(file, invocation)
    with invocation.prepared() as context:
        made = create_first(context, person)
    text = mark("{login_id} is the first administrator; the first sign-in enrols an authenticator.")
    invocation.answer(made, invocation.words(text, login_id=made.login_id))


@setup.command("claim-code")
@everywhere
@this_call
def claim_code(invocation: Invocation) -> None:
    """Make a new claim code for the first administrator; the earlier one is void."""
    with invocation.context() as context:
        made = new_claim_code(context, NoRequest())
    invocation.answer(made, made.code.reveal())


def read_person(file: Path, invocation: Invocation) -> FirstPerson:
    """Return the person of a file. Raise UsageError or InvalidInput."""
    try:
        found: dict[str, Any] = dict(tomllib.loads(file.read_text())["administrator"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        text = mark("{file} is no such file, or has no table [administrator]: {reason}")
        raise click.UsageError(invocation.words(text, file=file, reason=error)) from error
    password_file = found.pop("password_file", None)
    if "password" in found:
        raise click.UsageError(
            invocation.words(mark("The password does not belong into this file: password_file"))
        )
    if password_file is None and PASSWORD_VARIABLE in os.environ:
        password = Secret(os.environ[PASSWORD_VARIABLE])
    else:
        password = secret_from(password_file, invocation.words(mark("Password")), twice=True)
    return request(FirstPerson, **found, password=password)
