"""Passkeys (WebAuthn level 3): what a browser is asked, and whether its answer holds. No database.

Attestation is not asked for: which brand of key somebody uses is not our business. The user handle
is random and tells nobody whose it is. The signature counter is compared by whoever keeps it.
"""

import base64
import binascii
import secrets
from typing import Any, Final

import msgspec

from app.core.clock import MINUTE
from app.core.secret import Secret
from app.identity.errors import PasskeyRefused
from app.identity.relying_party import RelyingParty

EDDSA: Final = -8
ES256: Final = -7
RS256: Final = -257
ALGORITHMS: Final = (EDDSA, ES256, RS256)
CHALLENGE_BYTES: Final = 32
HANDLE_BYTES: Final = 32
LASTS: Final = 5 * MINUTE
"""How long a challenge may be answered; also what the browser is told."""
LONGEST_ANSWER: Final = 64 * 1024


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a passkey, sealed."""

    credential: str
    """Credential ID, base64url."""
    public_key: bytes
    """COSE_Key (RFC 9052)."""
    handle: str
    """User handle, base64url: the same for all passkeys of a person on a plane."""
    rp_id: str
    transports: tuple[str, ...] = ()
    """How the browser reaches it, as the browser said."""
    backed_up: bool = False
    """Synchronised by its maker, so that another device may hold it too."""


class _Response(msgspec.Struct):
    transports: tuple[str, ...] = ()
    userHandle: str | None = None  # noqa: N815 - the browser's own name
    clientDataJSON: str = ""  # noqa: N815


class _Answer(msgspec.Struct):
    id: str
    response: _Response


class _ClientData(msgspec.Struct):
    crossOrigin: bool = False  # noqa: N815


def new_challenge() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def new_handle() -> str:
    """Return a user handle that says nothing about its person."""
    return encode(secrets.token_bytes(HANDLE_BYTES))


def creation_options(
    party: RelyingParty, challenge: bytes, *, handle: str, name: str, known: list[Passkey]
) -> str:
    """Return as JSON what `navigator.credentials.create` is given; `name` is for the person."""
    options = {
        "challenge": encode(challenge),
        "rp": {"id": party.rp_id, "name": "Tenshu"},
        "user": {"id": handle, "name": name, "displayName": name},
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "preferred"},
        "attestation": "none",
        "excludeCredentials": _descriptors(known),
        "timeout": LASTS,
    }
    return msgspec.json.encode(options).decode()


def request_options(
    party: RelyingParty, challenge: bytes, known: list[Passkey], *, verify: bool = False
) -> str:
    """Return as JSON what `navigator.credentials.get` is given.

    With `verify` the authenticator must know its person too (PIN, finger, face).
    """
    options = {
        "challenge": encode(challenge),
        "rpId": party.rp_id,
        "allowCredentials": _descriptors(known),
        "userVerification": "required" if verify else "preferred",
        "timeout": LASTS,
    }
    return msgspec.json.encode(options).decode()


def register(
    party: RelyingParty, challenge: bytes, answer: Secret, *, handle: str
) -> tuple[Passkey, int]:
    """Return the passkey that a browser has made, and its counter. Raise PasskeyRefused."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - 0.2 s, seldom needed
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415

    told = _read(answer)
    try:
        made = verify_registration_response(
            credential=answer.reveal(),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        )
    except Exception as error:  # the library raises whatever a malformed answer makes it raise
        raise PasskeyRefused from error
    passkey = Passkey(
        credential=encode(made.credential_id),
        public_key=made.credential_public_key,
        handle=handle,
        rp_id=party.rp_id,
        transports=told.response.transports,
        backed_up=made.credential_backed_up,
    )
    return passkey, made.sign_count


def check(
    party: RelyingParty, challenge: bytes, answer: Secret, passkey: Passkey, *, verify: bool = False
) -> int:
    """Check the signature of a passkey over `challenge`. Return its counter. Raise PasskeyRefused.

    With `verify` the authenticator must have known its person, and tell the user handle: nobody
    else says whose it is.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415 - 0.2 s, seldom needed

    told = _read(answer)
    if verify and not told.response.userHandle:
        raise PasskeyRefused
    if told.response.userHandle not in (None, "", passkey.handle):
        raise PasskeyRefused
    try:
        verified = verify_authentication_response(
            credential=answer.reveal(),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared where it is kept, by one UPDATE
            require_user_verification=verify,
        )
    except Exception as error:  # the library raises whatever a malformed answer makes it raise
        raise PasskeyRefused from error
    return verified.new_sign_count


def credential_of(answer: Secret) -> str:
    """Return the credential ID that an answer names. Raise PasskeyRefused."""
    return _read(answer).id


def encode(data: bytes) -> str:
    """Return base64url without padding, as WebAuthn writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(answer: Secret) -> _Answer:
    """Read what the library does not look at: who is named, and whether a frame asked."""
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefused
    try:
        told = msgspec.json.decode(answer.reveal(), type=_Answer)
        padded = told.response.clientDataJSON + "==="
        client = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_ClientData)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise PasskeyRefused from error
    if client.crossOrigin:  # a page of somebody else holds ours in a frame
        raise PasskeyRefused
    return told


def _descriptors(known: list[Passkey]) -> list[dict[str, Any]]:
    return [
        {"type": "public-key", "id": each.credential, "transports": list(each.transports)}
        for each in known
    ]
