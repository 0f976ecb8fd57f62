"""Response headers that every answer carries (OWASP ASVS 3.4, promises V11 and V14)."""

from typing import Final

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
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
    (b"x-permitted-cross-domain-policies", b"none"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
)
SERVER: Final = (b"server", b"Tenshu")
"""In the place of what granian would say of itself."""
NO_STORE: Final = (b"cache-control", b"no-store")
TRANSPORT_SECURITY: Final = (
    b"strict-transport-security",
    f"max-age={TWO_YEARS}".encode(),
)
"""Of this name alone: what is below it may be other machines."""


def security_headers(present: frozenset[bytes], *, bound: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers to add to an answer that already has those in `present`.

    `bound` says whether browsers may be told to use nothing but HTTPS from now on.
    """
    added = [*ALWAYS, SERVER]
    if b"cache-control" not in present:
        added.append(NO_STORE)
    if bound:
        added.append(TRANSPORT_SECURITY)
    return added
