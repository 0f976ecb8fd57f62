"""The agent's actions on maintenance access, as console and command line call them."""

from collections.abc import Iterator

from appliance.contract.actions import Caller
from appliance.contract.calling import Calling
from appliance.contract.configuration import unavailable  # noqa: F401 - an answer's error, by code
from appliance.contract.maintenance import errors  # noqa: F401 - these too
from appliance.contract.maintenance.state import (
    Happenings,
    ListHappenings,
    ListWindows,
    OfWindow,
    OlderThan,
    OldRecordings,
    OneWindow,
    OpenedWindow,
    OpenWindow,
    ReadRecording,
    RecordingPart,
    RecordingsFound,
    RemovedRecordings,
    Window,
    WindowPlan,
    Windows,
)


class MaintenanceClient(Calling):
    """A method a line of `appliance.contract.maintenance.table`."""

    def check(self, caller: Caller, request: OpenWindow) -> WindowPlan:
        """Tell whether a window could be opened so; raise what keeps it from that."""
        return self.call("CheckWindow", caller, request, WindowPlan)

    def open(self, caller: Caller, request: OpenWindow) -> OpenedWindow:
        """Open a window."""
        return self.call("OpenWindow", caller, request, OpenedWindow)

    def close(self, caller: Caller, window: int) -> Window:
        """Close a window at once."""
        return self.call("CloseWindow", caller, OfWindow(window=window), Window)

    def windows(self, caller: Caller, wanted: ListWindows) -> Windows:
        """Return a page of windows."""
        return self.call("ListWindows", caller, wanted, Windows)

    def window(self, caller: Caller, number: int) -> OneWindow:
        """Return one window with its sessions."""
        return self.call("ReadWindow", caller, OfWindow(window=number), OneWindow)

    def part(self, caller: Caller, request: ReadRecording) -> RecordingPart:
        """Return one stretch of a recording."""
        return self.call("ReadRecording", caller, request, RecordingPart)

    def recording(self, caller: Caller, window: int, session: str) -> Iterator[RecordingPart]:
        """Yield a recording, stretch by stretch; at least one."""
        offset = 0
        while True:
            part = self.part(caller, ReadRecording(window=window, session=session, offset=offset))
            yield part
            offset = part.next
            if not offset:
                return

    def recordings(self, caller: Caller, number: int) -> RecordingsFound:
        """Return the digests of a window's recordings as they lie there."""
        return self.call("CheckRecordings", caller, OfWindow(window=number), RecordingsFound)

    def old_recordings(self, caller: Caller, before: int) -> OldRecordings:
        """Tell how many recordings are older than a moment."""
        return self.call("CountRecordings", caller, OlderThan(before=before), OldRecordings)

    def remove_recordings(self, caller: Caller, before: int) -> RemovedRecordings:
        """Remove some recordings that are older than a moment."""
        return self.call("RemoveRecordings", caller, OlderThan(before=before), RemovedRecordings)

    def happenings(self, caller: Caller, after: int, limit: int = 50) -> Happenings:
        """Return what happened since an entry of the journal."""
        request = ListHappenings(after=after, limit=limit)
        return self.call("ListHappenings", caller, request, Happenings)
