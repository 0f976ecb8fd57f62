"""One call of `tenshu`: its settings, its language, and how it answers."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
import msgspec

from app.core.errors import TenshuError
from app.core.messages import mark
from app.core.secret import Secret
from app.core.settings import Settings, load_settings
from cli.words import language_of, say

if TYPE_CHECKING:
    from app.operations.context import Context

Function = TypeVar("Function", bound=Callable[..., Any])

SETTINGS: Final = {
    "--data": ("TENSHU_DATA", "Folder of the data."),
    "--keys": ("TENSHU_KEYS", "Folder of the key ring."),
    "--database-url": ("TENSHU_DATABASE_URL", "URL of the database."),
    "--address": ("TENSHU_ADDRESS", "Address that both planes listen on."),
    "--console-port": ("TENSHU_CONSOLE_PORT", "Port of the console."),
    "--workspace-port": ("TENSHU_WORKSPACE_PORT", "Port of the workspace."),
    "--host-names": ("TENSHU_HOST_NAMES", "Further host names for the certificate."),
    "--edge": ("TENSHU_EDGE", "1 where the edge stands in front of the planes."),
    "--gallery": ("TENSHU_GALLERY", "1 shows the gallery of components, for making pages."),
    "--reserve": ("TENSHU_RESERVE", "Mebibytes kept back for a full disk."),
    "--cells-without-export": (
        "TENSHU_CELLS_WITHOUT_EXPORT",
        "Cells that people without the right to export copy at once.",
    ),
}
"""Option → variable. The option wins."""


class NoAppliance(TenshuError):
    """There is nothing to work on yet."""

    code = "command.no_appliance"
    message = "There is no appliance in {data}."
    hint = "Start it once with: tenshu start. Or name its folder: --data FOLDER."


@dataclass
class Invocation:
    """What the options of one call say."""

    options: dict[str, str] = field(default_factory=dict)
    as_json: bool = False
    language: str = field(default_factory=language_of)

    def settings(self) -> Settings:
        """Return the settings: options first, then variables, then defaults."""
        return load_settings({**os.environ, **self.options})

    def settings_of_last_start(self) -> Settings:
        """Return the same; addresses that neither say are those of the last start."""
        from app.start.last_start import followed  # noqa: PLC0415 - as late as for the others

        return followed({**os.environ, **self.options})

    def is_told(self, variable: str) -> bool:
        """Tell whether an option or a variable says what this setting is."""
        return bool(self.options.get(variable) or os.environ.get(variable))

    def origin(self, variable: str) -> str:
        """Return where a setting comes from, as a marked text."""
        if self.options.get(variable):
            return mark("option")
        return mark("variable") if self.is_told(variable) else mark("default")

    @contextlib.contextmanager
    def context(self) -> Iterator["Context"]:
        """Open the appliance for operations of the person at the machine.

        Raise NoAppliance, KeyRingMissing, NewerData or what the database answers.
        """
        from app.start.open import open_context  # noqa: PLC0415 - half a second of imports

        settings = self.settings_of_last_start()
        if not settings.data.exists():
            raise NoAppliance(data=settings.data)
        with open_context(settings, self.language) as context:
            yield context

    @contextlib.contextmanager
    def prepared(self) -> Iterator["Context"]:
        """Open the appliance, and prepare its data folder first where nobody else runs on it.

        Raise what `app.start.prepare.prepare` raises, but AlreadyRunning.
        """
        from app.core.data_folder import AlreadyRunning  # noqa: PLC0415
        from app.start.local import local_context  # noqa: PLC0415
        from app.start.prepare import prepare  # noqa: PLC0415

        os.umask(0o077)
        try:
            prepared = prepare(
                self.settings(), lambda step: self.tell("· {step}", step=self.words(step))
            )
        except AlreadyRunning:
            with self.context() as context:
                yield context
            return
        with contextlib.closing(prepared.appliance.database):
            yield local_context(prepared.appliance, self.language)

    def words(self, text: str, **parameters: Any) -> str:  # noqa: ANN401
        """Return a text in the language of this call."""
        return say(self.language, text, **parameters)

    def tell(self, text: str, **parameters: Any) -> None:  # noqa: ANN401
        """Say something to a person: on stderr, so that stdout holds results only."""
        click.echo(self.words(text, **parameters), err=True)

    def answer(self, result: Any, for_people: Callable[[], str] | str) -> None:  # noqa: ANN401
        """Print the result: as JSON with stable keys, or in words."""
        if self.as_json:
            click.echo(to_json(result))
        else:
            click.echo(for_people if isinstance(for_people, str) else for_people())


def to_json(result: Any) -> str:  # noqa: ANN401
    """Return a result as JSON. Secrets in it are what the call was made for: they are shown."""

    def reveal(value: Any) -> Any:  # noqa: ANN401
        return value.reveal() if isinstance(value, Secret) else str(value)

    return msgspec.json.format(msgspec.json.encode(result, enc_hook=reveal)).decode()


def _remember(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None:
        variable = SETTINGS[option.opts[0]][0]
        context.ensure_object(Invocation).options[variable] = value


def _choose_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).as_json = True


def everywhere(function: Function) -> Function:
    """Give a command `--json` and an option for each setting."""
    for name, (variable, description) in reversed(SETTINGS.items()):
        function = click.option(
            name,
            metavar="TEXT",
            help=f"{description} [{variable}]",
            expose_value=False,
            callback=_remember,
            hidden=name != "--data",
        )(function)
    return click.option(
        "--json",
        is_flag=True,
        help="Answer in JSON.",
        expose_value=False,
        callback=_choose_json,
    )(function)


this_call = click.make_pass_decorator(Invocation, ensure=True)


def report(error: TenshuError, invocation: Invocation) -> None:
    """Print what went wrong and what to do, on stderr."""
    from cli.words import explain  # noqa: PLC0415

    message, hint = explain(invocation.language, error)
    if invocation.as_json:
        told = {"error": {"code": error.code, "message": message, "hint": hint}}
        click.echo(to_json(told), err=True)
        return
    click.echo(message, err=True)
    if hint:
        click.echo(hint, err=True)
    sys.stderr.flush()
