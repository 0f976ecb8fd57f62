"""The Jinja environment that every page is rendered with.

Language, zone and the moment of the request are the same for a whole page, macros included, and
Jinja does not hand a page's variables to the macros that it imports. So `render` keeps them in a
context variable for exactly as long as the rendering takes.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
)
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.core.clock import now
from app.core.messages import words
from app.web.design import formatting
from app.web.design.address import change_query, is_inside, next_sort
from app.web.design.assets import DESIGN, Assets
from app.web.design.compiled import Compiled
from app.web.design.component import cut
from app.web.design.device import device_name
from app.web.design.icons import icon

APP: Final = Path(__file__).parents[2]


class View(msgspec.Struct, frozen=True):
    """How one person sees one page."""

    language: str = "ja"
    zone: dt.tzinfo = msgspec.field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))
    now: int = msgspec.field(default_factory=now)
    """Milliseconds since 1970: the moment that relative times count from."""


_view: ContextVar[View | None] = ContextVar("view", default=None)


def _current() -> View:
    return _view.get() or View()


class ComponentLoader(FileSystemLoader):
    """Reads templates, and leaves out the style and script sections of components."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return the template part of a file."""
        source, filename, is_current = super().get_source(environment, template)
        return cut(source).template, filename, is_current


class PageTemplate(Template):
    """A template whose macros are made once.

    Jinja asks at every import whether the importing page has globals of its own, which takes
    longer than most macros do; here all templates have the same ones.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002
        if self._module is None:
            self._module = self.make_module()
        return self._module


class Column(msgspec.Struct, frozen=True):
    """One column of a table."""

    key: str
    label: str
    sort: bool = False
    """Whether its heading is a link that sorts."""
    kind: str = "text"
    """`text`, `number` (aligned to the end), `actions` (heading only for screen readers), `check`
    (one tick among many, not on a telephone), `brief` (only there, in place of the ticks)."""


def create_environment(assets: Assets, folders: Iterable[Path] | None = None) -> Environment:
    """Return the environment over the design system and every area's `templates` folder.

    A page of the console is `console/accounts.html`, one of a service `tables/list.html`: the
    area's name in front. `folders` replaces the areas that are found.
    """
    areas = _areas() if folders is None else folders
    loaders: dict[str, BaseLoader] = {
        folder.parent.name: FileSystemLoader(folder) for folder in areas
    }
    environment = Environment(
        loader=ChoiceLoader([ComponentLoader(DESIGN), PrefixLoader(loaders)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=Compiled(),
    )
    environment.template_class = PageTemplate
    environment.globals.update(_functions(assets))
    return environment


def render(
    environment: Environment,
    name: str | Template,
    /,
    *,
    language: str,
    zone: dt.tzinfo | None = None,
    at: int | None = None,
    **context: Any,  # noqa: ANN401 - what a page shows is the page's own
) -> str:
    """Return the page `name` for a person of `language` in `zone` (Asia/Tokyo by default).

    `at` is the moment of the request in milliseconds since 1970, by default this one.
    """
    view = View(
        language=language,
        zone=zone or ZoneInfo("Asia/Tokyo"),
        now=now() if at is None else at,
    )
    token = _view.set(view)
    try:
        return environment.get_template(name).render(language=language, **context)
    finally:
        _view.reset(token)


def _areas() -> list[Path]:
    return sorted([*APP.glob("*/templates"), *APP.glob("services/*/templates")])


def _functions(assets: Assets) -> dict[str, Any]:
    return {
        "_": _words,
        "assets": assets,
        "icon": icon,
        "column": Column,
        "change_query": change_query,
        "next_sort": next_sort,
        "is_inside": is_inside,
        "page_language": lambda: _current().language,
        "page_now": lambda: _current().now,
        "page_zone": lambda: str(_current().zone),
        "time": time_element,
        "relative_time": relative_time_element,
        "end_time": end_time_element,
        "day": lambda instant: formatting.moment(instant, _current().zone).date(),
        "date": lambda day: formatting.format_date(day, _current().language),
        "era_date": lambda day: formatting.format_era_date(day, _current().language),
        "duration": lambda length: formatting.format_duration(length, _current().language),
        "size": lambda count: formatting.format_size(count, _current().language),
        "number": formatting.format_number,
        "percent": formatting.percent,
        "device_name": device_name,
        "qr_image": qr_image,
    }


def _words(text: str, **parameters: Any) -> str:  # noqa: ANN401 - any value that formats
    found = words(_current().language, text, parameters)
    if any(hasattr(value, "__html__") for value in parameters.values()):
        # an element inside a sentence stays an element; the words and plain values are escaped
        return escape(found).format(**parameters)
    return found.format(**parameters) if parameters else found


def time_element(instant: int) -> Markup:
    """Return `<time>` with the minute in the viewer's zone; the exact instant on hover."""
    view = _current()
    return _time(instant, _whole(formatting.format_time(instant, view.language, view.zone)))


def end_time_element(instant: int) -> Markup:
    """Return `<time>` with the last day, where one ends at this instant; else with the minute."""
    view = _current()
    return _time(instant, _whole(formatting.format_end_time(instant, view.language, view.zone)))


def relative_time_element(instant: int) -> Markup:
    """Return `<time>` as a distance from now (3分前); the exact instant on hover."""
    view = _current()
    text = formatting.format_relative_time(instant, view.now, view.language, view.zone)
    return _time(instant, text)


def _whole(text: str) -> str:
    """Return a date and its time of day so that a line breaks between them, if at all."""
    date, gap, rest = text.partition(" " if _current().language == "ja" else ", ")
    return f'<span class="nowrap">{date}</span>{gap}{rest}'


def _time(instant: int, text: str) -> Markup:
    view = _current()
    machine = formatting.format_machine_time(instant)
    exact = formatting.format_exact_time(instant, view.language, view.zone)
    # put together directly, for lists hold hundreds: numbers and our own words need no escaping
    return Markup(f'<time datetime="{machine}" title="{exact}">{text}</time>')  # noqa: S704


def qr_image(text: str) -> str:
    """Return a QR code (ISO/IEC 18004, error correction M) as a `data:` address for an image."""
    import segno  # noqa: PLC0415 - seldom needed, and loaded at each start

    code = segno.make(text, error="m", micro=False)
    return code.svg_data_uri(border=4, dark="#000", light="#fff", scale=4)
