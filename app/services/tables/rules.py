"""Who may do what with one table, in which rows, and with which of its fields.

Rules narrow what the appliance gives anyway (`records.*`, `tables.design`), and give nothing by
themselves. A table without rules is open to everybody who holds those rights.
"""

import enum
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.operations.permissions import Permission

MOST_RULES: Final = 100
MOST_MASKED: Final = 500


class Verb(enum.StrEnum):
    """What a rule lets people do. In the order in which forms offer them."""

    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    IMPORT = "import"
    EXPORT = "export"
    DESIGN = "design"
    """Whoever designs a table sees all of it: types and conditions tell what stands in it."""

    @property
    def permission(self) -> Permission:
        """The right of the appliance that it takes too."""
        return Permission(f"records.{self.value}") if self is not Verb.DESIGN else DESIGN


DESIGN: Final = Permission.TABLES_DESIGN
VERB_OF: Final = {verb.permission: verb for verb in Verb}


class Holder(enum.StrEnum):
    """Whom a rule concerns."""

    EVERYBODY = "everybody"
    """Everybody who may work with tables."""
    GROUP = "group"
    ROLE = "role"
    PERSON = "person"


class RowsOf(enum.StrEnum):
    """Which rows a rule reaches."""

    ALL = "all"
    OWN = "own"
    """Those of the person: made by them, or naming them in a field."""
    GROUP = "group"
    """Those of the person's groups and of everybody in them."""
    VIEW = "view"
    """Those that a shared view shows."""


FieldNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody may do with a table."""

    kind: Annotated[Holder, Meta(description="Whom it concerns.")]
    holder: Annotated[
        str,
        Meta(
            description="Account, login ID or name; group; role. Empty: everybody.", max_length=200
        ),
    ] = ""
    verbs: Annotated[
        tuple[Verb, ...], Meta(description="What they may do.", min_length=1, max_length=7)
    ]
    rows: Annotated[RowsOf, Meta(description="In which rows.")] = RowsOf.ALL
    by: Annotated[
        int,
        Meta(description="Field that tells whose a row is; 0: who made it.", ge=0, le=2**31 - 1),
    ] = 0
    view: Annotated[
        int, Meta(description="Number of the view whose rows they are.", ge=0, le=2**31 - 1)
    ] = 0
    hidden: Annotated[
        tuple[FieldNumber, ...],
        Meta(description="Fields that they do not see.", max_length=MOST_MASKED),
    ] = ()
    read: Annotated[
        tuple[FieldNumber, ...],
        Meta(description="Fields that they see and do not change.", max_length=MOST_MASKED),
    ] = ()

    @property
    def place(self) -> tuple[RowsOf, int, int]:
        """Which rows it reaches: rules of the same rows add up."""
        return self.rows, self.by, self.view


Rules = tuple[Rule, ...]


def as_text(rules: Sequence[Rule]) -> str:
    """Return rules as the catalogue keeps them."""
    return msgspec.json.encode(rules).decode()


def of_text(text: str) -> Rules:
    """Return rules as they are kept."""
    return msgspec.json.decode(text, type=Rules) if text != "[]" else ()


def tidy(rule: Rule) -> Rule:
    """Return a rule without what its rows make no use of. Raise InvalidInput: it lacks something.

    A field that is hidden need not be named as one that is only read.
    """
    if (rule.kind is Holder.EVERYBODY) is bool(rule.holder):
        raise InvalidInput(field="holder", reason=mark("Say whom the rule concerns."))
    if (rule.rows is RowsOf.VIEW) is not bool(rule.view):
        raise InvalidInput(field="view", reason=mark("Choose the view whose rows they are."))
    hidden = tuple(sorted(set(rule.hidden)))
    return msgspec.structs.replace(
        rule,
        verbs=tuple(verb for verb in Verb if verb in rule.verbs),
        by=rule.by if rule.rows in (RowsOf.OWN, RowsOf.GROUP) else 0,
        hidden=hidden,
        read=tuple(sorted(set(rule.read) - set(hidden))),
    )
