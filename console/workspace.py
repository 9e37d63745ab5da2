"""Which instance a command talks to: the data directory, and the running instance that it describes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from schemas.settings import Run

DEFAULT_DATA = Path("var")


class NoInstanceError(click.ClickException):
    """Nothing runs under the data directory. Exit code 3."""

    exit_code = 3


class UnreachableError(click.ClickException):
    """A part of the instance does not answer. Exit code 4."""

    exit_code = 4


@dataclass
class Workspace:
    """The data directory, and the first of the ten ports where one was given."""

    data: Path = DEFAULT_DATA
    port_base: int | None = None

    def run(self) -> Run:
        """The running instance. Raises NoInstanceError, which says how to start one."""
        try:
            found = Run.read(self.data)
        except ValueError as error:
            raise NoInstanceError(
                f"{self.data / 'run.json'} cannot be read ({error}); run `{self.hint('up')}`"
            ) from None
        if found is None:
            raise NoInstanceError(
                f"no instance runs under {self.data}; start one by `{self.hint('up --detach')}`, "
                "or name another directory by --data"
            )
        return found

    def hint(self, command: str) -> str:
        """How to call a command on this data directory."""
        data = "" if self.data == DEFAULT_DATA else f"--data {self.data} "
        return f"throughline {data}{command}"


def _set_data(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Workspace).data = value


def _set_port_base(ctx: click.Context, _: click.Parameter, value: int | None) -> None:
    if value is not None:
        ctx.ensure_object(Workspace).port_base = value


def instance_options(environment: bool) -> list[click.Parameter]:
    """--data and --port-base. With `environment` THROUGHLINE_DATA and THROUGHLINE_PORT_BASE count too.

    They are options of the group and of every command; were both to read the environment, it would overrule what the
    group was told.
    """
    return [
        _option(
            "--data",
            type=click.Path(path_type=Path, file_okay=False),
            callback=_set_data,
            envvar="THROUGHLINE_DATA" if environment else None,
            metavar="DIR",
            help="The instance's data directory (default: ./var).",
        ),
        _option(
            "--port-base",
            type=click.IntRange(1024, 65000),
            callback=_set_port_base,
            envvar="THROUGHLINE_PORT_BASE" if environment else None,
            metavar="N",
            help="First of the ten ports that an instance uses (default: 19090).",
        ),
    ]


def _option(*names: str, **attributes: Any) -> click.Option:
    return click.Option(names, expose_value=False, **attributes)


pass_workspace = click.make_pass_decorator(Workspace, ensure=True)
