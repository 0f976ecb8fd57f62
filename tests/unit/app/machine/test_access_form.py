"""The page's form changes the document's text, and nothing beside it."""

import pytest

from app.machine.access_form import (
    NEW,
    AccessForm,
    change_text,
    field_of,
    form_of,
    mistakes,
    read_form,
)
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document

TEXT = """\
# ours since 2019
[access]
console = ["office"]  # never the guests

[access.lists.office]
networks = [
    "192.0.2.0/24",  # third floor
    "2001:db8::/32",
]
note = "Head office"
"""


def typed(form: AccessForm, **more: object) -> dict[str, object]:
    """The fields that a browser sends for a form."""
    found: dict[str, object] = {}
    for number, row in enumerate(form.lists):
        found |= {
            f"list-{number}-name": row.name,
            f"list-{number}-networks": row.networks.replace("\n", "\r\n"),
            f"list-{number}-note": row.note,
            f"list-{number}-before": row.before,
        }
    number = len(form.lists)
    found |= {f"list-{number}-{part}": "" for part in ("name", "networks", "note")}
    # a browser sends one chosen box as a text, several as a list, none not at all
    for area, names in form.areas.items():
        if names:
            found[area] = names[0] if len(names) == 1 else list(names)
    return found | more


def after(text: str, **more: object) -> tuple[str, Document]:
    document = read_document(text)
    changed = change_text(text, document, read_form(typed(form_of(document), **more)))
    return changed, read_document(changed)


def test_a_form_that_nobody_touched_changes_no_letter_F2() -> None:
    for text in (TEXT, "", "format = 1\n"):
        assert after(text)[0] == text


def test_a_new_list_is_made_and_chosen_in_one_step_F2() -> None:
    document = read_document(TEXT)
    number = len(document.access.lists)
    new = {
        f"list-{number}-name": "management",
        f"list-{number}-networks": "10.77.1.0/24\r\nfd77:1::/64",
        "console": ["office", NEW],
    }
    text, changed = after(TEXT, **new)
    assert changed.access.console == ("office", "management")
    assert changed.access.lists["management"].networks == ("10.77.1.0/24", "fd77:1::/64")
    assert "# ours since 2019" in text
    assert "# never the guests" in text


def test_an_area_with_no_box_left_is_closed_F2() -> None:
    document = read_document(TEXT)
    fields = typed(form_of(document))
    del fields["workspace"]
    changed = read_document(change_text(TEXT, document, read_form(fields)))
    assert changed.access.workspace == ()
    assert changed.access.portal == document.access.portal


def test_a_list_whose_networks_are_emptied_goes_F2() -> None:
    form = form_of(read_document(TEXT))
    number = [row.name for row in form.lists].index("office")
    changed = after(TEXT, **{f"list-{number}-networks": ""})[1]
    assert "office" not in changed.access.lists


def test_networks_may_stand_in_a_line_with_commas_of_both_kinds_F2() -> None:
    form = form_of(read_document(TEXT))
    number = [row.name for row in form.lists].index("office")
    typed_ = "192.0.2.0/25、192.0.2.128/26, 2001:db8::/48"
    changed = after(TEXT, **{f"list-{number}-networks": typed_})[1]
    assert changed.access.lists["office"].networks == (
        "192.0.2.0/25",
        "192.0.2.128/26",
        "2001:db8::/48",
    )
    assert changed.access.lists["office"].note == "Head office"


def test_a_list_that_is_called_otherwise_stays_in_its_areas_F2() -> None:
    number = [row.name for row in form_of(read_document(TEXT)).lists].index("office")
    changed = after(TEXT, **{f"list-{number}-name": "head-office"})[1]
    assert changed.access.console == ("head-office",)
    assert "office" not in changed.access.lists


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"list-2-name": "new"}, {"list-2-networks"}),
        ({"list-2-networks": "10.0.0.0/8"}, {"list-2-name"}),
        ({"list-2-note": "Second floor"}, {"list-2-name", "list-2-networks"}),
        ({"console": ["office", NEW]}, {"list-2-name", "list-2-networks"}),
        ({"list-2-name": "office", "list-2-networks": "10.0.0.0/8"}, {"list-2-name"}),
        ({"list-0-networks": ""}, set()),
        ({}, set()),
    ],
)
def test_what_would_be_lost_without_a_word_is_told_at_its_field_F2(
    more: dict[str, object], fields: set[str]
) -> None:
    form = form_of(read_document(TEXT))
    assert len(form.lists) == 2
    assert {field for field, _ in mistakes(read_form(typed(form, **more)))} == fields


def test_each_place_of_the_document_leads_to_its_field_F2() -> None:
    form = form_of(read_document(TEXT))
    number = [row.name for row in form.lists].index("office")
    for place, field in (
        ("access.lists.office.networks[1]", f"list-{number}-networks"),
        ("access.lists.office.note", f"list-{number}-note"),
        ("access.lists.office", f"list-{number}-name"),
        ("access.console[0]", "console"),
        ("access.ssh", "ssh"),
        ("access.trusted_proxies[0]", ""),
        ("access.lists", ""),
        ("network.dns[0]", ""),
        ("", ""),
    ):
        assert field_of(place, form) == field, place
