"""The machine's first document, from a seed (`docs/reference/seed.md`).

    /run/tenshu/seed-found.json    what `appliance.seed.finding` has found on disks; untrusted
    <data>/machine/seed.json       what became of it: from then on no seed is ever read

It is decided before the network comes up, so that the machine has its address from the beginning;
and it takes effect as a whole, with the agent's start, as every document. What is wrong with a seed
is told on the screen, and the machine starts as if there were none.
"""

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.problem import Problem, as_problem
from appliance.contract.configuration.reading import Unreadable
from appliance.contract.configuration.writing import write_document
from appliance.contract.errors import ApplianceError
from appliance.contract.seed.form import LABEL, Seed
from appliance.contract.seed.ovf import properties
from appliance.contract.seed.problems import NotLookedFor, NotTaken, SeveralSeeds
from appliance.contract.seed.reading import document_of, fitting, line_of, read_seed, read_text
from appliance.contract.seed.state import SeedFault, SeedOutcome, SeedRecord
from appliance.durable import write_whole
from appliance.machine.applying import Applying
from appliance.machine.facts import cables
from appliance.records import now
from appliance.seed.found import FOUND, Found

LOG: Final = logging.getLogger("appliance.machine")
NAMED: Final = Path("/run/udev/data")
"""What udev knows of each disk."""
FILE_NAME: Final = "seed.json"
PROPERTY: Final = "tenshu"


def recorded(folder: Path) -> SeedRecord | None:
    """Return what became of the seed; None before it was looked for."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=SeedRecord)
    except FileNotFoundError:
        return None


def record(folder: Path, what: SeedRecord) -> None:
    """Write down what became of it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / FILE_NAME, msgspec.json.encode(what))


def decide(applying: Applying, found: Path = FOUND) -> SeedRecord:
    """Decide on the seeds that were found, once; from then on none is read."""
    known = recorded(applying.versions.folder)
    if known is None:
        known = _judged(applying, found)
        record(applying.versions.folder, known)
        LOG.info("seed: %s %s", known.outcome, "; ".join(explained(known)))
    elif known.outcome is SeedOutcome.accepted and applying.versions.current():
        known = took(applying.versions.folder, known, None)  # the power was cut right after
    return known


def _judged(applying: Applying, path: Path) -> SeedRecord:
    if applying.versions.newest():  # a machine that was there before there were seeds
        return SeedRecord(outcome=SeedOutcome.none, at=now())
    try:
        seeds = [
            one
            for one in msgspec.json.decode(path.read_bytes(), type=tuple[Found, ...])
            if not _says_nothing(one)
        ]
    except (OSError, msgspec.MsgspecError):
        LOG.exception("what was found on disks cannot be read")
        return _refused("", "", as_problem(NotLookedFor()))
    if not seeds:
        return SeedRecord(outcome=SeedOutcome.none, at=now())
    if len(seeds) > 1:
        places = ", ".join(one.place for one in seeds)
        several = SeveralSeeds(place=places, count=len(seeds))
        return _refused(places, "", as_problem(several))
    return _of(seeds[0], applying)


def _says_nothing(one: Found) -> bool:
    """Tell whether a hypervisor hands over properties that are as the image brings them."""
    try:
        return one.ovf and not one.problem and fitting(properties(one.content), PROPERTY) == Seed()
    except Unreadable:
        return False


def _of(one: Found, applying: Applying) -> SeedRecord:
    digest = hashlib.sha256(one.content).hexdigest()
    if one.problem:
        return _refused(one.place, "", one.problem)
    text = ""
    try:
        if one.ovf:
            seed = fitting(properties(one.content), PROPERTY)
        else:
            text = read_text(one.content, one.place)
            seed = read_seed(text)
        document = document_of(seed, cables(), applying.problems)
    except Unreadable as error:
        return SeedRecord(
            outcome=SeedOutcome.refused,
            at=now(),
            place=one.place,
            sha256=digest,
            faults=tuple(fault_of(each, text) for each in error.problems),
        )
    return SeedRecord(
        outcome=SeedOutcome.accepted,
        at=now(),
        place=one.place,
        sha256=digest,
        document=write_document(document),
    )


def fault_of(error: ApplianceError, text: str) -> SeedFault:
    """Return what is wrong, with the line of the text where it can be named."""
    place = str(error.parameters.get("place", ""))
    line = error.parameters.get("line") or line_of(text, place)
    return SeedFault(line=int(line), problem=as_problem(error))


def _refused(place: str, digest: str, problem: Problem) -> SeedRecord:
    return SeedRecord(
        outcome=SeedOutcome.refused,
        at=now(),
        place=place,
        sha256=digest,
        faults=(SeedFault(problem=problem),),
    )


def took(folder: Path, known: SeedRecord, error: ApplianceError | None) -> SeedRecord:
    """Write down that the machine follows the seed, or why it does not."""
    if error is None:
        ended = msgspec.structs.replace(known, outcome=SeedOutcome.applied)
    else:
        fault = SeedFault(problem=as_problem(NotTaken(reason=str(error))))
        ended = msgspec.structs.replace(known, outcome=SeedOutcome.refused, faults=(fault,))
    record(folder, ended)
    return ended


def explained(known: SeedRecord) -> Iterator[str]:
    """Yield what is wrong, a line for each: place in the file, reason, remedy."""
    for one in known.faults:
        begins = f"Line {one.line}"
        at = f"{begins}: " if one.line and not one.problem.message.startswith(begins) else ""
        yield f"{at}{one.problem.message} {one.problem.hint}"


def for_the_screen(known: SeedRecord) -> str:
    """Return what the machine's own screen shows (issue(5)): English letters."""
    place = f" on {known.place}" if known.place else ""
    lines = [f"The seed{place} was not used. The machine asks for its address by DHCP."]
    lines += [f"  {one}" for one in explained(known)]
    ascii_only = "\n".join(lines).encode("ascii", "replace").decode()
    return ascii_only.replace("\\", "\\\\") + "\n\n"


def is_attached(named: Path = NAMED) -> bool:
    """Tell whether a disk of a seed is attached: it is read no more, and may go."""
    line = f"E:ID_FS_LABEL={LABEL}\n"
    for one in named.glob("b*"):
        try:
            if line in one.read_text("utf-8", "replace"):
                return True
        except OSError:
            continue  # it was taken away while it was looked at
    return False
