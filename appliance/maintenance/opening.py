"""Windows opened and closed.

A window is written down before anything lets anybody in, and the step that closes it is the one
that writes that down: the sessions see it by themselves, and what else must follow (the list of
revoked certificates, the packet filter, what still runs as the two users) is repeated by the keeper
until it is done.
"""

import contextlib
import logging
import time
from typing import Final

import msgspec

from appliance.contract.actions import Caller
from appliance.contract.configuration.errors import ApplyUnderWay
from appliance.contract.errors import ApplianceError
from appliance.contract.maintenance.errors import (
    KeyNeededToRepair,
    KeyNotInDevice,
    WindowNotOpened,
    WindowOver,
    WindowStillOpen,
)
from appliance.contract.maintenance.state import (
    Ending,
    Happening,
    Level,
    OpenedWindow,
    OpenWindow,
    What,
    Window,
    WindowPlan,
)
from appliance.contract.secret import Secret
from appliance.machine.applying import Applying
from appliance.machine.plan.desired import Concern
from appliance.machine.planning import available
from appliance.machine.versions import boot_identifier, boot_time
from appliance.maintenance.admitting import (
    admit,
    admit_nobody,
    read_networks,
    require_admitted,
)
from appliance.maintenance.authority import PublicKey, closed_ranges, make_key
from appliance.maintenance.people import USERS, end_processes, person_of, running
from appliance.maintenance.rooms import Rooms
from appliance.maintenance.windows import Clocks
from appliance.records import now

LOG: Final = logging.getLogger("appliance.maintenance")
FAREWELL: Final = 2.0
"""Seconds that sessions get to end by themselves, with their recording whole."""


class Maintenance:
    """The windows of one machine."""

    def __init__(self, rooms: Rooms, applying: Applying) -> None:
        self.rooms, self._applying = rooms, applying

    def missing(self) -> ApplianceError | None:
        """Return why no window can be opened here; none where one can."""
        missing = available(self._applying.where)
        return missing[Concern.SSH] or missing[Concern.FIREWALL]

    def port(self) -> int:
        """Return the port of SSH."""
        return self._applying.document(self._applying.versions.current()).ssh.port

    def check(self, request: OpenWindow) -> WindowPlan:
        """Tell what a window would let in. Raise what keeps it from being opened."""
        networks, key = self._require(request)
        if still := self.rooms.book.opened():
            raise WindowStillOpen(window=still.number)
        return WindowPlan(
            networks=networks,
            fingerprint=key.fingerprint if key else "",
            key_type=key.kind if key else "",
        )

    def _require(self, request: OpenWindow) -> tuple[tuple[str, ...], PublicKey | None]:
        if missing := self.missing():
            raise missing
        person_of(USERS[request.level])
        networks = read_networks(request.networks)
        holds = self._applying.document(self._applying.versions.current())
        require_admitted(holds, networks)
        if not request.key:
            if request.level is Level.repair:
                raise KeyNeededToRepair
            if request.hardware:
                raise KeyNotInDevice
            return networks, None
        key = PublicKey(request.key)
        if request.hardware:
            key.require_device()
        return networks, key

    def open(self, caller: Caller, request: OpenWindow) -> OpenedWindow:
        """Open a window. Raise what keeps it from that: then nobody can come in."""
        networks, key = self._require(request)
        private = Secret("")
        if key is None:
            private, public = make_key()
            key = PublicKey(public)
        with self.rooms.book.locked():
            if still := self.rooms.book.opened():
                raise WindowStillOpen(window=still.number)
            at = now()
            window = Window(
                number=self.rooms.book.newest() + 1,
                who=request.who,
                why=request.why,
                level=request.level,
                networks=networks,
                opened_at=at,
                until=at + request.minutes * 60_000,
                account=caller.account,
                approved_by=request.approved_by,
                source=caller.source,
                user=USERS[request.level],
                fingerprint=key.fingerprint,
                key_type=key.kind,
                hardware=request.hardware,
            )
            self._keep(window, request.minutes)
            try:
                window = self._let_in(window, key)
            except Exception as error:
                LOG.exception("window %d is not opened", window.number)
                self._end(window, Ending.failed)
                if isinstance(error, ApplyUnderWay):
                    raise
                raise WindowNotOpened(reason=str(error)) from error
        LOG.info("window %d is open for %d min", window.number, request.minutes)
        return OpenedWindow(window=window, port=self.port(), private_key=private)

    def _keep(self, window: Window, minutes: int) -> None:
        clocks = Clocks(
            until=window.until, boot=boot_identifier(), deadline=boot_time() + minutes * 60
        )
        self.rooms.book.keep(window, clocks)

    def _let_in(self, window: Window, key: PublicKey) -> Window:
        authority = self.rooms.authority
        authority.ensure()
        window = msgspec.structs.replace(window, certificate=authority.sign(window, key))
        self.rooms.book.replace(window)
        self._tell_sshd()
        self.carry_out()
        return window

    def _tell_sshd(self) -> None:
        """Let sshd know of the authority, where it does not: at the first window."""
        applying = self._applying
        with applying.versions.locked():
            if armed := applying.versions.armed():
                raise ApplyUnderWay(version=armed.version)
            holds = applying.versions.current()
            desired = applying.desired(applying.document(holds), holds)
            if Concern.SSH in applying.root.changed(desired):
                applying.put(desired, holds)

    def close(self, caller: Caller, number: int) -> Window:
        """Close a window at once. Raise WindowUnknown, WindowOver."""
        with self.rooms.book.locked():
            window = self.rooms.book.read(number)
            if not window.is_open:
                raise WindowOver(window=number)
            return self._end(window, Ending.click, caller.account)

    def _end(self, window: Window, ending: Ending, account: str = "") -> Window:
        ended = msgspec.structs.replace(window, ended=ending, ended_at=now(), ended_by=account)
        self.rooms.book.owe()
        self.rooms.book.replace(ended)  # the step that counts; what follows carries it out
        LOG.info("window %d is closed (%s)", window.number, ending.value)
        if ending not in (Ending.click, Ending.failed):  # of those the console tells by itself
            self.rooms.journal.append(
                Happening(
                    at=now(),
                    what=What.closed,
                    window=window.number,
                    who=window.who,
                    ended=ending,
                )
            )
        try:
            self.carry_out()
        except (ApplianceError, OSError):
            LOG.exception("window %d is closed, but not all that follows; again", window.number)
        return ended

    def look(self) -> None:
        """Close what is over, and carry out what must follow. Raise ApplianceError, OSError."""
        book = self.rooms.book
        with book.locked():
            window = book.opened()
            over = book.why_over(window.number) if window else Ending.none
            if window and over is not Ending.none:
                self._end(window, over)
            elif book.is_owed():
                self.carry_out()
            elif window:
                self._admit(window)  # rules that were loaded anew know of nobody

    def carry_out(self) -> None:
        """Make packet filter, revoked certificates and processes as the windows say.

        What fails keeps nothing else from being done. Raise ApplianceError, OSError.
        """
        book, window = self.rooms.book, self.rooms.book.opened()
        with contextlib.ExitStack() as every:  # the last one first, each whatever befell another
            if window:
                every.callback(self._admit, window)
            else:
                every.callback(end_processes)
                every.callback(self._admit_nobody)
                every.callback(self._wait_for_sessions)
            every.callback(self._revoke, book.newest(), is_open=window is not None)
        book.owe_nothing()

    def _revoke(self, newest: int, *, is_open: bool) -> None:
        if self.rooms.authority.public.exists():
            self.rooms.authority.revoke(closed_ranges(newest, is_open))

    def _admit_nobody(self) -> None:
        if Concern.FIREWALL in self._applying.concerns():
            admit_nobody()

    def _admit(self, window: Window) -> None:
        clocks = self.rooms.book.clocks(window.number)
        left = min(clocks.deadline - boot_time(), (clocks.until - now()) / 1000)
        admit(window.networks, int(left) + 1)

    def _wait_for_sessions(self) -> None:
        """Let sessions say why they end, and their connections go, for a moment."""
        deadline = time.monotonic() + FAREWELL
        while running() and time.monotonic() < deadline:
            time.sleep(0.05)
