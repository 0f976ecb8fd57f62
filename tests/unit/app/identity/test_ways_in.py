"""Access rules and client certificates at sign-in and on each request (F2, F3)."""

import contextlib
from dataclasses import replace

import msgspec
import pytest
from sqlmodel import select

from app.audit.event import Content, Outcome, Source
from app.audit.models import OutboxEvent
from app.core.clock import DAY, HOUR, MINUTE
from app.core.database import Database
from app.core.database_errors import DatabaseBusy
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.secret import Secret
from app.identity import client_certificates, personal, sessions, tokens
from app.identity.access_rules import Kind
from app.identity.client_certificate_rows import ExportCertificates, ListCertificates
from app.identity.errors import (
    BeyondYourRights,
    CertificateNeeded,
    LastOwner,
    NotFromHere,
    OwnWayClosed,
    WrongCode,
)
from app.identity.models import Account, ClientBundle, ClientCertificate
from app.identity.operations import (
    access_rules,
    accounts,
    client_certificate_list,
    grants,
    group_members,
    groups,
    sign_in,
    why,
)
from app.identity.operations import client_certificate_export as exporting
from app.identity.operations import client_certificates as certificates
from app.identity.operations import tokens as token_operations
from app.identity.revoking import Revoking
from app.operations.context import Plane
from app.operations.operation import NoRequest
from app.operations.permissions import EVERYTHING
from tests.running import wait_until
from tests.unit.app.identity.house import OFFICE, House

HOME = Source(peer="203.0.113.9", device="Test browser")
NETWORK = "192.0.2.0/24"


@pytest.fixture
def house(appliance, time) -> House:
    """Behind the edge, as far as settings say it."""
    settings = msgspec.structs.replace(appliance.settings, edge=True)
    settings.clients.mkdir(parents=True, exist_ok=True)
    return House(replace(appliance, settings=settings), time)


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


@pytest.fixture
def operator(house):
    return house.person("operator", "operator")


def rule(context, kind, whom, **what):
    """Set a rule as the person of a context, or as the machine itself."""
    ref = access_rules.RuleRef(kind=kind, whom=whom)
    rev = what.pop("rev", access_rules.get_rule(context, ref).rev)
    change = access_rules.RuleChange(kind=kind, whom=whom, rev=rev, **what)
    if context.actor.local:
        return access_rules.set_rule(context, change)
    confirmed = replace(context, confirmed=access_rules.set_rule.digest(change))
    return access_rules.set_rule(confirmed, change)


def issue(house, person, device="laptop", days=365, *, handed_out=True):
    """Issue a certificate; return its row."""
    new = certificates.NewCertificate(account=person.id, device=device, days=days)
    made = certificates.issue_certificate(house.local, new)
    if handed_out:
        which = certificates.CertificateRef(certificate=made.certificate.id)
        b"".join(certificates.download_certificate(house.local, which).chunks)
    return made.certificate


def begin(house, person, source=OFFICE, plane=Plane.CONSOLE, certificate=""):
    context = replace(house.nobody(plane, source), certificate=certificate)
    progress = sign_in.start(context, sign_in.Start(person.login_id, Secret(person.password)))
    while progress.signed_in is None:
        answer = sign_in.Answer(progress.ticket, "totp", person.code())
        progress = sign_in.answer(context, answer)
    return progress.signed_in


def look(house, begun, source=OFFICE, plane=Plane.CONSOLE, certificate=""):
    token = begun.token.reveal()
    return sessions.look_up(house.appliance, plane, token, source, certificate=certificate)


def asked_by(house, begun, source=OFFICE, certificate=""):
    """The context of a signed-in person's next request."""
    found = look(house, begun, source, certificate=certificate)
    assert found is not None
    return replace(house.nobody(Plane.CONSOLE, source), actor=found.actor, certificate=certificate)


def events(house, verb):
    with house.appliance.database.read() as session:
        found = [
            msgspec.json.decode(text, type=Content)
            for text in session.exec(select(OutboxEvent.content))
        ]
    return [one for one in found if one.verb == verb]


def test_a_person_signs_in_from_their_networks_and_is_told_only_after_all_is_proven_F2(
    house, operator
):
    rule(house.local, Kind.ACCOUNT, operator.id, networks=(NETWORK,))
    assert begin(house, operator)
    context = house.nobody(source=HOME)
    progress = sign_in.start(context, sign_in.Start("operator", Secret(operator.password)))
    assert [one.step for one in progress.steps] == ["totp"], "the password alone tells nothing"
    wrong = sign_in.Answer(progress.ticket, "totp", Secret("000000"))
    with pytest.raises(WrongCode):
        sign_in.answer(context, wrong)
    with pytest.raises(NotFromHere):
        sign_in.answer(context, sign_in.Answer(progress.ticket, "totp", operator.code()))
    refused = events(house, "sign_in.answer")[-1]
    assert (refused.outcome, refused.error) == (Outcome.REFUSED, "access.network")


def test_who_is_left_out_changes_nothing_on_the_way_in_F2(house):
    """Neither a first factor nor a new password, however well the old one is known."""
    person = house.person("tanaka", "operator", factor=False)
    rule(house.local, Kind.ACCOUNT, person.id, networks=(NETWORK,))
    for source, expected in ((OFFICE, None), (HOME, NotFromHere)):
        context = house.nobody(source=source)
        wanted = sign_in.Start("tanaka", Secret(person.password))
        if expected is None:
            assert [one.step for one in sign_in.start(context, wanted).steps] == ["enrol"]
        else:
            with pytest.raises(expected):
                sign_in.start(context, wanted)


def test_a_session_ends_when_its_address_leaves_the_list_and_that_is_recorded_F2(house, operator):
    begun = begin(house, operator, HOME)
    assert look(house, begun, HOME)
    rule(house.local, Kind.ROLE, "operator", networks=(NETWORK,))
    with pytest.raises(NotFromHere):
        look(house, begun, HOME)
    assert look(house, begun, HOME) is None, "it has ended"
    (event,) = events(house, "sessions.expel")
    assert (event.outcome, event.error) == (Outcome.REFUSED, "sessions.network")
    begun = begin(house, operator)
    assert look(house, begun)
    rule(house.local, Kind.ROLE, "operator")
    assert begin(house, operator, HOME), "a rule that asks nothing is none"
    assert access_rules.list_rules(house.local, NoRequest()).items == []


def test_an_api_token_is_held_to_the_rules_of_its_person_F2_F3(house, operator):
    context = asked_by(house, begin(house, operator))
    new = token_operations.NewToken(
        name="job", days=30, rights=[token_operations.WantedRight("jobs.view", EVERYTHING)]
    )
    confirmed = replace(context, confirmed=token_operations.create_token.digest(new))
    token = token_operations.create_token(confirmed, new).token.reveal()

    def who(source=OFFICE, certificate=""):
        return tokens.look_up(
            house.appliance, Plane.CONSOLE, token, source, certificate=certificate
        )

    assert who(HOME)
    rule(house.local, Kind.ACCOUNT, operator.id, networks=(NETWORK,))
    with pytest.raises(NotFromHere):
        who(HOME)
    assert who()
    (event,) = events(house, "tokens.keep_out")
    assert (event.outcome, event.error) == (Outcome.REFUSED, "access.network")
    rule(house.local, Kind.AREA, "api", certificate=True)
    with pytest.raises(CertificateNeeded):
        who()
    assert who(certificate=issue(house, operator).fingerprint)
    assert begin(house, operator), "people at pages need none"


def test_a_certificate_is_the_persons_own_valid_and_whole_F3(house, time, operator):
    other = house.person("other", "operator")
    rule(house.local, Kind.ACCOUNT, operator.id, certificate=True)
    own, theirs = issue(house, operator, days=2), issue(house, other)
    for shown in ("", "0" * 64, theirs.fingerprint):
        with pytest.raises(CertificateNeeded):
            begin(house, operator, certificate=shown)
    begun = begin(house, operator, certificate=own.fingerprint)
    assert look(house, begun, certificate=own.fingerprint)
    time.advance(2 * DAY)
    with pytest.raises(CertificateNeeded):
        begin(house, operator, certificate=own.fingerprint)


def test_a_session_that_began_with_a_certificate_goes_on_only_with_it_F3(house, operator):
    one, two = issue(house, operator), issue(house, operator, "phone")
    begun = begin(house, operator, certificate=one.fingerprint)
    assert look(house, begun, certificate=one.fingerprint)
    with pytest.raises(CertificateNeeded):
        look(house, begun, certificate=two.fingerprint)
    assert look(house, begun, certificate=one.fingerprint) is None
    (event,) = events(house, "sessions.expel")
    assert event.error == "sessions.certificate"


def test_revoking_ends_sessions_and_is_noted_once_F3(house, operator):
    one = issue(house, operator)
    begun = begin(house, operator, certificate=one.fingerprint)
    wanted = certificates.Revocation(certificate=one.id, reason="lost")
    gone = certificates.revoke_certificate(house.local, wanted)
    assert (gone.state, gone.revoked_because) == ("revoked", "lost")
    assert look(house, begun, certificate=one.fingerprint) is None
    again = certificates.Revocation(certificate=one.id, reason="other")
    assert certificates.revoke_certificate(house.local, again).revoked_because == "lost"
    with pytest.raises(NotFound):
        certificates.revoke_certificate(
            house.local, certificates.Revocation(certificate="none", reason="lost")
        )


def test_the_last_use_is_written_at_most_once_a_minute_F3(house, time, operator, monkeypatch):
    one = issue(house, operator)
    begun = begin(house, operator, certificate=one.fingerprint)
    which = certificates.CertificateRef(certificate=one.id)
    look(house, begun, HOME, certificate=one.fingerprint)
    used = certificates.get_certificate(house.local, which)
    assert (used.last_used_at, used.last_used_from) == (time.now, HOME.peer)
    time.advance(MINUTE - 1)
    look(house, begun, certificate=one.fingerprint)
    assert certificates.get_certificate(house.local, which) == used
    time.advance(2)

    @contextlib.contextmanager
    def write(_):
        raise DatabaseBusy(seconds=10)
        yield

    monkeypatch.setattr(Database, "write", write)
    assert look(house, begun, certificate=one.fingerprint), "the request matters more"
    monkeypatch.undo()


def test_the_file_is_handed_out_once_within_the_hour_to_who_has_issued_it_F3(
    house, time, owner, operator
):
    one = issue(house, operator, handed_out=False)
    which = certificates.CertificateRef(certificate=one.id)
    with pytest.raises(NotFound):
        certificates.download_certificate(asked_by(house, begin(house, owner)), which)
    b"".join(certificates.download_certificate(house.local, which).chunks)
    with pytest.raises(NotFound):
        certificates.download_certificate(house.local, which)
    late = issue(house, operator, handed_out=False)
    time.advance(HOUR)
    with pytest.raises(NotFound):
        certificates.download_certificate(
            house.local, certificates.CertificateRef(certificate=late.id)
        )
    issue(house, operator)
    with house.appliance.database.read() as session:
        assert session.exec(select(ClientBundle)).all() == [], "nobody's key is left behind"


def test_of_two_downloads_at_once_one_gets_the_file_F3(house, operator, monkeypatch):
    one = issue(house, operator, handed_out=False)
    find = certificates._find

    def taken_meanwhile(context, identifier):
        context.session.delete(context.session.get(ClientBundle, identifier))
        context.session.flush()
        return find(context, identifier)

    monkeypatch.setattr(certificates, "_find", taken_meanwhile)
    with pytest.raises(NotFound):
        certificates.download_certificate(
            house.local, certificates.CertificateRef(certificate=one.id)
        )


def test_nobody_issues_for_who_may_do_more_nor_for_who_is_suspended_F4(house, owner, operator):
    keeper = house.person("keeper", "security_administrator")
    context = asked_by(house, begin(house, keeper))
    new = certificates.NewCertificate(account=owner.id, device="mine now")
    confirmed = replace(context, confirmed=certificates.issue_certificate.digest(new))
    with pytest.raises(BeyondYourRights):
        certificates.issue_certificate(confirmed, new)
    with pytest.raises(BeyondYourRights):
        rule(context, Kind.ACCOUNT, owner.id, networks=(NETWORK,))
    with pytest.raises(BeyondYourRights):
        rule(context, Kind.AREA, "console", certificate=True)
    rev = accounts.get_account(house.local, accounts.AccountRef(operator.id)).account.rev
    accounts.suspend_account(house.local, accounts.SuspendAccount(operator.id, rev))
    with pytest.raises(InvalidInput):
        issue(house, operator)


def test_certificates_are_asked_for_only_by_who_came_in_with_one_F3(house, owner):
    context = asked_by(house, begin(house, owner))
    for kind, whom in ((Kind.AREA, "console"), (Kind.ROLE, "owner"), (Kind.ACCOUNT, owner.id)):
        with pytest.raises((LastOwner, OwnWayClosed)):
            rule(context, kind, whom, certificate=True)
    one = issue(house, owner)
    with pytest.raises(OwnWayClosed):
        rule(context, Kind.AREA, "console", certificate=True)
    begun = begin(house, owner, certificate=one.fingerprint)
    context = asked_by(house, begun, certificate=one.fingerprint)
    assert rule(context, Kind.AREA, "console", certificate=True).certificate
    with pytest.raises(OwnWayClosed):
        revoke(context, one)
    with pytest.raises(LastOwner):
        revoke(house.local, one)
    spare = issue(house, owner, "spare")
    assert revoke(context, spare).state == "revoked"


def revoke(context, row):
    which = certificates.Revocation(certificate=row.id, reason="lost")
    confirmed = replace(context, confirmed=certificates.revoke_certificate.digest(which))
    return certificates.revoke_certificate(confirmed, which)


def test_nobody_shuts_themselves_out_by_a_rule_or_by_a_role_F2(house, owner):
    context = asked_by(house, begin(house, owner, HOME), HOME)
    with pytest.raises(OwnWayClosed):
        rule(context, Kind.ACCOUNT, owner.id, networks=(NETWORK,))
    with pytest.raises(OwnWayClosed):
        access_rules.check_change(
            context,
            access_rules.RuleChange(kind=Kind.ACCOUNT, whom=owner.id, networks=(NETWORK,), rev=0),
        )
    rule(context, Kind.ROLE, "viewer", networks=(NETWORK,))
    new = grants.NewGrant(holder=owner.id, role="viewer")
    with pytest.raises(OwnWayClosed):
        grants.give(replace(context, confirmed=grants.give.digest(new)), new)
    group = groups.create_group(house.local, groups.NewGroup(name="Viewers"))
    grants.give(house.local, grants.NewGrant(holder=group.id, role="viewer"))
    member = group_members.Member(group=group.id, account=owner.id)
    with pytest.raises(OwnWayClosed):
        group_members.add_member(
            replace(context, confirmed=group_members.add_member.digest(member)), member
        )
    assert look(house, begin(house, owner, HOME), HOME), "nothing of it has happened"


def test_rules_are_checked_named_and_kept_in_one_spelling_F2(house, owner, operator):
    local = house.local
    found = rule(local, Kind.ACCOUNT, operator.id, networks=("2001:db8::1/32", "10.1.2.3/8"))
    assert found.networks == ("10.0.0.0/8", "2001:db8::/32")
    assert found.name == "Operator"
    for wrong in ("office", "10.0.0.0/33", "fe80::1%eth0"):
        with pytest.raises(InvalidInput):
            rule(local, Kind.ACCOUNT, operator.id, networks=(wrong,))
    with pytest.raises(InvalidInput):
        rule(local, Kind.AREA, "console", networks=("10.0.0.0/8",))
    for kind, whom in ((Kind.AREA, "portal"), (Kind.ROLE, "none"), (Kind.ACCOUNT, "none")):
        with pytest.raises(NotFound):
            rule(local, kind, whom, networks=("10.0.0.0/8",), rev=0)
    with pytest.raises(Conflict):
        rule(local, Kind.ACCOUNT, operator.id, rev=7)
    rule(local, Kind.AREA, "workspace", certificate=True)
    rule(local, Kind.ROLE, "operator", networks=("10.0.0.0/8",))
    rule(local, Kind.ROLE, "viewer", networks=("10.0.0.0/8",))
    whole = access_rules.list_rules(local, NoRequest()).items
    assert [(one.kind, one.name) for one in whole] == [
        (Kind.AREA, "Workspace"), (Kind.ROLE, "Operator"), (Kind.ROLE, "Viewer"),
        (Kind.ACCOUNT, "Operator"),
    ]  # fmt: skip
    mine = access_rules.rules_of(local, accounts.AccountRef(operator.id)).items
    assert [one.whom for one in mine] == ["workspace", "operator", operator.id]
    assert rule(local, Kind.ROLE, "viewer").rev == 0, "one that asks nothing is no rule any more"
    assert rule(local, Kind.ROLE, "viewer").rev == 0, "nor is one that never was"


def test_without_the_edge_no_certificate_is_asked_for_F3(house, operator):
    bare = House(
        replace(
            house.appliance, settings=msgspec.structs.replace(house.appliance.settings, edge=False)
        ),
        house.time,
    )
    with pytest.raises(InvalidInput):
        rule(bare.local, Kind.ACCOUNT, operator.id, certificate=True)


def test_the_list_of_the_edge_is_written_when_something_was_revoked_and_daily_F3(
    house, time, operator, caplog
):
    watch = Revoking(house.appliance, pause=0.01)
    path = house.appliance.settings.clients / "clients.crl"
    assert watch.look()
    assert not watch.look()
    before = path.read_bytes()
    one = issue(house, operator)
    assert not watch.look()
    certificates.revoke_certificate(
        house.local, certificates.Revocation(certificate=one.id, reason="lost")
    )
    assert watch.look()
    assert path.read_bytes() != before
    time.advance(DAY)
    assert watch.look()
    path.unlink()
    house.appliance.settings.clients.rename(path.parent.with_name("away"))
    time.advance(DAY)
    looks, look = [], watch.look
    watch.look = lambda: looks.append(1) or look()
    watch.start()
    wait_until(lambda: len(looks) > 2, "it tries again", 5)
    assert caplog.text.count("cannot be written") == 1
    house.appliance.settings.clients.with_name("away").rename(house.appliance.settings.clients)
    wait_until(path.exists, "it is there again", 5)
    watch.stop()


def test_what_ends_soon_is_told_unless_it_was_renewed_F3(house, time, operator):
    old = issue(house, operator, days=20)
    with house.appliance.database.read() as session:
        assert client_certificates.ending_soon(session, time.now) == 1
    wanted = certificates.Renewal(certificate=old.id)
    made = certificates.renew_certificate(house.local, wanted).certificate
    assert (made.renews, made.device, made.account) == (old.id, old.device, old.account)
    assert client_certificate_list.count_ending(house.local, NoRequest()).count == 0
    listed = client_certificate_list.list_certificates(
        house.local, ListCertificates(account=operator.id, limit=1)
    )
    assert (listed.items[0].state, listed.total, bool(listed.after)) == ("ends_soon", 2, True)
    time.advance(20 * DAY)
    which = certificates.CertificateRef(certificate=old.id)
    assert certificates.get_certificate(house.local, which).state == "expired"
    with pytest.raises(NotFound):
        certificates.get_certificate(house.local, certificates.CertificateRef(certificate="none"))
    with house.appliance.database.read() as session:
        assert session.get(ClientCertificate, old.id).account == operator.id
        assert session.get(Account, operator.id).bounds == ""


def test_the_list_is_searched_and_filtered_F3(house, time, operator):
    soon, later = issue(house, operator, "tablet", days=9), issue(house, operator, "phone")
    gone = issue(house, operator, "lost phone")
    revoke(house.local, gone)

    def found(**wanted):
        page = client_certificate_list.list_certificates(house.local, ListCertificates(**wanted))
        return {one.device for one in page.items}

    assert found(state="revoked") == {"lost phone"}
    assert found(state="ends_soon") == {"tablet"}
    assert found(state="valid") == {"phone"}
    assert found(search="PHONE") == {"phone", "lost phone"}
    assert found(search="Operat") == {"tablet", "phone", "lost phone"}
    assert found(search=later.serial.lower()) == {"phone"}
    time.advance(9 * DAY)
    assert found(state="expired") == {soon.device}


def test_who_is_searched_for_is_told_of_rules_and_certificates_and_they_are_forgotten(
    house, operator
):
    rule(house.local, Kind.ACCOUNT, operator.id, networks=(NETWORK,))
    issue(house, operator, "her own laptop")
    abouts = {one.kind: one for one in personal.all_about()}
    with house.appliance.database.write() as session:
        told = list(abouts["access-rules"].told(session, operator.id))
        assert NETWORK in told[0]["networks"]
        told = list(abouts["client-certificates"].told(session, operator.id))
        assert told[0]["device"] == "her own laptop"
        forget = abouts["client-certificates"].forget
        assert forget(session, operator.id) == 1
    listed = client_certificate_list.list_certificates(house.local, ListCertificates())
    assert "laptop" not in listed.items[0].device


def test_why_is_answered_with_from_where_and_with_which_certificate_F2_METI_45(
    house, owner, operator
):
    """A right is of no use to whom no rule lets in: the answer names the rules too."""
    context = house.enter(owner)

    def asked(**more):
        wanted = why.WhyAsked(account=operator.id, permission="jobs.view", **more)
        return why.explain_right(context, wanted).way_in

    assert asked() == why.WayIn(rules=[], certificate_areas=(), certificates=[])
    for kind, whom, more in (
        (Kind.AREA, "api", {"certificate": True}),
        (Kind.ROLE, "operator", {"networks": (NETWORK, "2001:db8::/32")}),
        (Kind.ROLE, "auditor", {"networks": ("198.51.100.0/24",)}),
        (Kind.ACCOUNT, operator.id, {"certificate": True}),
    ):
        change = access_rules.RuleChange(kind=kind, whom=whom, rev=0, **more)
        access_rules.set_rule(house.local, change)
    new = certificates.NewCertificate(account=operator.id, device="tablet")
    issued = certificates.issue_certificate(house.local, new).certificate
    found = asked()
    assert [(one.kind, one.name) for one in found.rules] == [
        (Kind.AREA, "REST API"), (Kind.ROLE, "Operator"), (Kind.ACCOUNT, "Operator"),
    ]  # fmt: skip
    assert found.rules[1].networks == (NETWORK, "2001:db8::/32")
    assert found.certificate_areas == ("console", "workspace", "api")
    (own,) = found.certificates
    assert (own.id, own.device, own.handed_out) == (issued.id, "tablet", False)
    house.time.advance(HOUR)
    assert asked(at=house.time.now - MINUTE) is None, "rules of a past day stand in the history"
    certificates.revoke_certificate(
        house.local, certificates.Revocation(certificate=issued.id, reason="lost")
    )
    assert asked().certificates == []


def test_the_list_of_certificates_is_downloaded_as_it_is_filtered_F3(house, operator):
    for number in range(3):
        new = certificates.NewCertificate(account=operator.id, device=f"=tablet {number}")
        certificates.issue_certificate(house.local, new)

    def lines(**asked):
        wanted = ExportCertificates(**asked)
        file = exporting.export_certificates(house.local, wanted)
        return b"".join(file.chunks).decode().splitlines()

    head, *rows = lines(sort="-device")
    assert head.startswith("\ufefflogin_id,name,device,state,serial")
    assert [row.split(",")[2] for row in rows] == [f"'=tablet {one}" for one in (2, 1, 0)]
    assert len(lines(search="tablet 1")) == 2
    assert lines(state="revoked") == [head]
    assert lines(account="nobody") == [head]
