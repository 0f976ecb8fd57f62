"""An authority that speaks ACME (RFC 8555), asked over HTTPS for one certificate.

The proof is a file that the edge serves on port 80 (HTTP-01, 8.3): it needs no program of its own
on a port, and no power over the domain's name servers.
"""

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.b64 import b64encode
from josepy.errors import Error as JoseError
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from appliance.backup.manifest import product_version
from appliance.certificates.requesting import key_pem, make_key, make_request
from appliance.contract.certificates.chain import ROOTS
from appliance.contract.certificates.state import KeyKind, RequestCertificate
from appliance.contract.configuration.services import Acme
from appliance.durable import write_whole

ANSWER_SECONDS: Final = 15
WHOLE: Final = dt.timedelta(seconds=75)
LONGEST_REASON: Final = 500
ACCOUNT: Final = "account.json"
UNKNOWN_ACCOUNT: Final = "accountDoesNotExist"
"""RFC 8555, 6.7."""


class FetchingFailedError(Exception):
    """The authority, or the way to it, said no. Its words are the argument."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account at one authority."""

    directory: str
    uri: str
    key: str
    """PEM, PKCS#8."""


def fetch(
    acme: Acme, names: tuple[str, ...], own: Path, proofs: Path, roots: str = ""
) -> tuple[list[x509.Certificate], ec.EllipticCurvePrivateKey]:
    """Return certificates, the server's first, and their new key. Raise FetchingFailedError.

    `own` is the folder of the account, `proofs` what the edge serves on port 80, `roots` whom the
    document trusts beside those that the machine knows (PEM).
    """
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = make_key(KeyKind.ec256)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - what was asked for
    asked = make_request(key, RequestCertificate(names=names))
    try:
        door, order = _ordered(acme, own, roots, asked)
        with _proven(door, order, proofs):
            done = door.poll_and_finalize(order, _deadline())
    except (errors.Error, messages.Error, requests.RequestException, JoseError) as error:
        raise FetchingFailedError(_words(error)) from error
    return x509.load_pem_x509_certificates(done.fullchain_pem.encode()), key


def _ordered(
    acme: Acme, own: Path, roots: str, asked: bytes
) -> tuple[client.ClientV2, messages.OrderResource]:
    """Return the authority's door with an order there.

    An authority that was set up anew knows the account no more: then it gets another one.
    """
    door = _door(acme, own, roots)
    try:
        return door, door.new_order(asked)
    except messages.Error as error:
        if error.code != UNKNOWN_ACCOUNT:
            raise
    (own / ACCOUNT).unlink()
    door = _door(acme, own, roots)
    return door, door.new_order(asked)


def _deadline() -> dt.datetime:
    return dt.datetime.now() + WHOLE  # noqa: DTZ005 - the library compares with local time


def _door(acme: Acme, own: Path, roots: str) -> client.ClientV2:
    """Return the authority's door, opened with the account that is kept, or a new one."""
    kept = _kept(own / ACCOUNT, acme.directory)
    pem = kept.key.encode() if kept else key_pem(make_key(KeyKind.ec256))
    key = serialization.load_pem_private_key(pem, None)
    net = client.ClientNetwork(
        JWKEC(key=key),
        alg=ES256,
        user_agent=f"tenshu/{product_version()}",
        timeout=ANSWER_SECONDS,
    )
    net.verify_ssl = _trust(acme, own, roots)  # type: ignore[assignment]  # requests takes a path too
    door = client.ClientV2(client.ClientV2.get_directory(acme.directory, net), net)
    body = messages.NewRegistration.from_data(
        email=acme.contact or None, terms_of_service_agreed=True
    )
    if kept:
        net.account = messages.RegistrationResource(uri=kept.uri, body=messages.Registration())
        return door
    account = door.new_account(body)
    told = Account(directory=acme.directory, uri=account.uri, key=pem.decode())
    write_whole(own / ACCOUNT, msgspec.json.encode(told))
    return door


def _kept(path: Path, directory: str) -> Account | None:
    """Return the account at this authority, if there is one."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        found = msgspec.json.decode(path.read_bytes(), type=Account)
        if found.directory == directory:
            return found
    return None


def _trust(acme: Acme, own: Path, roots: str) -> str:
    """Return the file of roots that the authority's own certificate is checked against.

    The one that is named for it alone; else what the machine and the document trust.
    """
    if not acme.root and not roots:
        return str(ROOTS)
    known = ROOTS.read_bytes() if not acme.root and ROOTS.exists() else b""
    write_whole(own / "root.pem", known + (acme.root or roots).encode())
    return str(own / "root.pem")


@contextlib.contextmanager
def _proven(door: client.ClientV2, order: Any, proofs: Path) -> Iterator[None]:  # noqa: ANN401
    """Lay out the proof for each name, and tell the authority to look; take it away afterwards."""
    laid = []
    for folder in (proofs.parent, proofs):
        folder.mkdir(mode=0o755, exist_ok=True)
    proofs.chmod(0o755)  # the edge's processes have a user of their own
    try:
        for authorisation in order.authorizations:
            if authorisation.body.status == messages.STATUS_VALID:
                continue
            found = next(
                (
                    one
                    for one in authorisation.body.challenges
                    if isinstance(one.chall, challenges.HTTP01)
                ),
                None,
            )
            if found is None:
                raise errors.Error("the authority takes no proof over HTTP (http-01)")
            response, text = found.response_and_validation(door.net.key)
            # base64url alone (RFC 8555, 8.1): what comes from outside never leads elsewhere
            path = proofs / b64encode(found.chall.token).decode()
            write_whole(path, text.encode(), 0o644, durable=False)
            path.chmod(0o644)
            laid.append(path)
            door.answer_challenge(found, response)
        yield
    finally:
        for path in laid:
            path.unlink(missing_ok=True)


def _words(error: Exception) -> str:
    """Return what an authority, or the way to it, said."""
    if isinstance(error, errors.ValidationError):
        told = [
            str(one.error.detail)
            for authorisation in error.failed_authzrs
            for one in authorisation.body.challenges
            if one.error is not None
        ]
        text = "; ".join(told)
    elif isinstance(error, messages.Error):
        text = str(error.detail or error.typ)
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())[:LONGEST_REASON]
