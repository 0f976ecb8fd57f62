"""Time, SSH and certificates: what the machine's own services are told."""

import enum
from typing import Annotated, Final

from msgspec import Meta

from appliance.contract.configuration.sections import NAME, Host, Section

OWN: Final = "own"
"""The certificate of the appliance's own authority; always there."""
ACME: Final = "acme"
"""The certificate that is fetched by itself; no other one takes this name."""


class TimeSource(Section, frozen=True, kw_only=True):
    """A server that is asked for the time."""

    host: Host
    windows: Annotated[
        bool,
        Meta(description="A Windows domain controller: it tells a wide uncertainty, believe it"),
    ] = False


class Time(Section, frozen=True, kw_only=True):
    """Where the time comes from. No server in the internet is assumed."""

    servers: Annotated[
        tuple[TimeSource, ...],
        Meta(description="Time servers (NTP); three find out the one that is wrong", max_length=8),
    ] = ()
    largest_step: Annotated[
        int,
        Meta(
            ge=1,
            le=86_400,
            description="Seconds by which the time may be put right while the machine runs",
        ),
    ] = 5


class Ssh(Section, frozen=True, kw_only=True):
    """The way in for maintenance; closed but for the windows that the customer opens (S11)."""

    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port")] = 22


class Hsts(enum.StrEnum):
    """Whether browsers are told to use nothing but HTTPS for this name."""

    OFF = "off"
    ON = "on"


class Acme(Section, frozen=True, kw_only=True):
    """An authority that gives certificates to programs (ACME, RFC 8555)."""

    directory: Annotated[
        str,
        Meta(
            max_length=500,
            description="Address of its directory; empty: nothing is fetched",
            examples=["https://acme.example.co.jp/directory"],
        ),
    ] = ""
    contact: Annotated[
        str,
        Meta(
            pattern=r"^[^\s\x00-\x1f\x7f]{0,200}$(?!\n)",
            description="Mail address that the authority writes to",
            examples=["it@example.co.jp"],
        ),
    ] = ""
    names: Annotated[
        tuple[Host, ...],
        Meta(
            description="Host names that the certificate is to stand for; none: those of the edge",
            max_length=50,
            examples=[["tenshu.example.co.jp"]],
        ),
    ] = ()
    root: Annotated[
        str,
        Meta(
            max_length=16_384,
            description="Certificate of the authority in PEM form, where the machine does not know "
            "it: an internal one",
        ),
    ] = ""


class Certificates(Section, frozen=True, kw_only=True):
    """Which certificate each plane shows."""

    console: Annotated[
        str, Meta(pattern=NAME, description="Certificate of the console", examples=[OWN])
    ] = OWN
    workspace: Annotated[
        str,
        Meta(
            pattern=NAME, description="Certificate of workspace, portal and kiosk", examples=[OWN]
        ),
    ] = OWN
    acme: Annotated[
        Acme, Meta(description="Where the certificate `acme` is fetched, and renewed by itself")
    ] = Acme()
    hsts: Annotated[
        Hsts,
        Meta(
            description="Strict-Transport-Security: only with a certificate that browsers trust "
            "by themselves, or people are locked out"
        ),
    ] = Hsts.OFF
