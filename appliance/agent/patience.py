"""A repository whose disk or network hangs stops nobody but those who ask for it.

A process that waits for a dead network disk may not even be killed. So few may wait for the same
repository at once; whoever comes later hears at once that it does not answer.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from appliance.contract.actions import Repository
from appliance.contract.backup_errors import RunTimedOut
from appliance.contract.repository_errors import RepositorySilent

READING_SECONDS: Final = 30
"""What the reading of a list of archives may take; a cold cache on a slow network needs ten."""
WAITING: Final = 3
"""Who may wait for one repository at a time: far fewer than the agent has connections."""


class Patience:
    """Counts who waits for which repository."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}

    @contextlib.contextmanager
    def reading(self, repository: Repository) -> Iterator[None]:
        """Let somebody read a repository. Raise RepositorySilent if it does not answer."""
        silent = RepositorySilent(folder=repository.folder)
        with self._lock:
            if self._waiting.get(repository.id, 0) >= WAITING:
                raise silent
            self._waiting[repository.id] = self._waiting.get(repository.id, 0) + 1
        try:
            yield
        except RunTimedOut:
            raise silent from None
        finally:
            with self._lock:
                self._waiting[repository.id] -= 1
