"""The rules about sign-in, sessions and passwords that a company chooses."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.identity import policies, policy_effects
from app.identity.fields import Rev
from app.identity.policies import IdentityPolicy
from app.identity.policy_effects import Effects
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class PolicyInForce(msgspec.Struct, frozen=True):
    """The rules in force, and the revision that a change must name."""

    policy: IdentityPolicy
    """All rules."""
    rev: int
    """To be given back with a change; 0: the defaults."""


class PolicyChange(msgspec.Struct, frozen=True):
    """New rules."""

    policy: Annotated[IdentityPolicy, Meta(description="All rules, changed or not")]
    rev: Rev


@operation(
    "identity_policy.get",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/identity-policy"),
)
def get_policy(context: Context, _: NoRequest) -> PolicyInForce:
    """Show the rules about sign-in, sessions and passwords."""
    return PolicyInForce(*policies.load_with_rev(context.session))


class Preview(msgspec.Struct, frozen=True):
    """Rules whose effect is asked for."""

    policy: Annotated[IdentityPolicy, Meta(description="All rules, changed or not")]


@operation(
    "identity_policy.preview",
    permission=Permission.SETTINGS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("POST", "/identity-policy/preview"),
)
def preview_policy(context: Context, wanted: Preview) -> Effects:
    """Show whom other rules would concern, before they are put into force."""
    before, settings = policies.load(context.session), context.appliance.settings
    policy_effects.judge(context.session, settings, before, wanted.policy)
    found = policy_effects.effects(context.session, settings, before, wanted.policy, context.now)
    context.event.numbers.update(
        {name: len(getattr(found, name)) for name in found.__struct_fields__}
    )
    return found


@operation(
    "identity_policy.update",
    permission=Permission.SETTINGS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/identity-policy"),
)
def update_policy(context: Context, change: PolicyChange) -> PolicyInForce:
    """Put other rules about sign-in, sessions and passwords into force.

    Raise Conflict if somebody else changed them in the meantime.
    """
    before, _ = policies.load_with_rev(context.session)
    policy_effects.judge(context.session, context.appliance.settings, before, change.policy)
    policies.store(context.session, change.policy, change.rev)
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(change.policy)
    for field, value in new.items():
        if old[field] != value:
            context.event.change(field, old[field], value)
    return PolicyInForce(*policies.load_with_rev(context.session))
