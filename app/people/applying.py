"""Writing a part of a plan: people, their departments and roles, each with an event of its own.

Runs inside an operation. What was compared must still stand so: Conflict where it does not, and
the list is compared anew.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col, select

from app.audit import outbox
from app.audit.event import Draft
from app.core.errors import Conflict
from app.core.identifiers import new_identifier
from app.identity import account_rows, own_way, passwords, rights, session_rows
from app.identity.group_paths import paths_of
from app.identity.models import Account, Grant, Group, Membership, Password
from app.operations.context import Context, Plane
from app.operations.permissions import Rights
from app.people.entries import Path
from app.people.plan import Change, Headship
from app.people.role_changes import give_roles


class Writer:
    """Writes changes in the session of a running operation."""

    def __init__(self, context: Context) -> None:
        self.context, self.session = context, context.session
        self.groups = list(self.session.exec(select(Group)).all())
        self.by_path = {path: identifier for identifier, path in self._paths().items()}
        self.departments = {group.id for group in self.groups if group.is_department}

    def _paths(self) -> dict[str, Path]:
        return paths_of(self.groups)

    def make_departments(self, paths: Iterable[Path]) -> int:
        """Make departments, those above first; a group of the same name becomes one."""
        made = 0
        for path in paths:
            identifier = self.by_path.get(path)
            if identifier in self.departments:
                continue
            verb = "groups.place" if identifier else "groups.create"
            if identifier is None:
                identifier = new_identifier()
                self.session.add(
                    Group(
                        id=identifier,
                        name=path[-1],
                        parent=self.by_path[path[:-1]] if path[1:] else "",
                        is_department=True,
                        created_at=self.context.now,
                    )
                )
            else:
                rights.require_reach(self.context.actor, rights_of_group(self.session, identifier))
                self.session.exec(
                    update(Group)
                    .where(col(Group.id) == identifier)
                    .values(is_department=True, rev=Group.rev + 1)
                )
            event = self._event(verb)
            event.about("group", identifier, path[-1])
            event.after["department"] = "/".join(path)
            outbox.append(self.session, event)
            self.by_path[path] = identifier
            self.departments.add(identifier)
            made += 1
        self.session.flush()
        return made

    def change_people(self, changes: Sequence[Change]) -> None:
        """Make, change and move people. Raise Conflict, BeyondYourRights or LastOwner."""
        new = [change for change in changes if not change.account]
        self._require_free(new)
        identifiers = {change.row: change.account or new_identifier() for change in changes}
        self._insert(new, identifiers)
        self._update([change for change in changes if change.account])
        self._move(changes, identifiers)
        give_roles(self.context, changes, identifiers)
        own_way.recompile(self.context, identifiers.values())
        for change in changes:
            self._tell(change, identifiers[change.row])

    def _require_free(self, new: Sequence[Change]) -> None:
        """Raise Conflict where somebody else has taken a key since the list was compared."""
        numbers = [one.after["employee_number"] for one in new if "employee_number" in one.after]
        taken = self.session.exec(
            select(Account.name).where(
                col(Account.login_id).in_([one.key for one in new])
                | col(Account.employee_number).in_(numbers)
            )
        ).first()
        if taken is not None:
            raise Conflict(name=taken)

    def _insert(self, new: Sequence[Change], identifiers: dict[int, str]) -> None:
        if not new:
            return
        now, connection = self.context.now, self.session.connection()
        connection.execute(
            insert(Account),
            [
                {
                    **_columns(change),
                    "id": identifiers[change.row],
                    "login_id": change.key,
                    "name": change.name,
                    "may_enrol": True,
                    "created_at": now,
                    "changed_at": now,
                }
                for change in new
            ],
        )
        none = passwords.hash_of_none()
        connection.execute(
            insert(Password),
            [
                {
                    "account": identifiers[change.row],
                    "hash": none,
                    "stands_alone": True,
                    "must_change": True,
                    "valid_until": account_rows.NEVER_VALID,
                    "changed_at": now,
                }
                for change in new
            ],
        )

    def _update(self, changed: Sequence[Change]) -> None:
        """Change accounts that are as they were compared. Raise Conflict or BeyondYourRights."""
        self._require_as_compared(changed)
        alike: dict[tuple[str, ...], list[Change]] = {}
        for change in changed:
            alike.setdefault(tuple(sorted(change.after)), []).append(change)
        for fields, some in alike.items():
            self.session.connection().execute(
                update(Account)
                .where(col(Account.id) == bindparam("account"))
                .values(
                    {name: bindparam(f"new_{name}") for name in fields}
                    | {"rev": bindparam("risen"), "changed_at": self.context.now}
                ),
                [
                    {"account": change.account, "risen": change.rev + 1}
                    | {f"new_{name}": change.after[name] for name in fields}
                    for change in some
                ],
            )
        for change in changed:
            if change.after.get("state") == account_rows.SUSPENDED:
                session_rows.end_all(self.session, Plane.CONSOLE, change.account, "suspended")

    def _require_as_compared(self, changed: Sequence[Change]) -> None:
        """Raise Conflict where an account is another by now, or BeyondYourRights.

        Changes are serialisable: what is looked at here stays so until the end.
        """
        found = self.session.exec(
            select(Account.id, Account.rev, Account.rights, Account.rights_until).where(
                col(Account.id).in_([change.account for change in changed])
            )
        ).all()
        revisions = {account: rev for account, rev, *_ in found}
        for change in changed:
            if revisions.get(change.account) != change.rev:
                raise Conflict(name=change.name)
        now = self.context.now
        for held in {  # many hold the same, which is parsed once
            rights.current(self.session, account, compiled, until, now)
            for account, _, compiled, until in found
        }:
            rights.require_reach(self.context.actor, held)

    def _move(self, changes: Sequence[Change], identifiers: dict[int, str]) -> None:
        """Put people into their departments. Raise BeyondYourRights."""
        moving = [change for change in changes if change.department is not None]
        if not moving:
            return
        targets = {
            identifiers[change.row]: self.by_path[change.department or ()] for change in moving
        }
        there = set(
            self.session.exec(
                select(Membership.account, Membership.group).where(
                    col(Membership.account).in_(targets)
                )
            )
        )
        left = {
            (account, group)
            for account, group in there
            if group in self.departments and group != targets[account]
        }
        if left:
            self.session.connection().execute(
                delete(Membership).where(
                    col(Membership.account) == bindparam("who"),
                    col(Membership.group) == bindparam("where"),
                ),
                [{"who": account, "where": group} for account, group in left],
            )
        entered = [pair for pair in targets.items() if pair not in there]
        if entered:
            self.session.connection().execute(
                insert(Membership), [{"account": who, "group": where} for who, where in entered]
            )
        self._require_reach({group for _, group in [*left, *entered]})

    def _require_reach(self, groups: set[str]) -> None:
        """Raise BeyondYourRights where one of some groups gives more than the actor holds."""
        giving = select(Grant.holder).where(col(Grant.holder).in_(groups)).distinct()
        for group in self.session.exec(giving).all():
            rights.require_reach(self.context.actor, rights_of_group(self.session, group))

    def set_heads(self, heads: Sequence[Headship]) -> int:
        """Name who leads each department."""
        for head in heads:
            account = account_rows.by_login_id(self.session, head.head)
            group = self.session.get(Group, self.by_path.get(head.department, ""))
            if account is None or group is None:
                raise Conflict(name="/".join(head.department))
            event = self._event("groups.place")
            event.about("group", group.id, group.name)
            event.change("head", group.head, account.id)
            group.head, group.rev = account.id, group.rev + 1
            outbox.append(self.session, event)
        return len(heads)

    def _tell(self, change: Change, account: str) -> None:
        """Write the one event of a person's change."""
        event = self._event("accounts.update" if change.account else "accounts.create")
        event.about("account", account, change.name)
        event.before.update(change.before)
        event.after.update(change.after)
        if change.department is not None:
            was = ["/".join(path) for path in change.departments]
            event.after["department"] = "/".join(change.department)
            if change.account:
                event.before["department"] = "、".join(was)
        if change.roles is not None:
            event.after["role"] = " ".join(sorted(change.roles))
            if change.account:
                event.before["role"] = " ".join(sorted(change.old_roles))
        outbox.append(self.session, event)

    def _event(self, verb: str) -> Draft:
        """Return a draft by the same person, of the same request, as the operation's own."""
        own = self.context.event
        return msgspec.structs.replace(
            own, verb=verb, before={}, after={}, numbers={}, references=dict(own.references)
        )


def rights_of_group(session: Session, group: str) -> Rights:
    """Return what a group gives to its members."""
    grants = session.exec(select(Grant).where(Grant.holder == group)).all()
    return Rights(
        pair
        for grant in grants
        for pair in rights.expand(session, grant.permission, grant.role, grant.scope).grants()
    )


def _columns(change: Change) -> dict[str, Any]:
    """Return the columns of a new account; what the list says nothing about has its default."""
    return {
        "language": "ja",
        "mail": "",
        "leaves_on": "",
        "state": account_rows.ACTIVE,
        "employee_number": None,
        **change.after,
    }
