"""What a list would change, compared with who is there. Pure: no database, clock or page.

    plan(entries, faults, present) -> Plan

A row is matched by its employee number, else by its login ID. What a row says nothing about stays;
who is not in the list stays. So the same list again changes nothing.
"""

import enum
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from app.core.messages import mark
from app.identity import login_ids
from app.identity.account_rows import ACTIVE
from app.identity.errors import UnsuitableLoginId
from app.identity.roles import Role
from app.people.columns import Column
from app.people.entries import HEADS, NO_NAME, Entry, Fault, Path
from app.people.present import KINDS, Person, Present

TWICE: Final = mark("The same stands in row {row}.")
TWO_PEOPLE: Final = mark("Employee number and login ID belong to two different accounts.")
OTHER_NUMBER: Final = mark("This login ID belongs to employee number {number}.")
TAKEN: Final = mark("This login ID is taken by another account.")
NO_PERSON: Final = mark("This account is a device or a service, not a person.")
BEYOND: Final = mark("This person holds rights that you lack.")
BEYOND_ROLE: Final = mark("You cannot give or take a role with rights that you lack.")
BEYOND_DEPARTMENT: Final = mark("This department gives rights that you lack.")
BOTH_WAYS: Final = mark("In row {row} these departments stand the other way round.")
NO_HEAD: Final = mark("Nobody in the list or with an account has this number or login ID.")
HEAD_NOWHERE: Final = mark("A head needs a department in the same row.")
TWO_HEADS: Final = mark("In row {row} this department has another head.")
LAST_OWNER: Final = mark("This would leave no owner. Make somebody else an owner first.")
BAD_LOGIN_ID: Final = mark(
    "A new person without login ID needs an employee number that can be one."
)


class Kind(enum.StrEnum):
    """What happens to a person; the first that fits."""

    NEW = "new"
    LEAVING = "leaving"
    MOVED = "moved"
    CHANGED = "changed"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a row does to one person."""

    row: int
    """Number of the row in the file."""
    kind: Kind
    """What it is above all."""
    account: str = ""
    """Identifier; empty: a new person."""
    rev: int = 0
    """Of the account that was compared."""
    name: str
    """Of the person, once it is applied."""
    key: str
    """Login ID once it is applied."""
    before: dict[str, str] = {}
    """Fields of the account that become others, as they were."""
    after: dict[str, str] = {}
    """The same fields as they will be."""
    departments: list[Path] = []
    """Where the person was."""
    department: Path | None = None
    """Where the person goes; None: stays."""
    roles: frozenset[str] | None = None
    """Roles from now on; None: as before."""
    old_roles: frozenset[str] = frozenset()
    """Roles until now."""


class Headship(msgspec.Struct, frozen=True, kw_only=True):
    """Who becomes the head of a department."""

    department: Path
    """By the names from the top down."""
    head: str
    """Login ID."""
    row: int
    """Number of the row that says so."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a list does."""

    changes: list[Change]
    departments: list[Path]
    """New ones, those above first."""
    heads: list[Headship]
    faults: list[Fault]
    """By row."""
    unchanged: int
    """People who stand as the list says."""
    absent: int
    """People with an account of whom the list says nothing."""
    headless: list[Path]
    """Departments of the list that nobody leads."""

    @property
    def faulty_rows(self) -> int:
        """Number of rows that do not fit."""
        return len({fault.row for fault in self.faults})

    @property
    def is_empty(self) -> bool:
        """Tell whether the list says what stands already."""
        return not (self.changes or self.departments or self.heads)

    def count(self, kind: Kind) -> int:
        """Return how many people a kind of change concerns."""
        return sum(change.kind is kind for change in self.changes)


def plan(entries: Sequence[Entry], faults: Iterable[Fault], present: Present) -> Plan:
    """Compare a list with who is there."""
    return _Planner(entries, list(faults), present).plan()


class _Planner:
    def __init__(self, entries: Sequence[Entry], faults: list[Fault], present: Present) -> None:
        self.present, self.faults = present, faults
        self.bad = {fault.row for fault in faults}
        self.by_number = {one.employee_number: one for one in present.people if one.employee_number}
        self.by_login = {one.login_id: one for one in present.people}
        self.by_id = {one.id: one for one in present.people}
        self.matched: dict[int, Person | None] = {}
        self.entries = entries

    def plan(self) -> Plan:
        for column in (Column.EMPLOYEE_NUMBER, Column.LOGIN_ID):
            self._refuse_twice(column)
        for entry in self._good():
            self._match(entry)
        self._refuse_twice_matched()
        self._check_departments()
        heads = self._heads()
        changes = {entry.row: self._compare(entry) for entry in self._good()}
        self._keep_an_owner(changes)
        done = [
            change for row, change in changes.items() if change is not None and row not in self.bad
        ]
        told = {entry.department for entry in self._good() if entry.department}
        heads = [head for head in heads if head.row not in self.bad and head.department in told]
        led = {head.department for head in heads}
        people = {one.id for one in self.present.people if one.kind in KINDS}
        spoken_of = {one.id for one in self.matched.values() if one}
        return Plan(
            changes=done,
            departments=self._new_departments(told),
            heads=[head for head in heads if not self._leads(head)],
            faults=sorted(self.faults, key=lambda fault: fault.row),
            unchanged=sum(change is None for row, change in changes.items() if row not in self.bad),
            absent=len(people - spoken_of),
            headless=sorted(path for path in told if path not in led and not self._head_of(path)),
        )

    def _good(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.row not in self.bad]

    def _refuse(
        self,
        entry: Entry,
        column: Column | str,
        reason: str,
        value: str = "",
        **told: Any,  # noqa: ANN401
    ) -> None:
        texts = {name: str(text) for name, text in told.items()}
        fault = Fault(row=entry.row, column=column, value=value, reason=reason, told=texts)
        self.faults.append(fault)
        self.bad.add(entry.row)

    def _refuse_twice(self, column: Column) -> None:
        """Refuse every row whose key stands in another row too: nobody knows which is right."""
        rows: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if key := getattr(entry, column.value):
                rows.setdefault(key, []).append(entry)
        for key, same in rows.items():
            for entry in same if len(same) > 1 else ():
                other = next(one.row for one in same if one is not entry)
                self._refuse(entry, column, TWICE, key, row=other)

    def _match(self, entry: Entry) -> None:
        """Find the account that a row is about; refuse what points at two, or at another's."""
        numbered = self.by_number.get(entry.employee_number) if entry.employee_number else None
        named = self.by_login.get(entry.login_id) if entry.login_id else None
        if numbered and named and numbered is not named:
            self._refuse(entry, Column.LOGIN_ID, TWO_PEOPLE, entry.login_id)
            return
        person = numbered or named
        if person and not numbered and entry.employee_number and person.employee_number:
            number = person.employee_number
            self._refuse(entry, Column.LOGIN_ID, OTHER_NUMBER, entry.login_id, number=number)
        elif person and person.kind not in KINDS:
            self._refuse(entry, Column.LOGIN_ID, NO_PERSON, person.login_id)
        elif not person:
            self._check_new(entry)
        self.matched[entry.row] = person

    def _check_new(self, entry: Entry) -> None:
        if not entry.name:
            self._refuse(entry, Column.NAME, NO_NAME)
        elif not entry.login_id:
            login_id = _login_id_of(entry)
            if not login_id:
                self._refuse(entry, Column.LOGIN_ID, BAD_LOGIN_ID, entry.employee_number)
            elif login_id in self.by_login:
                self._refuse(entry, Column.EMPLOYEE_NUMBER, TAKEN, login_id)

    def _refuse_twice_matched(self) -> None:
        """Refuse two rows about one account: one by its number, the other by its login ID."""
        seen: dict[str, Entry] = {}
        for entry in self._good():
            person = self.matched[entry.row]
            key = person.id if person else f"\0{_login_id_of(entry)}"
            if key in seen:
                self._refuse(entry, "", TWICE, entry.name, row=seen[key].row)
            seen.setdefault(key, entry)

    def _check_departments(self) -> None:
        above: dict[tuple[str, str], int] = {}
        for entry in self._good():
            path = entry.department or ()
            pairs = list(itertools.pairwise(path))
            for upper, lower in pairs:
                if (row := above.get((lower, upper))) is not None:
                    text = "/".join(path)
                    self._refuse(entry, Column.DEPARTMENT, BOTH_WAYS, text, row=row)
                    break
            else:
                for pair in pairs:
                    above.setdefault(pair, entry.row)

    def _heads(self) -> list[Headship]:
        """Return who the list says leads each department."""
        in_list = {
            key: login_id
            for entry in self._good()
            if (login_id := self._login_id_after(entry))
            for key in (entry.employee_number, login_id)
            if key
        }
        listed = {key for one in self.entries for key in (one.employee_number, one.login_id) if key}
        found: dict[Path, Headship] = {}
        for entry in self._good():
            if not entry.head:
                continue
            login_id = in_list.get(entry.head) or in_list.get(entry.head.casefold()) or ""
            if entry.head == HEADS:
                login_id = self._login_id_after(entry)
            elif not login_id:
                person = self.by_number.get(entry.head) or self.by_login.get(entry.head.casefold())
                login_id = person.login_id if person else ""
            if not login_id and not listed.isdisjoint((entry.head, entry.head.casefold())):
                continue  # that person's own row does not fit: told there
            if not login_id:
                self._refuse(entry, Column.HEAD, NO_HEAD, entry.head)
            elif entry.department is None:
                self._refuse(entry, Column.HEAD, HEAD_NOWHERE, entry.head.strip("\0"))
            else:
                head = Headship(department=entry.department, head=login_id, row=entry.row)
                other = found.setdefault(entry.department, head)
                if other.head != login_id:
                    self._refuse(
                        entry, Column.HEAD, TWO_HEADS, entry.head.strip("\0"), row=other.row
                    )
        return list(found.values())

    def _login_id_after(self, entry: Entry) -> str:
        """Return the login ID of a row's person once the list is applied."""
        person = self.matched.get(entry.row)
        return entry.login_id or (person.login_id if person else _login_id_of(entry))

    def _leads(self, head: Headship) -> bool:
        person = self.by_login.get(head.head)
        return bool(person) and self._head_of(head.department) == (person.id if person else "")

    def _head_of(self, path: Path) -> str:
        found = self.present.departments.get(path)
        return found.head if found else ""

    def _new_departments(self, told: set[Path]) -> list[Path]:
        wanted = {path[: depth + 1] for path in told for depth in range(len(path))}
        there = {path for path, one in self.present.departments.items() if one.is_department}
        return sorted(wanted - there, key=lambda path: (len(path), path))

    def _compare(self, entry: Entry) -> Change | None:
        """Return what a row changes; None where all stands so already, or the row is refused."""
        person = self.matched[entry.row]
        before, after = _differences(entry, person)
        old_roles = person.roles if person else frozenset()
        roles = entry.roles if entry.roles is not None and entry.roles != old_roles else None
        was = person.departments if person else frozenset()
        moves = entry.department is not None and entry.department not in was
        if not (after or moves or roles is not None) and person:
            return None
        self._check_reach(entry, person, after, roles, entry.department if moves else None)
        return Change(
            row=entry.row,
            kind=_kind(person, after, moves=moves),
            account=person.id if person else "",
            rev=person.rev if person else 0,
            name=entry.name or (person.name if person else ""),
            key=self._login_id_after(entry),
            before=before,
            after=after,
            departments=sorted(was),
            department=entry.department if moves else None,
            roles=roles,
            old_roles=old_roles,
        )

    def _named(self, roles: Iterable[str]) -> str:
        return ", ".join(sorted(self.present.own_roles.get(role, role) for role in roles))

    def _check_reach(
        self,
        entry: Entry,
        person: Person | None,
        after: dict[str, str],
        roles: frozenset[str] | None,
        department: Path | None,
    ) -> None:
        """Refuse what the one who imports may not do."""
        if person and not person.reachable:
            self._refuse(entry, "", BEYOND, person.name)
        if roles is not None and (roles ^ (person.roles if person else frozenset())) - (
            self.present.givable
        ):
            self._refuse(entry, Column.ROLE, BEYOND_ROLE, self._named(roles))
        touched = {department, *(person.departments if person else ())} if department else set()
        if any(
            not found.reachable
            for path in touched
            if path and (found := self.present.departments.get(path))
        ):
            self._refuse(entry, Column.DEPARTMENT, BEYOND_DEPARTMENT, "/".join(department or ()))
        other = self.by_login.get(after.get("login_id", ""))
        if other is not None and other is not person:
            self._refuse(entry, Column.LOGIN_ID, TAKEN, after["login_id"])

    def _keep_an_owner(self, changes: dict[int, Change | None]) -> None:
        """Refuse the rows that together would leave the appliance without an owner who stays."""
        staying = {one.id for one in self.present.people if one.is_owner and _stays(one)}
        lost: dict[str, int] = {}
        gained = False
        for row, change in changes.items():
            if change is None or row in self.bad:
                continue
            person = self.by_id.get(change.account)
            state = change.after.get("state", person.state if person else ACTIVE)
            leaves = change.after.get("leaves_on", person.leaves_on if person else "")
            roles = change.old_roles if change.roles is None else change.roles
            keeps = Role.OWNER in roles or (
                person is not None and person.is_owner and Role.OWNER not in person.roles
            )
            stays = keeps and state == ACTIVE and not leaves
            if change.account in staying and not stays:
                lost[change.account] = row
            gained = gained or (stays and change.account not in staying and bool(person))
        if staying and not gained and staying == lost.keys():
            for entry in self._good():
                if entry.row in lost.values():
                    self._refuse(entry, "", LAST_OWNER, entry.name)


def _stays(person: Person) -> bool:
    return person.state == ACTIVE and not person.leaves_on


def _login_id_of(entry: Entry) -> str:
    """Return the login ID of a new person: what the row says, else the employee number."""
    return entry.login_id or login_id_from(entry.employee_number)


def login_id_from(number: str) -> str:
    """Return an employee number as a login ID; nothing where it cannot be one."""
    try:
        return login_ids.check(number) if number else ""
    except UnsuitableLoginId:
        return ""


FIELDS: Final = ("employee_number", "login_id", "name", "mail", "leaves_on", "language", "state")


def _differences(entry: Entry, person: Person | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return fields that become others, as they were and as they will be."""
    told = {name: getattr(entry, name) for name in FIELDS}
    told["login_id"] = told["login_id"] or ("" if person else _login_id_of(entry))
    before, after = {}, {}
    for name, value in told.items():
        was = getattr(person, name) if person else ""
        emptied = value == "" and name in ("mail", "leaves_on")
        if value == was or (not value and not emptied):
            continue
        before[name], after[name] = was, value
    return ({} if person is None else before), after


def _kind(person: Person | None, after: dict[str, str], *, moves: bool) -> Kind:
    if person is None:
        return Kind.NEW
    if after.get("leaves_on"):
        return Kind.LEAVING
    return Kind.MOVED if moves else Kind.CHANGED
