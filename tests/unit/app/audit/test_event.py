"""An event's two sides: content for ever, values that can go."""

import msgspec

from app.audit.event import Content, Draft, Source, seal_draft
from tests.unit.app.audit.trail import draft


def test_the_content_tells_nothing_about_a_person_F5() -> None:
    event = seal_draft(draft(3))
    for personal in ("山田", "192.0.2.7", "Firefox", "注文", "state 3"):
        assert personal not in event.content
        assert personal in "".join(part.values for part in event.parts)
    content = msgspec.json.decode(event.content, type=Content)
    assert content.fields == ("state",)
    assert content.commitments == {part.name: part.commitment() for part in event.parts}


def test_the_same_value_has_another_commitment_each_time() -> None:
    first, second = seal_draft(draft()), seal_draft(draft())
    assert first.parts[0].values == second.parts[0].values
    assert first.parts[0].commitment() != second.parts[0].commitment()


def test_a_draft_without_values_has_no_parts() -> None:
    event = seal_draft(Draft(verb="audit.begin", at=1), identifier="f" * 28)
    assert (event.parts, event.id) == ((), "f" * 28)


def test_a_draft_takes_what_it_is_about_and_what_changed() -> None:
    made = Draft(verb="orders.update", at=1, source=Source(claimed="198.51.100.1"))
    made.about("order", "o1", "注文 1")
    made.change("state", "new", "paid")
    event = seal_draft(made)
    actor, target = event.parts
    assert (actor.name, actor.values) == ("actor", '{"claimed":"198.51.100.1"}')
    assert (target.subject, target.values) == (
        "o1",
        '{"after":{"state":"paid"},"before":{"state":"new"},"name":"注文 1"}',
    )
