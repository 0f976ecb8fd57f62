"""Time, SSH and certificates: what the machine's own services are told."""

import enum
from typing import Annotated, Final

from msgspec import Meta

from appliance.contract.configuration.sections import NAME, Host, Section

OWN: Final = "own"
"""The certificate of the appliance's own authority; always there."""


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
    hsts: Annotated[
        Hsts,
        Meta(
            description="Strict-Transport-Security: only with a certificate that browsers trust "
            "by themselves, or people are locked out"
        ),
    ] = Hsts.OFF
