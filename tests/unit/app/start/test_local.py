"""The person at the machine."""

import getpass

from app.core.database import Database
from app.core.keyring import KeyRing
from app.operations.context import Appliance, Plane
from app.start.local import local_context


def test_the_person_at_the_machine_is_named_and_local_F5(settings, monkeypatch):
    appliance = Appliance(settings, Database(settings.database_url), KeyRing.create(settings.keys))
    monkeypatch.setattr(getpass, "getuser", lambda: "operator")
    context = local_context(appliance, "ja")
    assert (context.actor.account, context.actor.name) == ("local", "operator")
    assert context.actor.local
    assert context.source.peer == "local"
    assert context.plane is Plane.LOCAL
    appliance.database.close()


def test_a_user_without_a_name_is_a_question_mark(settings, monkeypatch):
    def nameless() -> str:
        raise OSError

    monkeypatch.setattr(getpass, "getuser", nameless)
    appliance = Appliance(settings, Database(settings.database_url), KeyRing.create(settings.keys))
    assert local_context(appliance).actor.name == "?"
    appliance.database.close()
