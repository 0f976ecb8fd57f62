"""What the machine is asked about certificates, and what it tells."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.actions import Request
from appliance.contract.certificates.folder import Condition, Origin
from appliance.contract.configuration.sections import NAME
from appliance.contract.secret import Secret

LARGEST: Final = 128 * 1024
"""Characters of a chain or a key: far below the 1 MiB of one message."""
MOST_NAMES: Final = 50
HOST: Final = r"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$(?!\n)"

CertificateName = Annotated[str, Meta(pattern=NAME, description="What it is called here")]
Milliseconds = Annotated[int, Meta(description="Milliseconds since 1970")]


class KeyKind(enum.StrEnum):
    """What key is made for a signing request."""

    ec256 = "ec256"
    rsa3072 = "rsa3072"


class Withheld(enum.StrEnum):
    """Why browsers are not told to use nothing but HTTPS (HSTS)."""

    nothing = "nothing"
    """They are."""
    off = "off"
    """The document does not want it."""
    own = "own"
    """A plane shows the own certificate, which browsers know only where somebody told them."""
    untrusted = "untrusted"
    """A plane shows a certificate of an authority that browsers do not know by themselves."""


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate. What is not known of it is empty."""

    name: CertificateName
    origin: Annotated[Origin, Meta(description="Where it came from")]
    condition: Annotated[Condition, Meta(description="Whether it can be shown")]
    made_at: Annotated[Milliseconds, Meta(description="When it was brought in; 0 if unknown")] = 0
    account: Annotated[str, Meta(description="Identifier of who brought it in")] = ""
    subject: Annotated[str, Meta(description="Whose it is")] = ""
    issuers: Annotated[
        tuple[str, ...], Meta(description="Who signed it, and who signed that one, upwards")
    ] = ()
    names: Annotated[tuple[str, ...], Meta(description="Names and addresses it stands for")] = ()
    begins_at: Annotated[Milliseconds, Meta(description="When it begins")] = 0
    ends_at: Annotated[Milliseconds, Meta(description="When it ends")] = 0
    fingerprint: Annotated[str, Meta(description="SHA-256, as browsers show it")] = ""
    key: Annotated[str, Meta(description="Kind and size of its key")] = ""
    trusted: Annotated[bool, Meta(description="Whether browsers trust it by themselves")] = False
    request: Annotated[str, Meta(description="Signing request that waits, PEM; or empty")] = ""
    before: Annotated[str, Meta(description="Start of the fingerprint of the one before")] = ""


class PlaneView(msgspec.Struct, frozen=True, kw_only=True):
    """Which certificate a plane shows."""

    plane: Annotated[str, Meta(description="console or workspace")]
    wanted: Annotated[str, Meta(description="Certificate that it is to show")]
    shown: Annotated[str, Meta(description="Certificate that it shows")]
    condition: Annotated[Condition, Meta(description="How the wanted one stands")]


class Befell(enum.StrEnum):
    """What has happened to a certificate by itself."""

    fell_back = "fell_back"
    """It cannot be shown any more; the own one stands in."""
    came_back = "came_back"
    renewed = "renewed"
    not_renewed = "not_renewed"


class CertificateHappening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has happened to a certificate, with nobody there."""

    number: Annotated[int, Meta(ge=1, description="Its number, upwards")]
    at: Annotated[Milliseconds, Meta(description="When")]
    what: Annotated[Befell, Meta(description="What")]
    certificate: CertificateName
    plane: Annotated[str, Meta(description="Of which plane; or empty")] = ""
    reason: Annotated[str, Meta(description="Why; or empty")] = ""


class AcmeView(msgspec.Struct, frozen=True, kw_only=True):
    """The authority from which a certificate is fetched, and how that goes."""

    directory: Annotated[str, Meta(description="Address of its directory")]
    names: Annotated[tuple[str, ...], Meta(description="Names that are asked for")]
    next_at: Annotated[Milliseconds, Meta(description="When it is asked next")]
    failures: Annotated[int, Meta(description="Failures in a row")] = 0
    reason: Annotated[str, Meta(description="Of the last failure; or empty")] = ""
    at: Annotated[Milliseconds, Meta(description="When it was last asked; 0 for never")] = 0


class Certificates(msgspec.Struct, frozen=True, kw_only=True):
    """All certificates, and which are shown."""

    items: Annotated[tuple[CertificateView, ...], Meta(description="The own one first")]
    planes: Annotated[tuple[PlaneView, ...], Meta(description="What each plane shows")]
    own_names: Annotated[tuple[str, ...], Meta(description="Names of the appliance")]
    by_document: Annotated[bool, Meta(description="Whether the configuration document chooses")]
    hsts: Annotated[Withheld, Meta(description="Whether HSTS is sent, or why it is not")]
    acme: Annotated[AcmeView | None, Meta(description="Where one is fetched by itself")] = None
    happenings: Annotated[
        tuple[CertificateHappening, ...],
        Meta(description="What has happened by itself, the newest first"),
    ] = ()


class InstallCertificate(Request, frozen=True, kw_only=True):
    """Take a certificate with its key, or the answer to a request that waits."""

    chain: Annotated[
        str,
        Meta(max_length=LARGEST, description="Certificates up to the root, PEM, in any order"),
    ]
    key: Annotated[
        Secret, Meta(description="Private key, PKCS#8 PEM; empty for the answer to a request")
    ] = Secret("")
    request: Annotated[
        str, Meta(max_length=32, description="Name of the request that this answers; or empty")
    ] = ""


class RequestCertificate(Request, frozen=True, kw_only=True):
    """Make a key and a signing request for it."""

    names: Annotated[
        tuple[Annotated[str, Meta(pattern=HOST, description="Host name or address")], ...],
        Meta(min_length=1, max_length=MOST_NAMES, description="Names it is to stand for"),
    ]
    key: Annotated[KeyKind, Meta(description="Kind of the key")] = KeyKind.ec256
    organisation: Annotated[
        str, Meta(max_length=64, description="Organisation (O); empty for none")
    ] = ""
    country: Annotated[
        str, Meta(pattern=r"^([A-Z]{2})?$(?!\n)", description="Country (C), two letters; or empty")
    ] = ""


class OfCertificate(Request, frozen=True, kw_only=True):
    """Parameters of an action on one certificate."""

    name: CertificateName


class ShowCertificates(Request, frozen=True, kw_only=True):
    """Let planes without an edge show other certificates."""

    console: CertificateName
    workspace: CertificateName
