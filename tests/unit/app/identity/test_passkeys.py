"""The cryptography of passkeys: what is accepted, and every way in which an answer may not hold."""

import json

import pytest

from app.core.secret import Secret
from app.identity import passkeys
from app.identity.errors import PasskeyRefused
from app.identity.relying_party import RelyingParty
from tests.authenticator import (
    BACKED_UP,
    BACKUP,
    ES256,
    PRESENT,
    RS256,
    VERIFIED,
    Authenticator,
    EdDSA,
)

PARTY = RelyingParty("tenshu.example.jp", "https://tenshu.example.jp:8443")
CHALLENGE = b"c" * 32


def register(authenticator):
    handle = passkeys.new_handle()
    options = passkeys.creation_options(PARTY, CHALLENGE, handle=handle, name="hanako", known=[])
    return passkeys.register(PARTY, CHALLENGE, authenticator.create(options), handle=handle)


def check(authenticator, passkey, challenge=CHALLENGE, **options):
    asked = passkeys.request_options(PARTY, challenge, [passkey])
    return passkeys.check(PARTY, CHALLENGE, authenticator.get(asked), passkey, **options)


@pytest.mark.parametrize("algorithm", [ES256, EdDSA, RS256])
def test_a_passkey_of_every_kind_of_key_is_made_and_used_F11(algorithm):
    authenticator = Authenticator(PARTY.origin, algorithm())
    passkey, counter = register(authenticator)
    assert (counter, passkey.rp_id, passkey.transports) == (0, PARTY.rp_id, ("usb",))
    assert check(authenticator, passkey) == 0
    assert check(authenticator, passkey, verify=True) == 0


def test_the_browser_is_asked_for_no_attestation_and_told_no_identity_F11():
    handle = passkeys.new_handle()
    options = json.loads(
        passkeys.creation_options(PARTY, CHALLENGE, handle=handle, name="hanako", known=[])
    )
    assert options["attestation"] == "none"
    assert options["user"]["id"] == handle != passkeys.new_handle()
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-8, -7, -257]


def test_a_passkey_that_exists_is_not_made_again_and_asked_for_by_its_id_F11():
    passkey, _ = register(Authenticator(PARTY.origin))
    wanted = [{"type": "public-key", "id": passkey.credential, "transports": ["usb"]}]
    made = passkeys.creation_options(PARTY, CHALLENGE, handle="h", name="n", known=[passkey])
    assert json.loads(made)["excludeCredentials"] == wanted
    asked = json.loads(passkeys.request_options(PARTY, CHALLENGE, [passkey], verify=True))
    assert asked["allowCredentials"] == wanted
    assert asked["userVerification"] == "required"


def test_a_synchronised_passkey_is_known_as_one_F11():
    flags = PRESENT | VERIFIED | BACKUP | BACKED_UP
    assert register(Authenticator(PARTY.origin, flags=flags))[0].backed_up
    assert not register(Authenticator(PARTY.origin))[0].backed_up


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://tenshu.example.jp.evil.example"},
        {"origin": "https://tenshu.example.jp"},
        {"rp_id": "evil.example"},
        {"flags": VERIFIED},
        {"told": {"challenge": "b3RoZXI"}},
        {"told": {"type": "webauthn.get"}},
        {"told": {"crossOrigin": True}},
    ],
)
def test_a_passkey_is_not_made_for_another_page_name_or_question_V15(lie):
    with pytest.raises(PasskeyRefused):
        register(Authenticator(**{"origin": PARTY.origin, **lie}))


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://tenshu.example.jp.evil.example"},
        {"origin": "http://tenshu.example.jp:8443"},
        {"rp_id": "evil.example"},
        {"flags": VERIFIED},
        {"flags": 0},
        {"told": {"type": "webauthn.create"}},
        {"told": {"challenge": "b3RoZXI"}},
        {"told": {"crossOrigin": True}},
        {"algorithm": ES256()},
        {"handle": "c29tZWJvZHkgZWxzZQ"},
    ],
)
def test_an_answer_of_another_page_name_key_or_person_is_refused_V15(lie):
    authenticator = Authenticator(PARTY.origin)
    passkey, _ = register(authenticator)
    for name, value in lie.items():
        setattr(authenticator, name, value)
    with pytest.raises(PasskeyRefused):
        check(authenticator, passkey)


def test_where_the_person_must_be_known_a_mere_touch_is_refused_F11():
    authenticator = Authenticator(PARTY.origin, flags=PRESENT)
    passkey, _ = register(authenticator)
    assert check(authenticator, passkey) == 0
    with pytest.raises(PasskeyRefused):
        check(authenticator, passkey, verify=True)


def test_an_answer_to_another_question_is_refused_V15():
    authenticator = Authenticator(PARTY.origin)
    passkey, _ = register(authenticator)
    with pytest.raises(PasskeyRefused):
        check(authenticator, passkey, challenge=b"d" * 32)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"id": 1}',
        '{"id": "x", "response": {"clientDataJSON": "%%%"}}',
        '{"id": "x", "response": {"clientDataJSON": "e30"}}',
        '{"id": "x", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "e30"}}',
        '{"id": "' + "x" * 70_000 + '"}',
        '{"id": "é", "response": {"clientDataJSON": "é"}}',
    ],
)
def test_what_no_browser_sends_is_refused_and_no_fault_V15(answer):
    passkey, _ = register(Authenticator(PARTY.origin))
    with pytest.raises(PasskeyRefused):
        passkeys.check(PARTY, CHALLENGE, Secret(answer), passkey)
    with pytest.raises(PasskeyRefused):
        passkeys.register(PARTY, CHALLENGE, Secret(answer), handle="h")
