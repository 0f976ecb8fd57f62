"""Our own certificate at a syslog receiver: what is taken, kept, told, and never shown (F12)."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.core import clock
from app.core.errors import InvalidInput
from app.core.secret import Secret
from app.offsite import progress
from app.offsite.client_certificate import WARNED_BEFORE, kept_key, with_key
from app.offsite.kinds import CheckpointFolder, RecognisedReceiver, SyslogReceiver
from app.offsite.models import Destination
from app.offsite.operations.changing import create_destination, update_destination
from app.offsite.operations.checking import DestinationChange, NewDestination
from app.operations.context import SYSTEM, Context
from tests.integration.authority import Authority


@pytest.fixture
def system(appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.issue("appliance")


@pytest.fixture(scope="module")
def other(authority):
    return authority.issue("another")


def receiver(pair, **more):
    return SyslogReceiver(host="log.example.test", certificate=pair.certificate.read_text(), **more)


def key_of(pair):
    return Secret(pair.key.read_text())


def create(system, pair, key=None, **more):
    new = NewDestination(name="x", syslog=receiver(pair, **more), client_key=key)
    return create_destination(system, new)


def change(system, seen, syslog, key=None):
    wanted = DestinationChange(
        destination=seen.id, rev=seen.rev, name="x", syslog=syslog, client_key=key
    )
    return update_destination(system, wanted)


def standing(system):
    with system.appliance.database.read() as session:
        (one,) = progress.all_standing(session)
    return one


def test_the_key_is_kept_sealed_used_with_the_receiver_and_shown_nowhere_F12(system, pair):
    made = create(system, pair, key_of(pair))
    assert (made.certificate.subject, made.certificate.issuer) == (
        "CN=appliance", "CN=Test authority",
    )  # fmt: skip
    assert made.certificate.ends_soon, "the test's certificates live for a day"
    one, ring = standing(system), system.appliance.keyring
    assert kept_key(ring, one) == key_of(pair)
    used = with_key(ring, one, one.target)
    assert isinstance(used, RecognisedReceiver)
    assert (used.key, used.host) == (key_of(pair), "log.example.test")
    secret = pair.key.read_text().splitlines()[1]
    with system.appliance.database.read() as session:
        told = [*session.exec(select(OutboxEvent.content)), *session.exec(select(Destination.key))]
    assert secret not in json.dumps(told)
    assert secret not in repr((made, used))


def test_a_key_stays_until_another_certificate_comes_and_goes_with_the_certificate(
    system, pair, other
):
    made = create(system, pair, key_of(pair))
    again = change(system, made, receiver(pair, port=6515))
    assert kept_key(system.appliance.keyring, standing(system)) == key_of(pair)
    with pytest.raises(InvalidInput, match="another certificate"):
        change(system, again, receiver(other))
    renewed = change(system, again, receiver(other), key_of(other))
    assert renewed.certificate.subject == "CN=another"
    gone = change(system, renewed, SyslogReceiver(host="log.example.test"))
    assert (gone.certificate, standing(system).key) == (None, "")
    one = standing(system)
    assert with_key(system.appliance.keyring, one, one.target) is one.target


def locked(pair) -> Secret:
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    form = serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(b"passphrase")
    return Secret(key.private_bytes(serialization.Encoding.PEM, form, lock).decode())


@pytest.mark.parametrize(
    ("field", "key", "more"),
    [
        ("client_key", lambda one, two: None, {}),
        ("client_key", lambda one, two: Secret(""), {}),
        ("client_key", lambda one, two: key_of(two), {}),
        ("client_key", lambda one, two: locked(one), {}),
        ("client_key", lambda one, two: Secret("no key"), {}),
        ("client_key", lambda one, two: Secret("x" * 70_000), {}),
        ("certificate", lambda one, two: key_of(one), {"encryption": "none"}),
    ],
)
def test_a_key_that_does_not_fit_is_refused_with_its_field(system, pair, other, field, key, more):
    with pytest.raises(InvalidInput) as caught:
        create(system, pair, key(pair, other), **more)
    assert caught.value.parameters["field"] == field


def test_what_is_no_certificate_or_has_ended_is_refused(system, pair, time_stands):
    with pytest.raises(InvalidInput, match="certificate"):
        new = SyslogReceiver(host="x", certificate="-----BEGIN CERTIFICATE-----")
        create_destination(system, NewDestination(name="x", syslog=new))
    time_stands(clock.now() + 2 * clock.DAY)
    with pytest.raises(InvalidInput, match="ended"):
        create(system, pair, key_of(pair))


def test_no_warning_is_given_long_before_the_end(system, pair, time_stands):
    made = create(system, pair, key_of(pair))
    assert made.certificate.expires_at - clock.now() < int(timedelta(days=2).total_seconds()) * 1000
    time_stands(made.certificate.expires_at - WARNED_BEFORE - 1)
    calm = change(system, made, receiver(pair))
    assert not calm.certificate.ends_soon


def test_a_key_beside_a_folder_is_not_kept(system, pair):
    folder = CheckpointFolder(path="/mnt/share")
    new = NewDestination(name="x", folder=folder, client_key=key_of(pair))
    assert create_destination(system, new).certificate is None
    assert standing(system).key == ""


@pytest.fixture
def time_stands(monkeypatch):
    def stop(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    return stop
