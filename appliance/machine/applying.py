"""A document put into effect, confirmed or taken back (architecture, section 6).

What is going to be changed is written down before it is, and a guard process stands by that takes
it back by itself: when its time is over, when whoever applied it is killed, when the machine was
started anew. So the machine ends in the old state or the new one, whatever happens in between.
"""

import contextlib
import errno
import logging
from typing import Final

import msgspec

from appliance.contract.actions import Caller
from appliance.contract.certificates.folder import Folder
from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.errors import (
    ApplyFailed,
    ApplyUnderWay,
    ConfigurationMoved,
    ConfigurationRefused,
    ConnectionTooOld,
    DiskFullForMachine,
    NothingToConfirm,
    TakingBack,
    WarningsNotSeen,
)
from appliance.contract.configuration.reading import Unreadable, read_document
from appliance.contract.configuration.state import (
    ApplyConfiguration,
    ConfirmConfiguration,
    Outcome,
    Reason,
    Version,
)
from appliance.contract.errors import ApplianceError
from appliance.durable import write_whole
from appliance.machine.concerns import HANDLING, Where
from appliance.machine.facts import Facts, cables, gather_facts
from appliance.machine.plan.desired import Concern, Desired
from appliance.machine.planning import available, check, desire, may_lock_out, unavailable
from appliance.machine.root import Root
from appliance.machine.standing_by import guarded
from appliance.machine.versions import Armed, Versions, boot_identifier, boot_time
from appliance.machine.warnings import certificate_warnings, warnings
from appliance.place import Place
from appliance.records import now

LOG: Final = logging.getLogger("appliance.machine")
BRIEF: Final = 2.0
"""Seconds in which what follows the machine's facts is done."""
MACHINE: Final = "machine"
"""Plane of a caller at the machine's own console, who cannot be locked out of it."""


class Applying:
    """What is done to the machine of one place, one change at a time."""

    def __init__(self, place: Place, root: Root, versions: Versions) -> None:
        self.place, self.root, self.versions = place, root, versions
        self.certificates = Folder(place.data)

    @property
    def where(self) -> Where:
        """Where concerns are checked and told. The own certificate moves when it is renewed."""
        own = self.certificates.own.chain
        return Where(root=self.root, run=self.place.run, certificate=own)

    def facts(self, number: int) -> Facts:
        """Return what a plan must know of this machine; `number` is the version's."""
        return gather_facts(self.place, number)

    def concerns(self) -> tuple[Concern, ...]:
        """Return what can be had here, in the order in which it takes effect."""
        return tuple(concern for concern, missing in available(self.where).items() if not missing)

    def require_firewall(self) -> None:
        """Raise ConcernUnavailable where this place has no packet filter."""
        missing = HANDLING[Concern.FIREWALL].missing(self.where)
        if missing:
            raise missing

    def desired(self, document: Document, number: int) -> Desired:
        """Return the files of a document as version `number`."""
        return desire(document, self.facts(number), self.concerns())

    def document(self, number: int) -> Document:
        """Return the document of a version; the one that says nothing before the first."""
        return read_document(self.versions.document(number)) if number else Document()

    def problems(self, document: Document) -> tuple[ApplianceError, ...]:
        """Return what stands against a document: in itself, or on this machine."""
        holds = self.document(self.versions.current())
        known = cables() if Concern.NETWORK in self.concerns() else None
        return (
            *problems(
                document,
                known,
                set(self.certificates.usable()),
                [root.pem for root in holds.trust.roots],
            ),
            *unavailable(self.where, holds, document),
        )

    def warnings(self, document: Document, caller: Caller) -> tuple[ApplianceError, ...]:
        """Return the risks of a document for who asks, compared with what holds."""
        holds = self.versions.current()
        before = self.document(holds)
        return (
            *warnings(document, caller),
            *certificate_warnings(before, document, self.facts(holds)),
        )

    def in_effect(self) -> int:
        """Return the version that the machine follows, confirmed or not; 0 before the first."""
        armed = self.versions.armed()
        return armed.version if armed else self.versions.current()

    def apply(self, caller: Caller, request: ApplyConfiguration) -> Version:
        """Put a document into effect. Raise whatever keeps it from that; then nothing is changed.

        Where it might lock somebody out it waits to be confirmed, else it holds at once.
        """
        with self.versions.locked(patience=BRIEF):
            armed = self.versions.armed()
            if armed:
                raise ApplyUnderWay(version=armed.version)
            before = self.versions.current()
            if request.based_on != before:
                raise ConfigurationMoved(current=before, based_on=request.based_on)
            document = self._accepted(caller, request)
            number = self.versions.newest() + 1
            version = Version(
                number=number,
                at=now(),
                account=caller.account,
                source=caller.source,
                why=request.why,
                based_on=before,
            )
            with guarded(
                self.place, number, request.seconds
            ) as guard:  # it starts while all is made ready
                desired = self.desired(document, number)
                check(self.where, desired)
                confirm = bool(before) and may_lock_out(
                    self.desired(self.document(before), number), desired
                )
                guard.stands()
                self._arm(version, request)
            try:
                self.put(desired, number)
            except Exception as error:
                LOG.exception("version %d does not take effect", number)
                self._give_up(str(error))
                raise ApplyFailed(reason=str(error)) from error
            if not confirm:
                return self._hold(number)
            armed = self.versions.armed()
            assert armed is not None  # noqa: S101 - under the lock nobody strikes it out
            deadline = boot_time() + request.seconds
            self.versions.tell(number, Outcome.waiting)
            self.versions.arm(msgspec.structs.replace(armed, deadline=deadline))
            LOG.info("version %d waits %d s to be confirmed", number, request.seconds)
            return self.versions.read(number)

    def _accepted(self, caller: Caller, request: ApplyConfiguration) -> Document:
        try:
            document = read_document(request.document)
        except Unreadable as error:
            misfits = error.problems
            raise ConfigurationRefused(problem=misfits[0], count=len(misfits)) from None
        found = self.problems(document)
        if found:
            raise ConfigurationRefused(problem=found[0], count=len(found))
        risks = self.warnings(document, caller)
        if risks and not request.despite_warnings:
            raise WarningsNotSeen(problem=risks[0])
        return document

    def _arm(self, version: Version, request: ApplyConfiguration) -> None:
        try:
            self.versions.keep(version, request.document)
            self.versions.arm(
                Armed(
                    version=version.number,
                    before=version.based_on,
                    account=version.account,
                    seconds=request.seconds,
                    boot=boot_identifier(),
                )
            )
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullForMachine from error
            raise

    def _give_up(self, reason: str) -> None:
        """Take back what did not take effect. Raise TakingBack where that fails, too."""
        try:
            self.take_back(Reason.not_healthy, reason)
        except Exception as error:
            LOG.exception("it cannot be taken back; the guard tries again")
            raise TakingBack(reason=str(error)) from error

    def put(self, desired: Desired, number: int, *, whole: bool = False) -> None:
        """Put files into place and let them take effect; all of them where `whole`."""
        changed = self.root.changed(desired)
        self.root.put(desired)
        for concern in self.concerns():
            if whole or concern in changed:
                HANDLING[concern].take_effect(self.where, number)

    def renew(self, concern: Concern) -> bool:
        """Let a concern follow facts that have changed since its version took effect.

        As a certificate that has ended, or a mail relay that somebody has named. Tell whether
        something was changed. Raise ProgramRefused, or ApplyUnderWay while a version is being
        applied; one that waits to be confirmed follows too.
        """
        if not self._lags(concern):
            return False  # whoever only looks keeps nobody from applying
        with self.versions.locked():
            number, armed = self.in_effect(), self.versions.armed()
            if armed and armed.deadline is None:  # cut off in the middle: its guard takes it back
                raise ApplyUnderWay(version=armed.version)
            desired = self._lags(concern)
            if desired is None:
                return False
            check(self.where, desired)
            with self.root.replacing(desired):
                HANDLING[concern].take_effect(self.where, number)
            LOG.info("%s follows what has changed on the machine", concern)
            return True

    def _lags(self, concern: Concern) -> Desired | None:
        """Return the files of a concern where they come to something else by now."""
        number = self.in_effect()
        if not number or concern not in self.concerns():
            return None
        desired = Desired(files=self.desired(self.document(number), number).of(concern))
        return None if self.root.has_put(desired) else desired

    def _hold(self, number: int) -> Version:
        self.versions.hold(number)  # the step that counts; what follows only tells of it
        ended = self.versions.end(number, Outcome.confirmed, Reason.none)
        self.versions.disarm()
        LOG.info("version %d holds", number)
        # where a backup finds it, and a person
        write_whole(self.place.data / "appliance.toml", self.versions.document(number).encode())
        return ended

    def confirm(self, caller: Caller, request: ConfirmConfiguration) -> Version:
        """Let a version hold. Raise NothingToConfirm or ConnectionTooOld."""
        with self.versions.locked(patience=BRIEF):
            armed = self.versions.armed()
            number = request.version
            if armed is None or armed.version != number or armed.deadline is None:
                raise NothingToConfirm(version=number)
            if armed.boot != boot_identifier() or boot_time() >= armed.deadline:
                raise NothingToConfirm(version=number)
            if caller.plane != MACHINE and request.generation < number:
                raise ConnectionTooOld(version=number)
            return self._hold(number)

    def revert(self, number: int) -> Version:
        """Take a version back that waits to be confirmed. Raise NothingToConfirm."""
        with self.versions.locked(patience=BRIEF):
            armed = self.versions.armed()
            if armed is None or armed.version != number:
                raise NothingToConfirm(version=number)
            self.take_back(Reason.asked)
            return self.versions.read(number)

    def take_back(self, reason: Reason, detail: str = "") -> None:
        """Bring the machine back to what held before. Whoever calls holds the lock.

        Raise what keeps it from that, and write it down: the guard tries again.
        """
        armed = self.versions.armed()
        if armed is None:
            return
        if self.versions.current() == armed.version:  # it holds: only the note of it was left
            self.versions.end(armed.version, Outcome.confirmed, Reason.none)
            self.versions.disarm()
            return
        try:
            self.put(
                self.desired(self.document(armed.before), armed.before), armed.before, whole=True
            )
        except Exception as error:
            trouble = msgspec.structs.replace(armed, trouble=f"{type(error).__name__}: {error}")
            with contextlib.suppress(OSError):  # a full disk: the note of before stands
                self.versions.arm(trouble)
            raise
        outcome = Outcome.failed if reason is Reason.not_healthy else Outcome.reverted
        self.versions.end(armed.version, outcome, reason, detail)
        self.versions.disarm()
        LOG.warning("version %d is taken back (%s): %d holds", armed.version, reason, armed.before)


def applying_at(place: Place) -> Applying | None:
    """Return what applies documents here; none where the machine is not this copy's own."""
    if place.machine_root is None:
        return None
    return Applying(place, Root(place.machine_root, place.machine), Versions(place.machine))
