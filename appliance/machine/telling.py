"""What the machine tells of its document: as it stands, what a change would do, what was."""

from collections.abc import Iterable

from appliance.contract.actions import Caller
from appliance.contract.configuration.checking_trust import outside_their_time
from appliance.contract.configuration.differences import differences
from appliance.contract.configuration.problem import as_problem
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.standing_in import everything_wrong
from appliance.contract.configuration.state import (
    Configuration,
    Drift,
    ListVersions,
    OneVersion,
    Pending,
    Plan,
    Unavailable,
    Versions,
)
from appliance.contract.errors import ApplianceError
from appliance.machine import identity, seeding
from appliance.machine.applying import Applying
from appliance.machine.kernel_rules import listed_rules
from appliance.machine.links import silent
from appliance.machine.plan.desired import Concern
from appliance.machine.plan.firewall import ruleset
from appliance.machine.planning import available, changes, may_lock_out
from appliance.machine.starting import FIRST
from appliance.machine.versions import Armed, boot_time


def configuration(applying: Applying) -> Configuration:
    """Return the document that holds, what waits, and what is not as it should be."""
    versions = applying.versions
    number, armed = versions.current(), versions.armed()
    missing = available(applying.where)
    text = versions.document(number) if number else FIRST
    return Configuration(
        version=number,
        document=text,
        pending=_pending(armed) if armed else None,
        drift=() if armed else tuple(_drift(applying)),
        unavailable=tuple(
            Unavailable(concern=concern, reason=as_problem(reason))
            for concern, reason in missing.items()
            if reason
        ),
        silent=silent(read_document(text)),
        doubt=identity.doubt(applying.place),
        seed=seeding.recorded(versions.folder),
        seed_attached=seeding.is_attached(),
    )


def _pending(armed: Armed) -> Pending:
    left = armed.seconds if armed.deadline is None else armed.deadline - boot_time()
    return Pending(
        version=armed.version,
        account=armed.account,
        seconds=armed.seconds,
        left=max(0.0, round(left, 1)),
        applying=armed.deadline is None,
        trouble=armed.trouble,
    )


def _drift(applying: Applying) -> Iterable[Drift]:
    for path, is_missing in applying.root.drifted():
        yield Drift(path=path, missing=is_missing)
    rules = applying.root.placed().rules
    if rules and not available(applying.where)[Concern.FIREWALL]:
        listed = listed_rules()
        if listed != rules:
            yield Drift(path="nftables", missing=not listed)


def plan(applying: Applying, caller: Caller, text: str) -> Plan:
    """Return what a text would change, and what is wrong with it."""
    holds = applying.versions.current()
    wrong = everything_wrong(text, applying.problems)
    if wrong:
        return _only_problems(holds, wrong)
    document = read_document(text)
    number = applying.versions.newest() + 1
    before = applying.document(holds)
    desired = applying.desired(document, number)
    return Plan(
        based_on=holds,
        problems=(),
        warnings=tuple(map(as_problem, applying.warnings(document, caller))),
        notices=tuple(map(as_problem, outside_their_time(document.trust))),
        differences=differences(before, document),
        files=changes(applying.root, desired),
        rules=ruleset(document, applying.facts(number)),
        confirm=bool(holds) and may_lock_out(applying.desired(before, number), desired),
    )


def _only_problems(holds: int, wrong: Iterable[ApplianceError]) -> Plan:
    return Plan(
        based_on=holds,
        problems=tuple(map(as_problem, wrong)),
        warnings=(),
        differences=(),
        files=(),
        rules="",
        confirm=False,
    )


def versions_page(applying: Applying, request: ListVersions) -> Versions:
    """Return a page of versions, newest first."""
    numbers = applying.versions.numbers()
    page = numbers[request.offset : request.offset + request.limit]
    return Versions(versions=tuple(map(applying.versions.read, page)), total=len(numbers))


def one_version(applying: Applying, number: int) -> OneVersion:
    """Return a version with its document. Raise VersionUnknown."""
    versions = applying.versions
    return OneVersion(version=versions.read(number), document=versions.document(number))
