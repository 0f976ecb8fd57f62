"""Rendering: words, times, macros, areas."""

from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, UndefinedError
from jinja2.ext import extract_from_ast

from app.core.messages import catalogue
from app.web.design import errors, formatting
from app.web.design.assets import DESIGN, collect_assets
from app.web.design.component import component_files, cut
from app.web.design.environment import APP, create_environment, qr_image, render

AT = 1_795_225_506_789
"""2026-11-21T01:45:06.789Z"""


@pytest.fixture(scope="module")
def environment() -> Environment:
    return create_environment(collect_assets())


def show(environment: Environment, source: str, language: str = "ja", **context: object) -> str:
    return render(environment, environment.from_string(source), language=language, at=AT, **context)


def test_macros_that_a_page_imports_speak_the_language_of_the_page(
    environment: Environment,
) -> None:
    source = '{% from "components/code_block.html" import copy_button %}{{ copy_button("a", "b") }}'
    assert "コピー" in show(environment, source)
    assert "Copy" in show(environment, source, "en")
    assert "コピー" in show(environment, source)


def test_a_time_is_readable_by_machines_and_exact_on_hover(environment: Environment) -> None:
    text = show(environment, "{{ time(instant) }}", instant=AT)
    assert text == (
        '<time datetime="2026-11-21T01:45:06.789Z" '
        'title="2026年11月21日(土) 10:45:06.789 (UTC+09:00)">'
        '<span class="nowrap">2026年11月21日(土)</span> 10:45</time>'
    )


def test_a_relative_time_counts_from_the_moment_of_the_request(environment: Environment) -> None:
    assert ">3分前</time>" in show(environment, "{{ relative_time(i) }}", i=AT - 180_000)


def test_the_zone_of_the_viewer_counts(environment: Environment) -> None:
    template = environment.from_string("{{ time(i) }}{{ page_zone() }}{{ day(i) }}")
    text = render(environment, template, language="en", zone=ZoneInfo("America/New_York"), i=AT)
    assert '<span class="nowrap">Fri 20 Nov 2026</span>, 20:45' in text
    assert text.endswith("America/New_York2026-11-20")


def test_what_people_typed_is_escaped_V5(environment: Environment) -> None:
    text = show(environment, '{{ _("Select {name}", name=n) }}{{ n }}', "en", n="<script>")
    assert "<script>" not in text
    assert text.startswith("Select &lt;script&gt;")


def test_an_element_inside_a_sentence_stays_and_the_rest_is_escaped_V5(
    environment: Environment,
) -> None:
    source = '{{ _("{done} of {all} rows", done=time(i), all="<b>") }}'
    text = show(environment, source, "en", i=AT)
    assert "<time datetime" in text
    assert "&lt;b&gt;" in text


def test_a_name_that_nobody_gave_is_an_error_and_not_an_empty_place(
    environment: Environment,
) -> None:
    with pytest.raises(UndefinedError):
        show(environment, "{{ nobody_gave_this }}")


def test_an_attribute_from_a_value_cannot_break_out_V5(environment: Environment) -> None:
    source = (
        '{% from "components/button.html" import button %}'
        '{{ button("x", attrs={"data-name": name}) }}'
    )
    assert '" onclick="' not in show(environment, source, name='" onclick="a()')


def test_a_banner_with_a_time_in_its_title_keeps_its_name_in_words(
    environment: Environment,
) -> None:
    source = (
        '{% from "components/banner.html" import banner %}'
        '{{ banner("info", _("No, on {time}", time=time(0))) }}'
    )
    assert 'aria-label="No, on Thu 1 Jan 1970, 09:00">' in show(environment, source, "en")


def test_pages_of_an_area_are_found_under_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "billing" / "templates"
    folder.mkdir(parents=True)
    (folder / "list.html").write_text("{{ number(1234) }}")
    environment = create_environment(collect_assets(), [folder])
    assert render(environment, "billing/list.html", language="en") == "1,234"


def test_numbers_sizes_durations_and_dates_are_functions_of_every_page(
    environment: Environment,
) -> None:
    source = "{{ size(1234) }} {{ duration(65000) }} {{ date(day(i)) }} {{ era_date(day(i)) }}"
    assert show(environment, source, i=AT) == "1.23 kB 1分5秒 2026年11月21日(土) 令和8年11月21日"


def test_outside_a_rendering_the_words_are_japanese_and_the_zone_tokyo(
    environment: Environment,
) -> None:
    assert environment.from_string("{{ page_language() }} {{ page_zone() }}").render() == (
        "ja Asia/Tokyo"
    )
    assert isinstance(environment.globals["page_now"](), int)


def test_a_qr_code_is_an_image_without_another_address() -> None:
    assert qr_image("otpauth://totp/x").startswith("data:image/svg+xml")


def test_every_template_of_ours_compiles(environment: Environment) -> None:
    names = [name for name in environment.list_templates() if name.endswith(".html")]
    assert len(names) > 25
    for name in names:
        environment.get_template(name)


@pytest.mark.parametrize("plane", ["console", "workspace"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_gallery_shows_every_component_on_both_planes(
    environment: Environment, language: str, plane: str
) -> None:
    page = render(
        environment,
        "gallery.html",
        language=language,
        at=AT,
        appliance_name="Tenshu",
        path="/design",
        plane=plane,
        viewer=None,
        standing=lambda: SimpleNamespace(health=None, running=0),
    )
    assert page.startswith("<!doctype html>")
    shown = (DESIGN / "gallery.html").read_text() + (DESIGN / "console.html").read_text()
    shown += (DESIGN / "base.html").read_text() + (DESIGN / "plain.html").read_text()
    for path in component_files():
        assert f'"components/{path.name}"' in shown, path.name


def test_every_word_of_the_design_system_is_there_in_japanese(environment: Environment) -> None:
    texts = {
        message
        for path in DESIGN.rglob("*.html")
        for _, _, message in extract_from_ast(
            environment.parse(cut(path.read_text()).template), ("_",)
        )
        if isinstance(message, str)
    }
    texts |= {
        text
        for error in (errors.MissingPackage, errors.UnknownIcon, errors.UnknownAsset)
        for text in (error.message, error.hint)
    }
    texts |= {
        text for rows in (formatting._AGO, formatting._AHEAD) for _, *row in rows for text in row
    }
    assert len(texts) > 150
    assert texts - catalogue("ja").keys() == set()


def test_placeholders_are_the_same_in_both_languages() -> None:
    with (APP / "web" / "locale" / "ja.po").open("rb") as file:
        for message in read_po(file, locale="ja"):
            found = [
                sorted(part.split("}")[0] for part in str(text).split("{")[1:])
                for text in (message.id, message.string)
            ]
            assert found[0] == found[1], message.id
