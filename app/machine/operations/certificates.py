"""The certificates of the planes: asked for, brought in, chosen, destroyed."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.core.errors import InvalidInput
from app.core.messages import mark
from app.core.secret import Secret
from app.machine.calling import caller_of, certificates_for
from app.machine.operations.reading import ON_CONSOLE
from app.machine.telling import mark_told
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.certificates.errors import NoCertificate
from appliance.contract.certificates.material import bytes_of, canonical, read_files
from appliance.contract.certificates.state import (
    HOST,
    LARGEST,
    MOST_NAMES,
    Befell,
    CertificateHappening,
    CertificateName,
    Certificates,
    CertificateView,
    InstallCertificate,
    KeyKind,
    RequestCertificate,
)
from appliance.contract.secret import Secret as MachineSecret

JOURNAL: Final = "certificates"
"""Of what happens to certificates, among those of the machine."""
NOTHING: Final = Secret("")


@operation(
    "certificates.list",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/certificates"),
)
def list_certificates(context: Context, request: NoRequest) -> Certificates:  # noqa: ARG001
    """List the certificates, and which each plane shows."""
    with certificates_for(context) as machine:
        return machine.certificates(caller_of(context))


class NewCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with its key, or the answer to a signing request."""

    chain: Annotated[
        Secret,
        Meta(
            description="The certificate and those up to its root, in any order: PEM, or Base64 of "
            "a file in DER, PKCS#7 or PKCS#12 form, which may hold the key too."
        ),
    ]
    key: Annotated[
        Secret | None,
        Meta(description="Its private key: PEM (PKCS#8, SEC1, PKCS#1), or Base64 of a DER file."),
    ] = None
    password: Annotated[Secret | None, Meta(description="What the key is encrypted with.")] = None
    request: Annotated[
        str,
        Meta(max_length=32, description="Name of the signing request that this answers; or empty."),
    ] = ""


def _install(context: Context, new: NewCertificate) -> CertificateView:
    with certificates_for(context) as machine:
        files = [
            MachineSecret((one or NOTHING).reveal()) for one in (new.chain, new.key, new.password)
        ]
        if any(len(one.reveal()) > LARGEST for one in files):
            raise NoCertificate
        # files from outside are opened here, without privileges; the agent gets plain PEM
        found = read_files(bytes_of(files[0]), bytes_of(files[1]), files[2])
        chain, key = canonical(found)
        wanted = InstallCertificate(chain=chain, key=key, request=new.request)
        return machine.install(caller_of(context), wanted)


@operation(
    "certificates.install",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/certificates", 201),
    ahead=_install,
)
def install_certificate(context: Context, new: NewCertificate) -> CertificateView:  # noqa: ARG001
    """Check a certificate and keep it; no plane shows it before it is chosen."""
    return _about(context)


class WantedNames(msgspec.Struct, frozen=True, kw_only=True):
    """What a signing request asks for."""

    host_names: Annotated[
        tuple[
            Annotated[
                str,
                Meta(
                    pattern=HOST, description="Host name or address.", examples=["www.example.jp"]
                ),
            ],
            ...,
        ],
        Meta(max_length=MOST_NAMES, description="Names that it is to stand for; at least one."),
    ]
    key_kind: Annotated[KeyKind, Meta(description="Kind of the key.")] = KeyKind.ec256
    organisation: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x1f\x7f]{0,64}$(?!\n)",
            description="Organisation (O); empty for none.",
        ),
    ] = ""
    country: Annotated[
        str,
        Meta(
            pattern=r"^([A-Z]{2})?$(?!\n)",
            description="Country (C), two capital letters; empty for none.",
        ),
    ] = ""


def _request(context: Context, wanted: WantedNames) -> CertificateView:
    if not wanted.host_names:
        raise InvalidInput(field="host_names", reason=mark("Enter at least one name."))
    with certificates_for(context) as machine:
        return machine.request(
            caller_of(context),
            RequestCertificate(
                names=wanted.host_names,
                key=wanted.key_kind,
                organisation=wanted.organisation,
                country=wanted.country,
            ),
        )


@operation(
    "certificates.request",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/certificates/requests", 201),
    ahead=_request,
)
def request_certificate(context: Context, wanted: WantedNames) -> CertificateView:
    """Make a key that never leaves the machine, and a signing request for it."""
    context.event.references["host_names"] = " ".join(wanted.host_names)[:200]
    return _about(context)


class ChosenCertificates(msgspec.Struct, frozen=True, kw_only=True):
    """What each plane shows."""

    console: Annotated[CertificateName, Meta(description="Certificate of the console.")]
    workspace: Annotated[CertificateName, Meta(description="Certificate of the workspace.")]


def _show(context: Context, chosen: ChosenCertificates) -> Certificates:
    with certificates_for(context) as machine:
        return machine.show(caller_of(context), chosen.console, chosen.workspace)


@operation(
    "certificates.show",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/machine/certificates/shown"),
    ahead=_show,
)
def show_certificates(context: Context, chosen: ChosenCertificates) -> Certificates:
    """Choose what planes without an edge show."""
    context.event.references.update(console=chosen.console, workspace=chosen.workspace)
    told: Certificates = context.ahead
    return told


class WhichCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """Which certificate."""

    name: Annotated[CertificateName, Meta(description="What it is called.")]


def _remove(context: Context, request: WhichCertificate) -> CertificateView:
    with certificates_for(context) as machine:
        return machine.remove(caller_of(context), request.name)


@operation(
    "certificates.remove",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/machine/certificates/{name}"),
    ahead=_remove,
)
def remove_certificate(context: Context, request: WhichCertificate) -> CertificateView:  # noqa: ARG001
    """Destroy a certificate that no plane shows, with its key."""
    return _about(context)


def _renew(context: Context, _: NoRequest) -> CertificateView:
    with certificates_for(context) as machine:
        return machine.renew(caller_of(context))


@operation(
    "certificates.renew",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/certificates/acme/renew"),
    ahead=_renew,
)
def renew_certificate(context: Context, _: NoRequest) -> CertificateView:
    """Fetch the certificate of the document's authority (ACME) now."""
    return _about(context)


class HappenedByItself(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has happened to a certificate with nobody there."""

    happening: Annotated[CertificateHappening, Meta(description="What has happened.")]


@operation("certificates.tell", permission=Permission.MACHINE_MANAGE, planes=())
def tell_happening(context: Context, request: HappenedByItself) -> None:
    """Tell the history what has happened to a certificate by itself."""
    one = request.happening
    mark_told(context, JOURNAL, one.number)
    event = context.event
    event.about("certificate", one.certificate)
    event.references.update(
        {name: text for name, text in (("plane", one.plane), ("reason", one.reason)) if text}
    )
    if one.what in (Befell.fell_back, Befell.not_renewed):
        event.outcome = Outcome.FAILED
        event.error = f"certificates.{one.what}"
    else:
        event.references["outcome"] = one.what.value


def _about(context: Context) -> CertificateView:
    one: CertificateView = context.ahead
    context.event.about("certificate", one.name, one.subject)
    if one.fingerprint:
        context.event.references["fingerprint"] = one.fingerprint
    return one
