"""The sign-in at the proxy on the way out, kept by the agent and nobody else.

It lies beside the passphrases of the repositories, in the keys' folder, mode 0600: no version of
the document holds it, no plan shows it, no backup takes it along. Those who go out get it in their
environment when the agent starts them.
"""

from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from appliance.contract.configuration.document import Document
from appliance.contract.secret import Secret
from appliance.contract.varlink import read_secret
from appliance.durable import write_whole
from appliance.machine.plan.proxy import environment
from appliance.place import Place

FILE: Final = "proxy.json"
MODE: Final = 0o600


class SignIn(msgspec.Struct, frozen=True):
    """User and password at the proxy."""

    user: str
    password: Secret


def read_sign_in(place: Place) -> SignIn | None:
    """Return the sign-in; none where nobody has set one."""
    try:
        kept = _file(place).read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(kept, type=SignIn, dec_hook=read_secret)


def keep_sign_in(place: Place, sign_in: SignIn | None) -> None:
    """Keep another sign-in, or none."""
    if sign_in is None:
        _file(place).unlink(missing_ok=True)
        return
    kept = {"user": sign_in.user, "password": sign_in.password.reveal()}  # here and nowhere else
    write_whole(_file(place), msgspec.json.encode(kept), MODE)


def way_out(place: Place, document: Document) -> dict[str, str]:
    """Return the environment of a process that goes out over HTTP; for its eyes alone."""
    found = environment(document)
    sign_in = read_sign_in(place)
    address = document.network.proxy.address
    if sign_in is None or not address:
        return found
    parts = urlsplit(address)
    known = f"{quote(sign_in.user, safe='')}:{quote(sign_in.password.reveal(), safe='')}"
    signed_in = parts._replace(netloc=f"{known}@{parts.netloc}").geturl()
    return {name: signed_in if value == address else value for name, value in found.items()}


def _file(place: Place) -> Path:
    return place.keys / FILE
