"""What each action on maintenance access does: request in, result out."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.contract.actions import Caller
from appliance.contract.configuration.errors import MachineNotOwned
from appliance.contract.maintenance import state
from appliance.contract.maintenance.errors import RecordingGone
from appliance.machine.applying import applying_at
from appliance.maintenance import keeping
from appliance.maintenance.listing import choose
from appliance.maintenance.opening import Maintenance
from appliance.maintenance.recording import stretch
from appliance.maintenance.rooms import Rooms
from appliance.place import Place


class MaintenanceActions:
    """A method a line of `appliance.contract.maintenance.table`."""

    def __init__(self, place: Place) -> None:
        applying = applying_at(place)
        self._rooms = Rooms(place)
        self._maintenance = Maintenance(self._rooms, applying) if applying else None
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "CheckWindow": self._check,
            "OpenWindow": self._open,
            "CloseWindow": self._close,
            "ListWindows": self._list,
            "ReadWindow": self._read,
            "ReadRecording": self._recording,
            "CheckRecordings": self._check_recordings,
            "CountRecordings": self._count_recordings,
            "RemoveRecordings": self._remove_recordings,
            "ListHappenings": self._happenings,
        }

    @property
    def _own(self) -> Maintenance:
        if self._maintenance is None:
            raise MachineNotOwned
        return self._maintenance

    def _check(self, _caller: Caller, request: state.OpenWindow) -> state.WindowPlan:
        return self._own.check(request)

    def _open(self, caller: Caller, request: state.OpenWindow) -> state.OpenedWindow:
        return self._own.open(caller, request)

    def _close(self, caller: Caller, request: state.OfWindow) -> state.Window:
        return self._own.close(caller, request.window)

    def _list(self, _caller: Caller, request: state.ListWindows) -> state.Windows:
        own, book = self._own, self._rooms.book
        found = choose(map(book.read, book.numbers()), request)
        missing = own.missing()
        return state.Windows(
            windows=tuple(found[request.offset : request.offset + request.limit]),
            total=len(found),
            opened=book.opened(),
            unavailable=missing.code if missing else "",
            port=own.port(),
        )

    def _read(self, _caller: Caller, request: state.OfWindow) -> state.OneWindow:
        book = self._own.rooms.book
        window = book.read(request.window)
        return state.OneWindow(window=window, sessions=book.sessions(request.window))

    def _recording(self, _caller: Caller, request: state.ReadRecording) -> state.RecordingPart:
        book = self._own.rooms.book
        session = book.session(request.window, request.session)
        try:
            text, following = stretch(book.recording(session.window, session.id), request.offset)
        except FileNotFoundError:
            raise RecordingGone(session=session.id) from None
        return state.RecordingPart(session=session, text=text, next=following)

    def _check_recordings(self, _caller: Caller, request: state.OfWindow) -> state.RecordingsFound:
        found = keeping.found_recordings(self._own.rooms.book, request.window)
        return state.RecordingsFound(recordings=found)

    def _count_recordings(self, _caller: Caller, request: state.OlderThan) -> state.OldRecordings:
        return keeping.old_recordings(self._own.rooms.book, request.before)

    def _remove_recordings(
        self, _caller: Caller, request: state.OlderThan
    ) -> state.RemovedRecordings:
        return keeping.remove_recordings(self._own.rooms.book, request.before)

    def _happenings(self, _caller: Caller, request: state.ListHappenings) -> state.Happenings:
        journal = self._own.rooms.journal
        return state.Happenings(
            journal=journal.identifier(), happenings=journal.after(request.after, request.limit)
        )
