"""The verifier of evidence against plain hashing of the same bytes.

The baseline reads the same lines of the same unpacked file, takes the same pieces out of them, and
computes the hashes of leaves, nodes and values in the leanest way that Python knows: what no check
can leave out. It compares nothing. Goal: the verifier takes at most 1.5 × of that.
"""

import contextlib
import io
import re
import statistics
import time
import zipfile
from binascii import unhexlify
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from app.audit.merkle import levels_of
from app.evidence import verify
from app.evidence.making import Period, make_evidence
from bench.parts.report import Report
from bench.parts.verification import sealed_history

ROUNDS: Final = 3
GOAL: Final = 1 / 1.5
HEAD: Final = re.compile(rb'\{"position":\d+,"bytes":(\d+),"seal":"[0-9a-f]{16}","parts":\[')
PART: Final = re.compile(rb',?\["[a-z]+","([0-9a-f]*)",(\d+),')


def measure(report: Report, folder: Path, events: int) -> None:
    """Make evidence of `events` events, unpack it, and check and hash it in turn."""
    database, store = sealed_history(folder, events)
    database.close()
    packed, unpacked = folder / "evidence.zip", folder / "evidence"
    begun = time.perf_counter()
    with packed.open("wb") as file:
        period = Period(since=0, until=2**61)
        make_evidence(store, file, period, at=0, progress=lambda *_: None)
    report.note(f"made in {time.perf_counter() - begun:.1f} s, {packed.stat().st_size:,} bytes")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(unpacked)
    ours, plain = [], []
    for _ in range(ROUNDS):
        plain.append(_seconds(lambda: _hash_only(unpacked / "events.jsonl")))
        ours.append(_seconds(lambda: _check(unpacked)))
    mine, least = statistics.median(ours), statistics.median(plain)
    report.note(f"verifier {mine:.2f} s, hashing alone {least:.2f} s")
    report.figure("evidence", least / mine, GOAL)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _check(unpacked: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert verify.main([str(unpacked)]) == verify.WHOLE, told.getvalue()


def _hash_only(path: Path) -> bytes:
    leaves = []
    with path.open("rb") as file:
        for line in file:
            head = HEAD.match(line)
            part = PART.match(line, head.end())
            while part:
                begin, salt, length = part.end(), *part.groups()
                end = begin + int(length)
                sha256(unhexlify(salt) + line[begin:end]).hexdigest()
                part = PART.match(line, end + 1)
            leaves.append(sha256(b"\x00" + line[-2 - int(head[1]) : -2]).digest())
    return levels_of(leaves)[-1][0]
