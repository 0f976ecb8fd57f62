"""Sign-in as a state machine: pure, without database, clock or page.

A *policy* (one a plane) lists requirements in their order. A requirement is met by any one of its
steps. Given the policy, what is known about the account (*facts*) and the steps that were passed,
`next_move` tells what comes next:

- before anybody is known, the first requirement identifies the person;
- a requirement that does not concern this account is skipped;
- one that concerns it and that none of its steps can meet for this account refuses the sign-in;
- when all are met, the sign-in is complete; not before;
- whoever is kept out by where they are, or by what they lack, is told only after they have proven
  what they can, and changes nothing: no factor is added, no password replaced.

An identity provider's redirect is one more step in one more requirement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.operations.permissions import Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the machine needs to know about an account on one plane."""

    kind: str = "staff"
    factors: frozenset[str] = frozenset()
    """Kinds of second factors that the person holds."""
    refused: frozenset[str] = frozenset()
    """Kinds of them that prove nothing here: the rules accept others, of which they hold one."""
    lacks_accepted: bool = False
    """They hold factors, but none of a kind that the rules accept here."""
    passkeys_here: bool = False
    """A passkey of theirs works at the address by which they called."""
    addable: frozenset[str] = frozenset({"totp"})
    """Kinds of factors that they could add here and now."""
    factor_proven: bool = False
    """A second factor was proven in this sign-in."""
    may_enrol: bool = False
    must_change_password: bool = False
    factor_demanded: bool = False
    """The company's rules ask everybody on this plane for a second factor."""
    shut_out: str = ""
    """What keeps them out although all is proven: `network`, `certificate`, or nothing."""
    rights: Rights = field(default_factory=Rights)


def always(_: Facts) -> bool:
    """Whether something concerns an account: yes."""
    return True


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something to be proven or done, by any one of some steps."""

    name: str
    steps: tuple[str, ...]
    concerns: Callable[[Facts], bool] = always


@dataclass(frozen=True, slots=True)
class Policy:
    """What one plane asks of a sign-in."""

    plane: str
    requirements: tuple[Requirement, ...]
    admits: Callable[[Facts], bool] = always
    """Whether the account has anything to do on this plane."""
    kinds: frozenset[str] = frozenset({"staff"})
    proving: frozenset[str] = frozenset()
    """Steps that prove who somebody is with what they have already."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The sign-in goes on with one of these steps."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Complete:
    """Everything is proven: a session may begin."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The sign-in ends here: the requirement's name, or `plane`."""

    requirement: str


Move = Ask | Complete | Refuse
Usable = Mapping[str, Callable[[Policy, Facts], bool]]
"""For each step that not everybody can take: who can."""

NOT_ADMITTED: Final = Refuse("plane")


def next_move(policy: Policy, facts: Facts | None, passed: frozenset[str], usable: Usable) -> Move:
    """Return what comes next. `facts` is None until a step has told who it is."""
    if facts is None:
        return Ask(policy.requirements[0].steps)
    if facts.kind not in policy.kinds or not policy.admits(facts):
        return NOT_ADMITTED
    move = _next_of(policy, facts, passed, usable)
    if facts.shut_out and not (isinstance(move, Ask) and policy.proving.intersection(move.steps)):
        return Refuse(facts.shut_out)
    return move


def _next_of(policy: Policy, facts: Facts, passed: frozenset[str], usable: Usable) -> Move:
    for requirement in policy.requirements:
        if not passed.isdisjoint(requirement.steps) or not requirement.concerns(facts):
            continue
        steps = tuple(
            step for step in requirement.steps if step not in usable or usable[step](policy, facts)
        )
        return Ask(steps) if steps else Refuse(requirement.name)
    return Complete()
