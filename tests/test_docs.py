"""What the documents say is what the code is: fields, settings, metrics, reasons, topics, views, commands, links."""

import asyncio
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from packaging.requirements import Requirement
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, SecretStr

import gateway.metrics
import sinks.metrics
import streams.metrics
from console.main import COMMANDS
from journey.policy import document
from journey.policy.reading import read
from schemas import rejection, topic
from schemas.settings import DEFAULT_POLICY, Settings
from schemas.touchpoint import Customer, Money, Touchpoint

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "guide"
NOT_OURS = {".venv", "var", "node_modules", ".pytest_cache", ".hypothesis", ".git", "lib", "target"}
DOCUMENTS = sorted(path for path in ROOT.rglob("*.md") if not NOT_OURS & set(path.relative_to(ROOT).parts))
NAMED = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
POLICY_MODELS = [
    model
    for model in vars(document).values()
    if isinstance(model, type) and issubclass(model, document.Part) and model is not document.Part
]


def rows(text: str, marker: str) -> list[list[str]]:
    """The cells of the table behind `<!-- marker -->`, without its head."""
    _, _, after = text.partition(f"<!-- {marker} -->\n")
    assert after, f"no table is marked {marker!r}"
    lines = after.split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(table: list[list[str]]) -> list[str]:
    return [row[0].strip("`") for row in table]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def code_spans() -> Iterator[tuple[str, str]]:
    for path, name in zip(DOCUMENTS, NAMED, strict=True):
        for span in re.findall(r"`([^`\n]+)`", path.read_text()):
            yield name, span


def test_the_readmes_event_is_a_touchpoint() -> None:
    (example,) = blocks(README.read_text(), "json")
    touchpoint = Touchpoint.model_validate_json(example)
    assert (touchpoint.team, touchpoint.channel) == ("sales", "call")


async def first_value(bootstrap: str, wanted: bytes) -> dict[str, Any]:
    consumer = AIOKafkaConsumer(topic.RAW_SALES, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async for record in consumer:
            if record.value is not None and wanted in record.value:
                found: dict[str, Any] = json.loads(record.value)
                return found
    finally:
        await consumer.stop()
    raise AssertionError("the consumer ended")


def test_the_readmes_python_emits_it(product_topics: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = README.read_text()
    (example,), (code,) = blocks(text, "json"), blocks(text, "python")
    (tmp_path / "touchpoint.json").write_text(example)
    monkeypatch.chdir(tmp_path)
    exec(code.replace("127.0.0.1:19090", product_topics), {})
    arrived = asyncio.run(asyncio.wait_for(first_value(product_topics, b"call-4711"), 20))
    assert Touchpoint.model_validate(arrived) == Touchpoint.model_validate_json(example)


def test_every_example_of_a_touchpoint_in_the_guide_is_one() -> None:
    (code,) = blocks((GUIDE / "emitting.md").read_text(), "python")
    (example,) = re.findall(r"emit\((\{.*?\})\)\n", code, re.DOTALL)
    assert Touchpoint.model_validate_json(example).type == "email.clicked"


def test_the_table_of_a_touchpoints_fields_is_the_model() -> None:
    table = rows(README.read_text(), "fields of Touchpoint")
    assert sorted(names(table)) == sorted(fields(Touchpoint))
    needed = {row[0].strip("`") for row in table if row[1] == "yes"}
    # The channel follows the type where it is not given.
    assert needed == {name for name, field in Touchpoint.model_fields.items() if field.is_required()} - {"channel"}


@pytest.mark.parametrize("model", [Customer, Money], ids=lambda model: model.__name__)
def test_the_parts_of_a_touchpoint_are_described(model: type[BaseModel]) -> None:
    table = rows((GUIDE / "emitting.md").read_text(), f"fields of {model.__name__}")
    assert sorted(names(table)) == sorted(fields(model))


@pytest.mark.parametrize("model", POLICY_MODELS, ids=lambda model: model.__name__)
def test_every_field_of_the_policy_is_described(model: type[BaseModel]) -> None:
    table = rows((GUIDE / "policy.md").read_text(), f"fields of {model.__name__}")
    assert sorted(names(table)) == sorted(fields(model))
    assert all(row[1] for row in table)


def test_every_type_that_the_default_policy_knows_is_listed_for_emitters() -> None:
    text = (GUIDE / "emitting.md").read_text()
    policy = read(DEFAULT_POLICY.read_text())
    known = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', policy.model_dump_json(exclude={"alerts"}))) - {"properties.team"}
    assert {name for name in known if f"`{name}`" not in text} == set()


def test_every_setting_is_described_with_its_default() -> None:
    table = {row[0].strip("`"): row for row in rows((GUIDE / "operating.md").read_text(), "settings")}
    assert list(table) == [f"THROUGHLINE_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        _, default, meaning = table[f"THROUGHLINE_{name.upper()}"]
        assert default.strip("`") == written(field.default), name
        assert meaning == field.description or (meaning and not field.description), name


def written(default: object) -> str:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, Path):
        return str(default.resolve().relative_to(ROOT.resolve()) if default.is_absolute() else default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_that_is_named_anywhere_is_one() -> None:
    known = {f"THROUGHLINE_{name.upper()}" for name in Settings.model_fields}
    said = {found for path in DOCUMENTS for found in re.findall(r"\bTHROUGHLINE_[A-Z_]+\b", path.read_text())}
    assert said <= known


def test_every_metric_is_described_and_every_described_one_is_counted() -> None:
    counted = set[str]()
    for module in (streams.metrics, sinks.metrics, gateway.metrics):
        for name, made in vars(module).items():
            if name.endswith("Metrics") or name == "Metrics":
                counted |= exported(made().registry)
    said = {found for path in DOCUMENTS for found in re.findall(r"`(throughline_[a-z_]+)", path.read_text())}
    assert said == counted


def exported(registry: CollectorRegistry) -> set[str]:
    families = list(registry.collect())
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def test_every_reason_of_a_rejection_is_explained_in_the_words_of_the_code() -> None:
    table = rows((GUIDE / "bad-input.md").read_text(), "reasons")
    assert {row[0].strip("`"): row[1] for row in table} == rejection.REASONS
    assert all(row[2] for row in table)


def test_every_header_of_a_rejection_is_explained() -> None:
    text = (GUIDE / "bad-input.md").read_text()
    headers = [value for name, value in vars(rejection).items() if name.startswith("HEADER_")]
    assert [header for header in headers if f"| `{header}` |" not in text] == []


def test_every_dependency_has_its_line_and_every_line_is_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    declared = {Requirement(one).name for one in listed} - {"throughline"}
    text = (ROOT / "docs" / "decisions" / "dependencies.md").read_text()
    described = re.findall(r"^\| `([a-z0-9.-]+)` \| \S.*\|$", text, re.MULTILINE)
    assert sorted(described) == sorted(declared)


def test_every_topic_that_is_named_exists() -> None:
    named = {(where, span) for where, span in code_spans() if re.fullmatch(r"(touchpoints|journey)\.[a-z.]+", span)}
    assert {(where, span) for where, span in named if span not in topic.BY_NAME} == set()
    architecture = (ROOT / "ARCHITECTURE.md").read_text()
    assert [name for name in topic.BY_NAME if f"`{name}`" not in architecture] == []


def test_every_view_that_is_named_exists_and_the_readme_names_them_all() -> None:
    sql = "".join(path.read_text() for path in (ROOT / "sinks" / "clickhouse" / "migrations").glob("*.sql"))
    views = set(re.findall(r"CREATE (?:OR REPLACE VIEW|VIEW IF NOT EXISTS) (v_\w+)", sql))
    assert {span for _, span in code_spans() if re.fullmatch(r"v_\w+", span)} <= views
    assert {view for view in views if f"`{view}`" not in README.read_text()} == set()


def test_the_readme_lists_every_command() -> None:
    text = README.read_text()
    assert [name for name in COMMANDS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", NAMED)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    path = ROOT / name
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), f"{name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{name}: {link}"


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_decisions_have_numbers_of_their_own_and_say_context_choice_and_cost() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers)
    for record in records:
        text = record.read_text()
        assert text.startswith(f"# {record.name[:4]}"), record.name
        assert [word for word in ("**Context.**", "**Choice.**", "**Cost.**") if word not in text] == [], record.name


def test_the_architecture_fits_one_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 100
