"""Fetching the certificate `acme`: `python -m appliance.certificates.fetching`.

A process of its own: what it loads and what it reads from outside ends with it. How it went stands
in `tls/acme/state.json` (`appliance.certificates.renewing`); whoever started it looks there.

A person may ask while it is fetched by itself. The second one waits for the first, and what came of
that answers both: an authority counts who asks it.
"""

import contextlib
import datetime as dt
import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from appliance.certificates.keeping import Keeping
from appliance.certificates.renewing import State, asked_by, lock_of, state_of, write_state
from appliance.contract.certificates.chain import Chain, check, names_of, pick_leaf
from appliance.contract.certificates.errors import CertificateProblem
from appliance.contract.certificates.folder import Folder, Origin, Record
from appliance.contract.configuration.checking_certificates import acme_names
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.services import ACME
from appliance.holding import in_turn
from appliance.log import configure_logging
from appliance.machine.applying import applying_at
from appliance.machine.plan.nginx.planes import PROOFS
from appliance.machine.sign_in import way_out
from appliance.place import Place, load_place
from appliance.records import now

UNFIT: Final = (ValueError, TypeError, InvalidSignature)
"""What certificates that do not belong together, or none at all, end in."""
SYSTEM: Final = "system"
SECONDS: Final = 100
"""A person waits for it too: less than the edge gives a plane for an answer."""
FETCHED, FAILED, SHARED = 0, 1, 2
"""What the process ends with; the last one where the result is somebody else's too."""


class Came(msgspec.Struct, frozen=True):
    """What came of asking."""

    state: State
    shared: bool = False
    """Somebody else was asking already, and tells of it."""


def start_fetching(place: Place, document: Document) -> Came:
    """Fetch in a process of its own; return how it went."""
    command = [sys.executable, "-P", "-m", "appliance.certificates.fetching"]
    env = {**os.environ, **way_out(place, document), **place.environment()}
    code = FAILED
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, env=env, check=False, timeout=SECONDS
        ).returncode
    return Came(state_of(Folder(place.data)), shared=code == SHARED)


def fetch_now(place: Place, document: Document, root: Path) -> State:
    """Fetch once, keep what comes, and write down how it went."""
    from appliance.certificates.authority import (  # noqa: PLC0415 - for this process alone
        FetchingFailedError,
        fetch,
    )

    keeping = Keeping(place.data)
    acme, names = document.certificates.acme, acme_names(document)
    before = state_of(keeping.folder)
    # a process that is killed has failed, until it says otherwise
    attempt = State(
        directory=before.directory,
        failures=before.failures + 1,
        reason="it was interrupted",
        at=now(),
        earlier=before.reason,
    )
    write_state(keeping.folder, attempt)
    try:
        roots = "\n".join(one.pem for one in document.trust.roots)
        found, key = fetch(acme, names, keeping.folder.tls / "acme", root / PROOFS, roots)
        chain = _in_order(found)
        pick_leaf([chain.leaf], key)
        check(chain, dt.datetime.now(dt.UTC))
        if missing := set(names) - set(names_of(chain.leaf)):
            raise FetchingFailedError("it is not for " + ", ".join(sorted(missing)))  # noqa: TRY301
    except (FetchingFailedError, CertificateProblem, OSError, *UNFIT) as error:
        failed = msgspec.structs.replace(
            attempt,
            reason=str(error) or type(error).__name__,
            asked=asked_by(document),
            earlier="",
        )
        write_state(keeping.folder, failed)
        return failed
    record = keeping.folder.record(ACME) or Record(origin=Origin.acme, made_at=0, account=SYSTEM)
    keeping.keep(ACME, msgspec.structs.replace(record, made_at=now()), chain, key)
    done = State(directory=acme.directory, at=now(), asked=asked_by(document))
    write_state(keeping.folder, done)
    return done


def _in_order(found: list[x509.Certificate]) -> Chain:
    """Return the chain as an authority sends it: each signs the one before (RFC 8555, 7.4.2).

    Whether its root is known needs no look: the connection it came over was checked.
    """
    for one, issuer in itertools.pairwise(found):
        one.verify_directly_issued_by(issuer)
    return Chain(tuple(found), trusted=False)


def main() -> int:
    """Return FETCHED, or FAILED where nothing came of it, or SHARED."""
    configure_logging("acme")
    place = load_place()
    applying = applying_at(place)
    if applying is None:
        return FAILED
    folder = Folder(place.data)
    with in_turn(lock_of(folder)) as waited:
        document = applying.document(applying.versions.current())
        if not document.certificates.acme.directory:
            return FAILED
        if waited and state_of(folder).asked == asked_by(document):
            return SHARED
        failures = fetch_now(place, document, applying.root.path).failures
    return FAILED if failures else FETCHED


if __name__ == "__main__":
    sys.exit(main())
