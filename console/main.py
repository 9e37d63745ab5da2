"""The `throughline` command: one table of its nouns and verbs, each in a file of its own, loaded when it is asked for.

Exit codes: 0 done, 1 something was found or failed, 2 wrong usage, 3 no running instance, 4 a part does not answer.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

import click

from console.workspace import Workspace, instance_options


class Entry(NamedTuple):
    """One command: the module under console.commands and the function in it; `about` is its line in the help."""

    module: str
    function: str
    about: str


COMMANDS = {
    "demo": Entry("demo", "demo", "Start everything, replay 90 simulated days, show what was found"),
    "up": Entry("instance", "up", "Start Kafka, ClickHouse, the workers, the gateway and the console"),
    "down": Entry("instance", "down", "Stop everything that `up` started"),
    "status": Entry("instance", "status", "Each part: up, how far behind, its last event"),
    "doctor": Entry("instance", "doctor", "Check Java, ports, disk, addresses, versions; each with the fix"),
    "emit": Entry("emit", "emit", "Send touchpoints: one as an argument, or NDJSON from stdin"),
    "import": Entry("imports", "import_", "Import a CSV or JSON-lines file by a mapping"),
    "customer": Entry("customer", "customer", "Where a customer is, who owns it, what is open, the timeline"),
    "explain": Entry("explain", "explain", "Which touchpoint and which rule led to where a customer is"),
    "identity": Entry("identity", "identity", "What links a customer's identifiers; link and unlink them"),
    "stalled": Entry("stalled", "stalled", "Prospects that stand still, now or at a time"),
    "overlaps": Entry("overlaps", "overlaps", "Where both teams are on one thing at once"),
    "report": Entry("report", "report", "What both teams agreed to measure: tables and pictures"),
    "export": Entry("export", "export", "Views, or the rows of a query, as Parquet files"),
    "sql": Entry("sql", "sql", "Ask ClickHouse, as the read-only analyst"),
    "clickhouse": Entry("clickhouse", "clickhouse", "The schema of ClickHouse: migrate, status, grants"),
    "rejected": Entry("rejected", "rejected", "What was not accepted, and why"),
    "policy": Entry("policy.group", "policy", "The written agreement: try it, check it, read it, its schema"),
    "rebuild": Entry("rebuild", "rebuild", "Fold a customer's journey, or all, anew from the whole history"),
    "repartition": Entry("repartition", "repartition", "Give a stopped instance more partitions"),
    "verify": Entry("verify", "verify_", "Count all touchpoints, fold anew, compare with what is stored"),
    "schema": Entry("schema", "schema", "JSON Schema of what travels"),
    "simulate": Entry("simulate", "simulate", "Simulated touchpoints of both teams, as NDJSON or into ClickHouse"),
}


class CommandTable(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, entry in COMMANDS.items() if find_spec(f"console.commands.{entry.module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        entry = COMMANDS[cmd_name]
        command = getattr(import_module(f"console.commands.{entry.module}"), entry.function)
        assert isinstance(command, click.Command)
        return _with_instance_options(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].about) for name in self.list_commands(ctx)])


def _with_instance_options(command: click.Command) -> click.Command:
    """`throughline status --data DIR` means the same as `throughline --data DIR status`."""
    names = {parameter.name for parameter in command.params}
    command.params += [option for option in instance_options(environment=False) if option.name not in names]
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _with_instance_options(inner)
    return command


@click.group(
    "throughline", cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="throughline")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """One line through every customer's journey, across marketing and sales.

    \b
    Start here:
      throughline demo                        everything, with simulated customers
      throughline up --detach                 an empty instance in the background
      throughline emit < touchpoints.ndjson   send touchpoints to it

    \b
    Exit codes: 0 done, 1 something was found or failed, 2 wrong usage,
    3 no running instance, 4 a part does not answer.
    """
    ctx.ensure_object(Workspace)


cli.params += instance_options(environment=True)
