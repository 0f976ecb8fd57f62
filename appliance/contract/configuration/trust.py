"""Whom the appliance trusts beside the authorities that the machine knows."""

from typing import Annotated

from msgspec import Meta

from appliance.contract.configuration.sections import NAME, Note, Section


class TrustedRoot(Section, frozen=True, kw_only=True):
    """An authority of the customer's own."""

    name: Annotated[
        str, Meta(pattern=NAME, description="Name of the authority here", examples=["company-root"])
    ]
    pem: Annotated[
        str,
        Meta(
            max_length=16_384,
            description="Its own certificate (PEM), without any key",
            examples=["-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n"],
        ),
    ]
    note: Note = ""


class Trust(Section, frozen=True, kw_only=True):
    """Roots that every outgoing connection trusts, as where a proxy looks into TLS."""

    roots: Annotated[
        tuple[TrustedRoot, ...],
        Meta(description="Root certificates that are trusted", max_length=50),
    ] = ()
