"""What the machine should be, what a change would do, and what was."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlmodel import col

from app.identity.models import Account
from app.machine.calling import caller_of, machine_for
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from appliance.contract.configuration.document import LARGEST
from appliance.contract.configuration.state import Configuration, Plan, Version

ON_CONSOLE = (Plane.CONSOLE,)

DocumentText = Annotated[
    str, Meta(max_length=LARGEST, description="The document, as the reference describes it (TOML).")
]
VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Number of a version.")]


class ProposedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that somebody thinks of applying."""

    document: DocumentText


class ListOfVersions(msgspec.Struct, frozen=True, kw_only=True):
    """From where on versions are listed."""

    offset: Annotated[
        int, Meta(ge=0, le=2**31 - 1, description="How many of the newest to pass over.")
    ] = 0


class WhichVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Which version."""

    version: VersionNumber


@operation(
    "machine.read",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/configuration"),
)
def read_configuration(context: Context, request: NoRequest) -> Configuration:  # noqa: ARG001
    """Show the machine's document, what waits to be confirmed, and what drifted from it."""
    with machine_for(context) as machine:
        return machine.configuration(caller_of(context))


@operation(
    "machine.plan",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/configuration/plan"),
)
def plan_configuration(context: Context, request: ProposedDocument) -> Plan:
    """Tell what a document would change, and what is wrong with it; change nothing."""
    with machine_for(context) as machine:
        return machine.plan(caller_of(context), request.document)


class ListedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version, and what its author is called."""

    version: Annotated[Version, Meta(description="The version.")]
    name: Annotated[str, Meta(description="Name of who applied it; empty if nobody knows it.")]


class ListedVersions(msgspec.Struct, frozen=True, kw_only=True):
    """A page of versions."""

    items: Annotated[tuple[ListedVersion, ...], Meta(description="Newest first.")]
    total: Annotated[int, Meta(description="How many there are.")]


class ShownVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its document."""

    listed: Annotated[ListedVersion, Meta(description="The version and its author.")]
    document: Annotated[str, Meta(description="Its document, TOML.")]


def _named(context: Context, versions: tuple[Version, ...]) -> tuple[ListedVersion, ...]:
    authors = {one.account for one in versions}
    asked = select(col(Account.id), col(Account.name)).where(col(Account.id).in_(authors))
    names = {row.id: row.name for row in context.session.connection().execute(asked)}
    return tuple(
        ListedVersion(version=one, name=names.get(one.account, one.account)) for one in versions
    )


@operation(
    "machine.list_versions",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/configuration/versions"),
)
def list_versions(context: Context, request: ListOfVersions) -> ListedVersions:
    """List the versions of the machine's document, the newest first."""
    with machine_for(context) as machine:
        found = machine.versions(caller_of(context), request.offset)
    return ListedVersions(items=_named(context, found.versions), total=found.total)


@operation(
    "machine.get_version",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/configuration/versions/{version}"),
)
def get_version(context: Context, request: WhichVersion) -> ShownVersion:
    """Show one version of the machine's document."""
    with machine_for(context) as machine:
        found = machine.version(caller_of(context), request.version)
    return ShownVersion(listed=_named(context, (found.version,))[0], document=found.document)
