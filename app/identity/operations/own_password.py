"""Changing one's own password (F8)."""

import msgspec

from app.identity import account_rows, factors, policies, proof, session_rows
from app.identity.fields import PasswordField
from app.identity.operations.expulsion import Done
from app.identity.tried import Tried, attempt
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission


class PasswordChange(msgspec.Struct, frozen=True):
    """The old and the new password."""

    current: PasswordField
    new: PasswordField


@operation("own.change_password", permission=Permission.SIGNED_IN)
def change_password_operation(context: Context, change: PasswordChange) -> Tried[Done]:
    """Change one's own password; one's other sessions end."""
    account = proof.in_person(context)

    def action() -> Done:
        proof.prove_password(context, change.current)
        account_rows.change_password(
            context.session,
            account,
            change.new,
            policies.load(context.session).password,
            has_factor=bool(factors.kinds(proof.holder(context))),
            now=context.now,
        )
        session_rows.end_all(
            context.session,
            context.plane,
            account.id,
            "password_changed",
            spare=context.actor.session,
        )
        context.event.change("password", None, "changed")
        return Done()

    return attempt(context, action)


def change_password(context: Context, change: PasswordChange) -> Done:
    """Change one's own password. Raise WrongPassword, TooManyAttempts or UnsuitablePassword."""
    return change_password_operation(context, change).unwrap()
