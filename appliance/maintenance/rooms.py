"""Where everything about maintenance lies in one copy."""

from pathlib import Path

from appliance.maintenance.authority import Authority
from appliance.maintenance.journal import Journal
from appliance.maintenance.windows import WindowBook
from appliance.place import Place


class Rooms:
    """The folders of one copy."""

    def __init__(self, place: Place) -> None:
        own = place.machine / "maintenance"
        self.place = place
        self.book = WindowBook(own)
        self.journal = Journal(own / "journal")
        self.authority = Authority(place.machine / "ssh")

    @property
    def door(self) -> Path:
        """The socket at which sshd's sessions knock; outside the data, whose folder is closed."""
        return (self.place.machine_root or Path("/")) / "run/tenshu-maintenance/door.sock"
