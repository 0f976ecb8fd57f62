"""Two pages of the reference, written from the registry: who may do what, and what is recorded.

python -m app.console.reference
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from app.identity.roles import DESCRIPTIONS, NAMES, PERMISSIONS, Role
from app.operations.operation import Effect, Operation, Tier
from app.operations.permissions import UNGRANTED, Permission
from app.operations.registry import all_operations
from app.web.names import OTHER_EVENTS

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"

TIERS: Final = {
    Tier.T0_READ: "T0",
    Tier.T1_REVERSIBLE: "T1",
    Tier.T2_DANGEROUS: "**T2**",
    Tier.T3_IRREVERSIBLE: "**T3**",
}
RECORDED: Final = {
    Effect.CHANGE: "always",
    Effect.REVEAL: "always",
    Effect.READ: "refusals only",
}


def recorded(operation: Operation[Any, Any]) -> str:
    """Return when an operation leaves an event."""
    return RECORDED[Effect.READ if operation.only_asks else operation.effect]


PERMISSIONS_HEAD: Final = """\
# Permissions

Written from the registry of operations; a test fails where it is not current:
`python -m app.console.reference`. The console shows the same under *Settings*, *Permissions*.

A right is a permission on a *scope*: nothing means everywhere, `tables` an area, `tables/12` one
table. It covers its scope and all below it. `anybody` needs no sign-in, `signed_in` any person for
their own things; both are never granted. A person's rights are the sum of what was given to them
and to their groups; an API token has a part of its person's rights, never more.
"""

OPERATIONS_HEAD: Final = """\
## Operations

Tier **T2** needs a fresh code of the second factor, bound to exactly this change; **T3** needs
another administrator too. API tokens run neither. Everything can be done on the machine itself with
`tenshu`, which the history tells as such. Operations without a plane are steps of background jobs
and of the machine.
"""

EVENTS_HEAD: Final = """\
# What the operation history records

Written from the registry of operations; a test fails where it is not current:
`python -m app.console.reference`. The console shows the same under *Settings*, *Recorded events*.

The verb of an event is the name of its operation. An event tells who, when (milliseconds UTC), from
where (the peer's address, and apart from it what a proxy claims), on which plane, with which
session or token, about what, how it ended (`done`, `refused`, `failed`) and, for changes, the
values before and after. *Always* means: also where it is refused or fails. *Refusals only*: reading
what is not personal leaves an event only where it is refused; so does putting a question that may
never be answered.
"""


def compose_permissions() -> str:
    """Return the page about permissions, roles and operations as Markdown."""
    return "\n".join([PERMISSIONS_HEAD, *_roles(), "", OPERATIONS_HEAD, *_operations()]) + "\n"


def compose_events() -> str:
    """Return the catalogue of recorded events as Markdown."""
    lines = [EVENTS_HEAD, "| Verb | Recorded | What it is |", "|---|---|---|"]
    lines += [
        f"| `{found.name}` | {recorded(found)} | {found.summary} |" for found in all_operations()
    ]
    lines += [f"| `{verb}` | always | {says} |" for verb, says in OTHER_EVENTS.items()]
    return "\n".join(lines) + "\n"


def _roles() -> Iterator[str]:
    """Yield the roles with a column each; a dot where a role holds a permission."""
    yield "## Roles"
    yield ""
    yield from (f"- **{NAMES[role]}** (`{role}`): {DESCRIPTIONS[role]}" for role in Role)
    yield ""
    yield "| Permission | " + " | ".join(NAMES[role] for role in Role) + " |"
    yield "|---|" + ":-:|" * len(Role)
    for permission in Permission:
        if permission not in UNGRANTED:
            held = ("●" if permission in PERMISSIONS[role] else "" for role in Role)
            yield f"| `{permission}` | " + " | ".join(held) + " |"


def _operations() -> Iterator[str]:
    yield "| Operation | Permission | Tier | Planes | API |"
    yield "|---|---|---|---|---|"
    yield from (_operation(found) for found in all_operations())


def _operation(found: Operation[Any, Any]) -> str:
    planes = ", ".join(sorted(plane.value for plane in found.planes)) or "–"
    route = f"`{found.route.method} {found.route.path}`" if found.route else "–"
    return f"| `{found.name}` | `{found.permission}` | {TIERS[found.tier]} | {planes} | {route} |"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "permissions.md": compose_permissions,
    "events.md": compose_events,
}


if __name__ == "__main__":
    for name, compose in PAGES.items():
        (FOLDER / name).write_text(compose())
