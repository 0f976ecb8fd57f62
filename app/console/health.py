"""Health on the bar of every page of the console: how many things need somebody."""

from collections.abc import Sequence

from app.console.attention import last_backup, needs_attention
from app.console.needed import Attention
from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.operations.context import Context
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, context_of
from app.web.standing import Health, Memory

Found = tuple[str, int]
"""The worst kind, and how many."""


def health_of(request: AnyRequest) -> Health | None:
    """Return the health for those who see all that it is made of; the overview lists it."""
    context = context_of(request)
    if not _sees_all(context):
        return None

    def ask() -> Found:
        try:
            return summary(needs_attention(context, last_backup(context)))
        except TenshuError:  # the page that needs the same says what is wrong
            return "danger", 1

    kind, count = _memory(request).get("", ask)
    if not count:
        return Health(kind, translate(context.language, mark("All is well")))
    one = mark("{count} thing needs somebody")
    many = mark("{count} things need somebody")
    return Health(kind, translate(context.language, one if count == 1 else many, count=count))


def remember(request: AnyRequest, found: Sequence[Attention]) -> None:
    """Let the bar say what the overview has just found."""
    if _sees_all(context_of(request)):
        _memory(request).put("", summary(found))


def summary(found: Sequence[Attention]) -> Found:
    """Return the worst kind of what needs somebody, and how much it is."""
    if not found:
        return "success", 0
    kinds = {one.kind for one in found}
    return "danger" if "danger" in kinds else "warning", len(found)


def _sees_all(context: Context) -> bool:
    rights = context.actor.rights
    return rights.allows(Permission.BACKUPS_VIEW) and rights.allows(Permission.SETTINGS_VIEW)


def _memory(request: AnyRequest) -> Memory[Found]:
    found: Memory[Found] = request.app.state.memories["health"]
    return found
