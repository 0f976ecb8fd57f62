"""People in a test: made by operations, with passwords and authenticators that the test knows."""

from dataclasses import dataclass, field

import pyotp

from app.audit.event import Source
from app.core import clock
from app.core.clock import SECOND
from app.core.secret import Secret
from app.identity import account_rows, factors, policies, sessions
from app.identity.models import Account
from app.identity.operations import accounts, grants, sign_in
from app.identity.sign_in_flow import NewSession
from app.operations.context import Actor, Appliance, Context, Plane

PASSWORD = "seven grey herons on a roof"
OFFICE = Source(peer="192.0.2.10", device="Test browser")


@dataclass
class Time:
    """The clock of a test: stands still until it is moved."""

    now: int = 1_795_224_000_000

    def __call__(self) -> int:
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds


@dataclass
class Person:
    """Somebody with an account."""

    id: str
    login_id: str
    time: Time
    password: str = PASSWORD
    secret: str = field(default_factory=pyotp.random_base32)

    def present_code(self) -> Secret:
        """The code that the authenticator shows now."""
        return Secret(pyotp.TOTP(self.secret).at(clock.now() // SECOND))

    def code(self) -> Secret:
        """A code that was never used: the clock moves to the next one."""
        self.time.advance(30 * SECOND)
        return self.present_code()


@dataclass
class House:
    """An appliance with people."""

    appliance: Appliance
    time: Time

    @property
    def local(self) -> Context:
        """The machine itself."""
        return Context(self.appliance, actor=Actor(local=True), plane=Plane.LOCAL)

    def nobody(self, plane: Plane = Plane.CONSOLE, source: Source = OFFICE) -> Context:
        """A request of nobody."""
        return Context(self.appliance, plane=plane, source=source)

    def person(self, login_id: str, role: str = "", *, factor: bool = True) -> Person:
        """Make somebody who can sign in."""
        made = accounts.create_account(
            self.local, accounts.NewAccount(login_id=login_id, name=login_id.title())
        )
        person = Person(made.account.id, made.account.login_id, self.time)
        if role:
            grants.give(self.local, grants.NewGrant(holder=person.id, role=role))
        with self.appliance.database.write() as session:
            rules = policies.load(session).password
            account_rows.put_password(
                session, person.id, Secret(person.password), rules, now=clock.now()
            )
            if factor:
                self.give_factor(session, person)
        return person

    def give_factor(self, session, person: Person, plane: Plane = Plane.CONSOLE) -> str:
        """Give somebody an authenticator that counts."""
        session.get(Account, person.id).may_enrol = False
        holder = factors.Holder(session, self.appliance.keyring, plane, person.id)
        return factors.add_totp(
            holder, "phone", Secret(person.secret), clock.now(), state=factors.ACTIVE
        )

    def sign_in(
        self, person: Person, plane: Plane = Plane.CONSOLE, source: Source = OFFICE
    ) -> NewSession:
        """Sign somebody in, with whatever is asked."""
        context = self.nobody(plane, source)
        progress = sign_in.start(context, sign_in.Start(person.login_id, Secret(person.password)))
        while progress.signed_in is None:
            assert progress.steps[0].step == "totp"
            progress = sign_in.answer(
                context, sign_in.Answer(progress.ticket, "totp", person.code())
            )
        return progress.signed_in

    def enter(self, person: Person, plane: Plane = Plane.CONSOLE) -> Context:
        """Sign somebody in and return the context of their next request."""
        return self.context_of(self.sign_in(person, plane).token, plane)

    def context_of(
        self, token: Secret, plane: Plane = Plane.CONSOLE, source: Source = OFFICE
    ) -> Context:
        """The context of a request with a session's token."""
        found = sessions.look_up(self.appliance, plane, token.reveal(), source)
        assert found is not None
        return Context(self.appliance, actor=found.actor, source=source, plane=plane)
