"""What people mean by a kind of event: a change, a sign-in, a view."""

import enum
import functools

from app.audit.inspection import VERB as VERIFY
from app.operations.download import Download
from app.operations.operation import Effect
from app.operations.registry import all_operations

SIGN_IN = "sign_in."


class Kind(enum.StrEnum):
    """Kinds of events; together they are the whole history."""

    CHANGES = "changes"
    """Everything that is no sign-in and no view."""
    SIGN_INS = "sign_ins"
    """Signing in and out, and attempts of it."""
    VIEWS = "views"
    """Personal data shown, exported or downloaded."""


@functools.cache
def verbs_of(kind: Kind) -> tuple[str, ...]:
    """Return the verbs of sign-ins or views; of changes, those that are none."""
    signs = tuple(one.name for one in all_operations() if one.name.startswith(SIGN_IN))
    views = tuple(
        one.name
        for one in all_operations()
        if one.effect is Effect.REVEAL and one.name != VERIFY  # it shows nothing of anybody
    )
    return {Kind.SIGN_INS: signs, Kind.VIEWS: views, Kind.CHANGES: signs + views}[kind]


@functools.cache
def downloads() -> tuple[str, ...]:
    """Return the verbs by which data leaves the appliance as a file."""
    return tuple(one.name for one in all_operations() if one.result_type is Download)
