"""Off the machine: where the history goes, how far behind each place is, and how that changes."""

from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.backups.operations import runs
from app.console.person_choice import named
from app.core.errors import InvalidInput, NotFound, TenshuError
from app.core.messages import explain, mark
from app.identity.operations.account_views import AccountFilter, list_accounts
from app.machine.errors import MachineError
from app.offsite.kinds import Kind
from app.offsite.operations import changing, checking, showing, trying
from app.offsite.operations.showing import DestinationView, OneDestination
from app.operations.context import Context
from app.operations.errors import Refused
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.error_words import explain_code
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.runs import State

PLACE: Final = "/settings/off-the-machine"
EMPTY: Final[dict[Kind, dict[str, str]]] = {
    Kind.SYSLOG: {
        "host": "",
        "port": "6514",
        "encryption": "tls",
        "authority": "",
        "certificate": "",
        "names": "true",
        "language": "ja",
        "from_beginning": "true",
    },
    Kind.FOLDER: {"path": ""},
    Kind.MAIL: {"people": "", "hour": "7", "zone": "Asia/Tokyo"},
}
SWITCHES: Final = frozenset({"names", "from_beginning"})


@get(PLACE)
def show_offsite(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show the places off the machine."""
    return _list_page(request, notice=notice)


@get(f"{PLACE}/new/{{kind:str}}")
def show_new(request: AnyRequest, kind: FromPath[str]) -> Answer:
    """Show the form of a further destination."""
    known = _kind(kind)
    return _form_page(request, known, {"name": "", **EMPTY[known]}, {})


@post(f"{PLACE}/new/{{kind:str}}")
def create(request: AnyRequest, kind: FromPath[str], data: Form) -> Answer:
    """Set a further destination up, after a fresh second factor."""
    context, known = need_sign_in(request), _kind(kind)
    typed = _typed(known, data)
    try:
        wanted: dict[str, Any] = {"name": typed["name"], kind: _target(context, known, typed)}
        if known is Kind.SYSLOG:
            wanted["from_beginning"] = typed["from_beginning"]
        wanted |= _client_key(data)
        new = ask(checking.NewDestination, **wanted)
        _check(context, new)
        return perform(request, changing.create_destination, new)
    except TenshuError as error:
        return _form_page(request, known, typed, _errors(context, error), error.status)


@get(f"{PLACE}/{{destination:str}}")
def show_one(request: AnyRequest, destination: FromPath[str]) -> Answer:
    """Show the form of one destination."""
    context = need_sign_in(request)
    found = _find(context, destination)
    return _form_page(request, found.kind, _kept(context, found), {}, found=found)


@post(f"{PLACE}/{{destination:str}}")
def change(request: AnyRequest, destination: FromPath[str], data: Form) -> Answer:
    """Change where the history goes, after a fresh second factor."""
    context = need_sign_in(request)
    found = _find(context, destination)
    typed = _typed(found.kind, data)
    try:
        wanted: dict[str, Any] = {
            "destination": found.id,
            "rev": str(data.get("rev", "")),
            "name": typed["name"],
            found.kind.value: _target(context, found.kind, typed),
            **_client_key(data),
        }
        other = ask(checking.DestinationChange, **wanted)
        _check(context, other)
        return perform(request, changing.update_destination, other)
    except TenshuError as error:
        errors = _errors(context, error)
        return _form_page(request, found.kind, typed, errors, error.status, found=found)


@post(f"{PLACE}/{{destination:str}}/try")
def try_one(request: AnyRequest, destination: FromPath[str]) -> Answer:
    """Send a test, and say at once what came of it."""
    context = need_sign_in(request)
    try:
        wanted = ask(OneDestination, destination=destination)
        return perform(request, trying.try_destination, wanted)
    except Refused:
        raise
    except TenshuError as error:
        return _list_page(request, problem=explain(context.language, error), status=error.status)


@post(f"{PLACE}/{{destination:str}}/send-again")
def again(request: AnyRequest, destination: FromPath[str]) -> Answer:
    """Send everything again."""
    need_sign_in(request)
    return perform(request, changing.send_again, ask(OneDestination, destination=destination))


@post(f"{PLACE}/{{destination:str}}/remove")
def remove(request: AnyRequest, destination: FromPath[str]) -> Answer:
    """Send nothing more there, after a fresh second factor."""
    need_sign_in(request)
    wanted = ask(OneDestination, destination=destination)
    return perform(request, changing.remove_destination, wanted)


@result_of(changing.create_destination)
def created(_request: AnyRequest, _result: DestinationView) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=created")


@result_of(changing.update_destination)
def changed(_request: AnyRequest, _result: DestinationView) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=changed")


@result_of(changing.remove_destination)
def removed(_request: AnyRequest, _result: changing.Removed) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=removed")


@result_of(changing.send_again)
def sent_again(_request: AnyRequest, _result: DestinationView) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=again")


@result_of(trying.try_destination)
def tried(_request: AnyRequest, _result: trying.Tried) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=tried")


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise NotFound(kind=mark("kind of destination"), name=text[:40]) from None


def _find(context: Context, identifier: str) -> DestinationView:
    for one in showing.list_destinations(context, NoRequest()).items:
        if one.id == identifier:
            return one
    raise NotFound(kind=mark("destination"), name=identifier[:40])


def _typed(kind: Kind, data: dict[str, Any]) -> dict[str, str]:
    """Return the fields of a form as they were typed; a box that is not ticked is not sent."""
    typed = {name: str(data.get(name, "")).strip() for name in ("name", *EMPTY[kind])}
    return {
        name: ("true" if text else "false") if name in SWITCHES else text
        for name, text in typed.items()
    }


def _client_key(data: dict[str, Any]) -> dict[str, str]:
    """Return a key that was typed; without one, the key that is kept stays."""
    key = str(data.get("client_key", "")).strip()
    return {"client_key": key} if key else {}


def _target(context: Context, kind: Kind, typed: dict[str, str]) -> dict[str, Any]:
    """Return the kind's own fields; people are typed as login IDs."""
    fields: dict[str, Any] = {name: typed[name] for name in EMPTY[kind] if name != "from_beginning"}
    if kind is Kind.MAIL:
        fields["people"] = [_account(context, each) for each in typed["people"].split()]
    return fields


def _check(context: Context, wanted: checking.NewDestination | checking.DestinationChange) -> None:
    """Say what is wrong before a code is spent."""
    context.require(Permission.SETTINGS_MANAGE)
    with context.appliance.database.read() as session:
        checking.check(context, session, wanted)


def _account(context: Context, login_id: str) -> str:
    try:
        return named(context, login_id)
    except NotFound as error:
        reason = mark("There is nobody of one of these login IDs.")
        raise InvalidInput(field="people", reason=reason) from error


def _kept(context: Context, found: DestinationView) -> dict[str, str]:
    """Return what a destination is set to, as its form shows it."""
    told = msgspec.to_builtins(getattr(found, found.kind.value))
    if found.mail is not None:
        told["people"] = "\n".join(_login_ids(context, found.mail.people))
    return {"name": found.name} | {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in told.items()
    }


def _login_ids(context: Context, people: list[str]) -> list[str]:
    known = {
        one.id: one.login_id for one in list_accounts(context, ask(AccountFilter, limit=500)).items
    }
    return [known.get(person, person) for person in people]


def _errors(context: Context, error: TenshuError) -> dict[str, str]:
    """Return field → what is wrong, by the names of the form."""
    if isinstance(error, Refused):
        raise error
    found = field_errors(context.language, error)
    errors: dict[str, str] = {}
    for name, text in found.items():
        field = next((part for part in name.split(".") if part not in set(Kind)), name)
        errors[field.partition("[")[0]] = text
    return errors


def _form_page(
    request: AnyRequest,
    kind: Kind,
    values: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
    found: DestinationView | None = None,
) -> Answer:
    context = need_sign_in(request)
    context.require(Permission.SETTINGS_MANAGE)
    return page(
        request,
        "console/offsite_destination.html",
        status=status,
        kind=kind.value,
        values=values,
        errors=errors,
        found=found,
        place=f"{PLACE}/{found.id}" if found else f"{PLACE}/new/{kind.value}",
    )


def _list_page(
    request: AnyRequest,
    *,
    notice: str = "",
    problem: tuple[str, str] | None = None,
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    found = showing.list_destinations(context, NoRequest())
    return page(
        request,
        "console/offsite.html",
        status=status,
        found=found,
        backup=_newest_backup(context),
        notice=notice,
        problem=problem,
        may_manage=context.actor.rights.allows(Permission.SETTINGS_MANAGE),
        reason=lambda row: explain_code(context.language, row.error, row.error_parameters),
    )


def _newest_backup(context: Context) -> Any:  # noqa: ANN401 - a run of the machine, or None
    """Return the newest backup: each archive holds the checkpoint of its own history."""
    if not context.actor.rights.allows(Permission.BACKUPS_VIEW):
        return None
    try:
        found = runs.list_runs(context, runs.ListOfRuns()).runs
    except MachineError:
        return None
    done = [run for run in found if run.backup and run.state is State.done]
    return max(done, key=lambda run: run.finished_at or 0, default=None)


def offsite_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_offsite, show_new, create, show_one, change, try_one, again, remove]
