"""What crosses from the edge to a plane: the one table of headers that say who is asking.

Whatever a program could take for the identity of a client is set by the edge, or cleared. nginx
passes on what it is not told about, so a header that is missing here comes through from outside.
"""

import enum
from typing import Final


class Told(enum.StrEnum):
    """What the edge tells a plane with each request, in headers that are always its own."""

    CLIENT = "X-Tenshu-Client"
    """Address of who asks, found through trusted proxies only."""
    CLAIMED = "X-Tenshu-Claimed"
    """What a proxy that nobody trusts says of it; to be noted, never to be believed."""
    GENERATION = "X-Tenshu-Generation"
    """Version of the document that the answering process of the edge was started with."""
    VERIFIED = "X-Tenshu-Certificate-Verified"
    """`NONE`, `SUCCESS` or `FAILED:reason` of the client's certificate."""
    SERIAL = "X-Tenshu-Certificate-Serial"
    """Serial number of the client's certificate, hexadecimal."""
    CERTIFICATE = "X-Tenshu-Certificate"
    """The client's certificate: PEM, percent-encoded."""


CLEARED: Final = (
    "Client-Cert",
    "Client-Cert-Chain",
    "Forwarded",
    "Proxy",
    "Proxy-Authorization",
    "Remote-Addr",
    "Remote-Groups",
    "Remote-User",
    "SSL-Client-Cert",
    "SSL-Client-S-DN",
    "SSL-Client-Serial",
    "SSL-Client-Verify",
    "True-Client-IP",
    "Via",
    "X-ARR-ClientCert",
    "X-Amzn-Mtls-Clientcert",
    "X-Auth-Request-Email",
    "X-Auth-Request-Groups",
    "X-Auth-Request-User",
    "X-Authenticated-User",
    "X-Client-Cert",
    "X-Client-DN",
    "X-Client-IP",
    "X-Client-Verify",
    "X-Cluster-Client-IP",
    "X-Envoy-External-Address",
    "X-Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Email",
    "X-Forwarded-For",
    "X-Forwarded-Groups",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Forwarded-User",
    "X-HTTP-Method-Override",
    "X-Host",
    "X-Original-Forwarded-For",
    "X-Original-Host",
    "X-Original-URL",
    "X-ProxyUser-Ip",
    "X-Real-IP",
    "X-Remote-Addr",
    "X-Remote-IP",
    "X-Remote-User",
    "X-Rewrite-URL",
    "X-SSL-Client-Cert",
    "X-SSL-Client-S-DN",
    "X-SSL-Client-Serial",
    "X-SSL-Client-Verify",
    "X-SSL-Cert",
    "X-Tenshu-Account",
    "X-Tenshu-Plane",
    "X-Tenshu-Role",
    "X-Tenshu-Session",
    "X-Tenshu-User",
    "X-User",
    "X-WebAuth-User",
    "CF-Connecting-IP",
    "CF-Connecting-IPv6",
    "CF-IPCountry",
    "Fastly-Client-IP",
    "Fly-Client-IP",
)
"""Headers of other products that name a client, an account, a host or a certificate."""

IDENTITY: Final = frozenset(name.lower().encode() for name in (*Told, *CLEARED))
"""The whole table, as ASGI writes names: none of them reaches a page from outside."""

OWN_COOKIES: Final = {
    "console": (
        "__Host-tenshu-console",
        "__Host-tenshu-console-sign-in",
        "__Host-tenshu-language",
    ),
    "workspace": (
        "__Host-tenshu-language",
        "__Host-tenshu-workspace",
        "__Host-tenshu-workspace-sign-in",
    ),
}
"""Cookies of each plane. Browsers send them to every port of a name; the edge keeps them apart."""
LANGUAGE_COOKIE: Final = "__Host-tenshu-language"

UPLOAD_PATH: Final = "/uploads"
"""The one place that takes a body of more than BODY_BYTES."""
BODY_BYTES: Final = 1024 * 1024
LARGEST_UPLOAD_MEBIBYTES: Final = 16_384
"""More than this no document allows."""
