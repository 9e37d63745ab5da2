"""The command itself: help, exit codes, what needs no running instance."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from console.main import COMMANDS, cli
from schemas.settings import ClickHouseRun, ConsoleRun, GatewayRun, Run
from schemas.touchpoint import Touchpoint

GOOD = {
    "id": "m-1", "source": "mailer", "type": "email.clicked", "team": "marketing", "direction": "inbound",
    "occurred_at": "2026-03-01T09:00:00Z", "customer": {"email": "jo@acme.example"},
}  # fmt: skip


def call(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=text, catch_exceptions=False)


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    found = [(path, command)] if path else []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        found += leaves(inner, (*path, name))
    return found


@pytest.mark.parametrize("path", [path for path, _ in leaves(cli)], ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    helped = call(*path, "--help")
    assert helped.exit_code == 0
    assert "Example:" in helped.stdout
    assert re.search(rf"throughline .*\b{path[0]}\b", helped.stdout)
    assert "--data" in helped.stdout


def test_the_help_lists_every_command_that_is_there() -> None:
    listed = call("--help").stdout
    for name in cli.list_commands(click.Context(cli)):
        assert COMMANDS[name].about in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ["customer", "jo@acme.example"],
        ["stalled"],
        ["overlaps"],
        ["sql", "SELECT 1"],
        ["emit", "{}"],
        ["rejected", "list"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_a_running_instance_the_exit_code_is_3_with_the_way_to_start_one(
    arguments: list[str], tmp_path: Path
) -> None:
    answered = call("--data", str(tmp_path), *arguments)
    assert answered.exit_code == 3
    assert f"throughline --data {tmp_path} up" in answered.stderr


def test_the_data_directory_may_be_named_before_or_after_the_command(tmp_path: Path) -> None:
    assert str(tmp_path) in call("stalled", "--data", str(tmp_path)).stderr
    assert str(tmp_path) in call("--data", str(tmp_path), "stalled").stderr


def test_the_data_directory_may_come_from_the_environment_and_the_command_line_overrules_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHLINE_DATA", str(tmp_path / "one"))
    assert str(tmp_path / "one") in call("stalled").stderr
    assert str(tmp_path / "two") in call("--data", str(tmp_path / "two"), "stalled").stderr


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """The data directory of an instance whose parts do not answer."""
    clickhouse = ClickHouseRun(
        url="http://127.0.0.1:1", database="d", user="u", password="p", readonly_user="r", readonly_password="p"
    )
    gateway, console = GatewayRun(url="http://127.0.0.1:1", write_key="k"), ConsoleRun(url="http://127.0.0.1:1")
    Run(kafka="127.0.0.1:1", clickhouse=clickhouse, gateway=gateway, console=console).write(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["stalled"], "ClickHouse at http://127.0.0.1:1"),
        (["emit", json.dumps(GOOD)], "gateway at http://127.0.0.1:1"),
    ],
)
def test_a_part_that_does_not_answer_is_named_and_the_exit_code_is_4(
    arguments: list[str], named: str, dead: Path
) -> None:
    answered = call("--data", str(dead), *arguments)
    assert answered.exit_code == 4
    assert named in answered.stderr


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["stalled", "--as-of", "yesterday"], ["overlaps", "--kind", "x"], ["schema", "x"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


def simulate(*arguments: str) -> bytes:
    written = call("simulate", "--customers", "40", "--days", "20", "--seed", "3", *arguments)
    assert written.exit_code == 0
    return written.stdout_bytes


def test_simulate_writes_valid_touchpoints_and_the_same_ones_again() -> None:
    until = ("--until", "2026-03-31")
    assert simulate(*until) == simulate(*until)
    for line in simulate(*until).splitlines():
        Touchpoint.model_validate_json(line)


def test_simulate_writes_bad_events_when_asked() -> None:
    until = ("--until", "2026-03-31", "--customers", "400")
    good, all_of_them = simulate(*until).splitlines(), simulate(*until, "--bad").splitlines()
    assert [line for line in all_of_them if line in set(good)] == good
    assert len(all_of_them) > len(good)


def described(*arguments: str) -> Any:
    return json.loads(call("schema", *arguments).stdout)


def test_schema_describes_one_model_or_all() -> None:
    touchpoint = described("touchpoint")
    assert touchpoint["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"id", "source", "type", "team", "customer", "occurred_at"} <= set(touchpoint["properties"])
    names = call("schema", "--list").stdout.split()
    assert {"touchpoint", "transition", "handoff", "overlap", "clock", "stalled", "alert"} <= set(names)
    assert {"Touchpoint", "Transition", "Alert"} <= set(described()["$defs"])
