"""Conditions as people read them: 「金額」が 1,000 以上."""

from collections.abc import Mapping
from typing import Final

from app.core.messages import mark, translate
from app.files.errors import Unfit
from app.services.tables.definition import Colour
from app.services.tables.fitting import Place
from app.services.tables.grouping import How
from app.services.tables.models import FieldKind
from app.services.tables.selection import Comparison, Conditions, Filter, Join
from app.services.tables.spans import COUNTED, Span
from app.services.tables.types.choices import NO, YES, read_checkbox
from app.services.tables.views import FieldView

TESTS: Final = {
    Comparison.CONTAINS: mark("contains"),
    Comparison.BEGINS: mark("begins with"),
    Comparison.EQUALS: mark("is"),
    Comparison.NOT_EQUALS: mark("is not"),
    Comparison.ANY_OF: mark("is one of"),
    Comparison.HAS: mark("has"),
    Comparison.WITHIN: mark("lies in"),
    Comparison.MINE: mark("is me or my group"),
    Comparison.FROM: mark("is at least"),
    Comparison.TO: mark("is at most"),
    Comparison.ABOVE: mark("is more than"),
    Comparison.BELOW: mark("is less than"),
    Comparison.BETWEEN: mark("is between"),
    Comparison.EMPTY: mark("is empty"),
    Comparison.FILLED: mark("is filled"),
}
_SENTENCES: Final = {
    Comparison.CONTAINS: mark("{field} contains {value}"),
    Comparison.BEGINS: mark("{field} begins with {value}"),
    Comparison.EQUALS: mark("{field} is {value}"),
    Comparison.NOT_EQUALS: mark("{field} is not {value}"),
    Comparison.ANY_OF: mark("{field} is one of {value}"),
    Comparison.HAS: mark("{field} has {value}"),
    Comparison.WITHIN: mark("{field} lies in: {value}"),
    Comparison.MINE: mark("{field} is me or my group"),
    Comparison.FROM: mark("{field} is at least {value}"),
    Comparison.TO: mark("{field} is at most {value}"),
    Comparison.ABOVE: mark("{field} is more than {value}"),
    Comparison.BELOW: mark("{field} is less than {value}"),
    Comparison.BETWEEN: mark("{field} is between {value} and {second}"),
    Comparison.EMPTY: mark("{field} is empty"),
    Comparison.FILLED: mark("{field} is filled"),
}
SPANS: Final = {
    Span.TODAY: mark("today"),
    Span.YESTERDAY: mark("yesterday"),
    Span.TOMORROW: mark("tomorrow"),
    Span.THIS_WEEK: mark("this week"),
    Span.LAST_WEEK: mark("last week"),
    Span.NEXT_WEEK: mark("next week"),
    Span.THIS_MONTH: mark("this month"),
    Span.LAST_MONTH: mark("last month"),
    Span.NEXT_MONTH: mark("next month"),
    Span.THIS_YEAR: mark("this year"),
    Span.LAST_YEAR: mark("last year"),
    Span.NEXT_YEAR: mark("next year"),
    Span.LAST_DAYS: mark("the last days, as many as you write"),
    Span.NEXT_DAYS: mark("the next days, as many as you write"),
}
_COUNTED: Final = {
    Span.LAST_DAYS: mark("the last {days} days"),
    Span.NEXT_DAYS: mark("the next {days} days"),
}
HOWS: Final = {
    How.SUM: mark("Sum"),
    How.AVERAGE: mark("Average"),
    How.LEAST: mark("Smallest"),
    How.MOST: mark("Largest"),
}
COLOURS: Final = {
    Colour.RED: mark("Red"),
    Colour.YELLOW: mark("Yellow"),
    Colour.GREEN: mark("Green"),
    Colour.BLUE: mark("Blue"),
    Colour.GREY: mark("Grey"),
}
MISFITS: Final = {
    Place.FILTER: mark("Condition on {field} left out"),
    Place.SORT: mark("Order by {field} left out"),
    Place.GROUP: mark("Groups by {field} left out"),
    Place.SUM: mark("Figure of {field} left out"),
    Place.COLOUR: mark("Colour by {field} left out"),
    Place.SCOPE: mark("Whose rows are shown cannot be told by {field}: no row is shown"),
}
NAMELESS: Final = mark("a field")


def sentence(language: str, fields: Mapping[int, FieldView], one: Filter) -> str:
    """Return a condition as a sentence."""
    field, value, test = fields.get(one.field), one.value, one.test
    if test is Comparison.ANY_OF:
        value = ("、" if language == "ja" else ", ").join(one.values)
    elif test is Comparison.WITHIN and value in set(Span):
        span = Span(value)
        pattern = _COUNTED[span] if span in COUNTED else SPANS[span]
        value = translate(language, pattern, days=one.second or "0")
    elif value and field is not None and field.kind is FieldKind.CHECKBOX:
        value = _ticked(language, value)
    # «is ""» says less than «is empty»
    if not value and test in (Comparison.EQUALS, Comparison.NOT_EQUALS):
        test = Comparison.EMPTY if test is Comparison.EQUALS else Comparison.FILLED
    name = field.name if field else translate(language, NAMELESS)
    return translate(language, _SENTENCES[test], field=name, value=value, second=one.second)


def _ticked(language: str, value: str) -> str:
    """Return a yes or no as people read it, whichever way it was typed."""
    try:
        return translate(language, YES if read_checkbox(value) else NO)
    except Unfit:
        return value


def _told_group(language: str, fields: Mapping[int, FieldView], group: Conditions) -> str:
    """Return a group of conditions as a sentence."""
    between = mark("and") if group.join is Join.ALL else mark("or")
    parts = [sentence(language, fields, one) for one in group.filters]
    parts += [f"({_told_group(language, fields, inner)})" for inner in group.groups if inner]
    return f" {translate(language, between)} ".join(parts)


def chips(
    language: str, fields: list[FieldView], where: Conditions
) -> list[tuple[str, Conditions]]:
    """Return each condition at the top of a tree, with the tree that is left without it."""
    by_id = {field.id: field for field in fields}
    if where.join is Join.ANY:
        return [(_told_group(language, by_id, where), Conditions())] if where else []
    found = []
    for place, one in enumerate(where.filters):
        kept = where.filters[:place] + where.filters[place + 1 :]
        left = Conditions(filters=kept, groups=where.groups)
        found.append((sentence(language, by_id, one), left))
    for place, group in enumerate(where.groups):
        if group:
            inner = where.groups[:place] + where.groups[place + 1 :]
            left = Conditions(filters=where.filters, groups=inner)
            found.append((_told_group(language, by_id, group), left))
    return found
