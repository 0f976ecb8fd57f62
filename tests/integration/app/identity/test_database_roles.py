"""On PostgreSQL each plane works with its own database role, and that role is enough for it."""

import pyotp
import pytest

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import load_settings
from app.identity.errors import SignInFailed
from app.identity.operations import (
    accounts,
    own_factors,
    own_password,
    own_sessions,
    requests,
    setup,
    sign_in,
    tokens,
)
from app.identity.operations.own_factors import FactorCode, FreshCode, NewFactor
from app.operations.context import Appliance, Plane
from app.operations.operation import NoRequest
from tests.integration.postgresql import CONSOLE, TEMPLATE, WORKSPACE
from tests.unit.app.identity.house import PASSWORD, House
from tests.unit.app.identity.test_setup import first_code, person

NEW = "eleven slow trains at night"


@pytest.fixture
def planes(tmp_path, postgresql_server, time):
    """The same appliance as the console's process and as the workspace's see it."""
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data"), "TENSHU_RESERVE": "0"})
    data_folder.make_folders(settings)
    keyring = KeyRing.create(settings.keys)
    name = postgresql_server.create(TEMPLATE)
    databases = [Database(postgresql_server.url(name, role)) for role in (CONSOLE, WORKSPACE)]
    yield [House(Appliance(settings, each, keyring, machine="test"), time) for each in databases]
    for database in databases:
        database.close()
    postgresql_server.drop(name)


def test_each_role_does_all_that_its_plane_offers_F4(planes, time):
    console, workspace = planes
    code = setup.new_claim_code(console.local, NoRequest()).code
    ticket = setup.claim(console.nobody(), setup.Claim(code)).ticket
    progress = setup.describe(console.nobody(), person(ticket))
    begun = setup.finish(console.nobody(), first_code(console, progress))
    owner = console.context_of(begun.token)
    secret = progress.enrolment.secret.reveal()

    new = accounts.NewAccount(login_id="suzuki", name="Suzuki", role="staff")
    pending = requests.prepare(owner, "accounts.create", new)
    time.advance(30_000)
    fresh = Secret(pyotp.TOTP(secret).at(time.now // 1000))
    made = requests.confirm(owner, requests.Confirm(pending.id, fresh)).unwrap()

    nobody = workspace.nobody(Plane.WORKSPACE)
    with pytest.raises(SignInFailed):
        sign_in.start(nobody, sign_in.Start("suzuki", Secret("wrong password, sorry")))
    progress = sign_in.start(nobody, sign_in.Start("suzuki", made.initial_password))
    answer = sign_in.Answer(progress.ticket, "new_password", Secret(PASSWORD))
    begun = sign_in.answer(nobody, answer).signed_in
    time.advance(120_000)
    staff = workspace.context_of(begun.token, Plane.WORKSPACE)

    factor = own_factors.begin_factor(staff, NewFactor(name="phone", password=Secret(PASSWORD)))
    phone = pyotp.TOTP(factor.enrolment.secret.reveal())
    show = lambda: (time.advance(30_000), Secret(phone.at(time.now // 1000)))[1]  # noqa: E731
    assert own_factors.confirm_factor(staff, FactorCode(factor.id, show())).codes
    codes = own_factors.renew_recovery_codes(staff, FreshCode(show())).codes
    own_password.change_password(staff, own_password.PasswordChange(Secret(PASSWORD), Secret(NEW)))
    token = tokens.create_token(
        staff, tokens.NewToken(name="script", rights=[tokens.WantedRight("records.view")])
    )
    assert tokens.revoke_token(staff, tokens.TokenRef(token.row.id)).revoked_at
    assert len(own_sessions.list_sessions(staff, NoRequest()).items) == 1
    assert sign_in.sign_out(staff, NoRequest()).done

    progress = sign_in.start(nobody, sign_in.Start("suzuki", Secret(NEW)))
    answer = sign_in.Answer(progress.ticket, "recovery_code", codes[0])
    again = sign_in.answer(nobody, answer).signed_in
    accounts.suspend_account(console.local, accounts.SuspendAccount(made.account.id, 1))
    with pytest.raises(AssertionError):
        workspace.context_of(again.token, Plane.WORKSPACE)
