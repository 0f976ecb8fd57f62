"""Response headers that every answer carries (OWASP ASVS 3.4, promises V11 and V14)."""

import ipaddress
from typing import Final

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)

TWO_YEARS: Final = 63_072_000

ALWAYS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
)
NO_STORE: Final = (b"cache-control", b"no-store")
TRANSPORT_SECURITY: Final = (
    b"strict-transport-security",
    f"max-age={TWO_YEARS}; includeSubDomains".encode(),
)


def is_own_name(host: str) -> bool:
    """Tell whether a host name is one for which HSTS may be asked.

    Addresses cannot carry it (RFC 6797), and on `localhost` it would bind every other program
    that a developer runs there.
    """
    if host == "localhost":
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def security_headers(host: str, present: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """Return the headers to add to an answer that already has those in `present`."""
    added = list(ALWAYS)
    if b"cache-control" not in present:
        added.append(NO_STORE)
    if is_own_name(host):
        added.append(TRANSPORT_SECURITY)
    return added
