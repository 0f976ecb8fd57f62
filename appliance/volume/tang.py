"""A key server (tang) asked by Debian's own programs: clevis, jose, curl. No cryptography of ours.

What a server advertises is signed by itself: a person compares the thumbprint of the signing key.
"""

import base64
import json
import os
import signal
import subprocess
from typing import Any, Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine.programs import PATH, SAID, find

SECONDS: Final = 20
"""A server of the same network answers within one."""
ANSWER_SECONDS: Final = 8
HASH: Final = "S256"
LARGEST: Final = 16_384
"""Bytes of what a server advertises; two keys are one and a half thousand."""


class Advertised(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of its keys."""

    text: str
    """As it came: signed."""
    signing: tuple[str, ...]
    """Thumbprints of the keys that have signed it."""
    exchange: tuple[str, ...]
    """Thumbprints of the keys by which something is closed now."""


def fetch(url: str) -> Advertised:
    """Ask a server for what it advertises. Raise ProgramRefused."""
    words = ("curl", "--silent", "--show-error", "--fail", "--globoff", "--noproxy", "*")
    limits = ("--max-time", str(ANSWER_SECONDS), "--max-filesize", str(LARGEST), "--proto")
    return read(_run(*words, *limits, "=http,https", f"{url}/adv"))


def read(text: str) -> Advertised:
    """Return what was advertised, if all its keys have signed it. Raise ProgramRefused."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(json.loads(text)["payload"] + "=="))["keys"]
        signing, exchange = _keys_for(keys, "verify"), _keys_for(keys, "deriveKey")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProgramRefused(program="curl", said="what answers is no key server (tang)") from error
    if not signing["keys"] or not exchange["keys"]:
        raise ProgramRefused(program="curl", said="what answers has no keys to close something by")
    _run("jose", "jws", "ver", "-i", text, "-k", "-", "-a", given=json.dumps(signing))
    return Advertised(text=text, signing=_thumbprints(signing), exchange=_thumbprints(exchange))


def close(key: str, url: str, thumbprint: str, advertised: str) -> str:
    """Return a key closed so that only the server of that thumbprint helps. Raise ProgramRefused.

    Nobody is asked over the network: what the server advertised is enough.
    """
    known = {"url": url, "thp": thumbprint, "adv": json.loads(advertised)}
    return _run("clevis", "encrypt", "tang", json.dumps(known), given=key)


def open_closed(closed: str) -> str:
    """Return the key, with the server's help. Raise ProgramRefused."""
    return _run("clevis", "decrypt", "tang", given=closed)


def closed_by(closed: str) -> str:
    """Return the thumbprint of the server's key by which something was closed; empty if none."""
    try:
        head = json.loads(base64.urlsafe_b64decode(closed.partition(".")[0] + "=="))
        return str(head["kid"])
    except (ValueError, TypeError, KeyError):
        return ""


def _keys_for(keys: list[dict[str, Any]], use: str) -> dict[str, list[dict[str, Any]]]:
    return {"keys": [one for one in keys if use in one.get("key_ops", ())]}


def _thumbprints(keys: dict[str, list[dict[str, Any]]]) -> tuple[str, ...]:
    told = _run("jose", "jwk", "thp", "-i", "-", "-a", HASH, given=json.dumps(keys))
    return tuple(told.split())


def _run(program: str, *words: str, given: str = "") -> str:
    """Run a program to its end, or cut it with all that it began. Raise ProgramRefused."""
    found = find(program)
    if found is None:
        raise ProgramRefused(program=program, said="it is not installed")
    pipe = subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - a fixed program; what varies is data to it
        [found, *words],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        errors="replace",
        start_new_session=True,
        env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
    )
    try:
        out, errors = process.communicate(given, SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise ProgramRefused(program=program, said=f"no answer in {SECONDS} s") from None
    if process.returncode:
        said = errors.strip()[-SAID:] or f"exit code {process.returncode}"
        raise ProgramRefused(program=program, said=said)
    return out
