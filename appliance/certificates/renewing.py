"""When the certificate that is fetched by itself is fetched again, and how long after a failure.

<data>/tls/acme/state.json     how the last attempts ended
<data>/tls/acme/account.json   the account at the authority, with its key (mode 0600)
"""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.certificates.chain import names_of, renewal_of
from appliance.contract.certificates.folder import Condition, Folder
from appliance.contract.configuration.checking_certificates import acme_names
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.services import ACME
from appliance.durable import write_whole
from appliance.holding import is_held

FIRST_PAUSE: Final = dt.timedelta(minutes=10)
LONGEST_PAUSE: Final = dt.timedelta(days=1)
"""An authority counts failures, and refuses who asks too often."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How the last attempts ended."""

    directory: str = ""
    """Where the present certificate is from."""
    failures: int = 0
    """In a row."""
    reason: str = ""
    """Of the last failure, in the words of who found it."""
    at: int = 0
    """Of the last attempt, in milliseconds."""
    asked: str = ""
    """What the last attempt has asked for, once it has ended; empty while it goes on."""
    earlier: str = ""
    """While it goes on: why the one before has failed."""


def state_of(folder: Folder) -> State:
    """Return how the last attempts ended."""
    try:
        return msgspec.json.decode(_path(folder).read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError):
        return State()


def told_state(folder: Folder) -> State:
    """Return how the last attempts ended; one that goes on at the moment has not failed."""
    state = state_of(folder)
    if state.asked or not is_held(lock_of(folder)):
        return state
    failures = max(0, state.failures - 1)  # at its very start nothing is written down yet
    return msgspec.structs.replace(state, failures=failures, reason=state.earlier)


def lock_of(folder: Folder) -> Path:
    """Return the file that is held by whoever fetches."""
    return folder.tls / "acme" / "lock"


def write_state(folder: Folder, state: State) -> None:
    """Write down how an attempt ended."""
    _path(folder).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(_path(folder), msgspec.json.encode(state))


def asked_by(document: Document) -> str:
    """Return what a document wants fetched, and whom it trusts there: two alike are one attempt."""
    wanted = (document.certificates.acme, acme_names(document), document.trust, document.network)
    return hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()


def pause_after(failures: int) -> dt.timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time."""
    if failures < 1:
        return dt.timedelta()
    return min(FIRST_PAUSE * (1 << min(failures - 1, 12)), LONGEST_PAUSE)


def next_attempt(folder: Folder, document: Document, now: dt.datetime) -> dt.datetime | None:
    """Return when to fetch next; none where the document wants nothing fetched."""
    if not document.certificates.acme.directory:
        return None
    state = state_of(folder)
    last = dt.datetime.fromtimestamp(state.at / 1000, dt.UTC)
    earliest = last + pause_after(state.failures)
    if last > now:  # the clock was ahead, then
        earliest = now
    return max(_wanted(folder, document, state, now), earliest)


def _wanted(folder: Folder, document: Document, state: State, now: dt.datetime) -> dt.datetime:
    found = folder.examine(ACME, now)
    if found.condition is not Condition.good or found.chain is None:
        return now
    leaf = found.chain.leaf
    moved = state.directory != document.certificates.acme.directory
    if moved or set(names_of(leaf)) != set(acme_names(document)):
        return now
    return renewal_of(leaf.not_valid_before_utc, leaf.not_valid_after_utc)


def _path(folder: Folder) -> Path:
    return folder.tls / "acme" / "state.json"
