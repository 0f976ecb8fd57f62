"""Everything about accounts, sign-in, sessions and rights, as operations."""

from app.identity.operations import (
    account_views,
    accounts,
    credentials,
    expulsion,
    grants,
    groups,
    own_factors,
    own_password,
    own_sessions,
    policies,
    requests,
    restored,
    roles,
    setup,
    sign_in,
    tokens,
)

__all__ = [
    "account_views",
    "accounts",
    "credentials",
    "expulsion",
    "grants",
    "groups",
    "own_factors",
    "own_password",
    "own_sessions",
    "policies",
    "requests",
    "restored",
    "roles",
    "setup",
    "sign_in",
    "tokens",
]
