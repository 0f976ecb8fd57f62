"""Being told to stop, by a signal at any moment."""

from queue import Empty, SimpleQueue


class Stop:
    """What a process waits for between its turns.

    Not a `threading.Event`: a signal's handler runs in the main thread, between any two of its
    steps. Where that thread is just inside `Event.wait` and holds its lock, `Event.set` in the
    handler waits for that lock for ever. A `SimpleQueue` may be put into from anywhere.
    """

    def __init__(self) -> None:
        """Nobody has said so yet."""
        self._is_set = False
        self._told: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Say so, once and for all who wait."""
        self._is_set = True
        self._told.put(None)

    def is_set(self) -> bool:
        """Tell whether somebody said so."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait until somebody says so, for some seconds at most; tell whether somebody did."""
        try:
            self._told.get(timeout=max(seconds, 0))
        except Empty:
            return self._is_set
        self._told.put(None)  # the others wait for it too
        return True
