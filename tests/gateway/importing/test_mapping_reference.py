"""The reference of the mapping format says what the model says."""

import json
from pathlib import Path

from gateway.importing.mapping import Cell, FileFormat, Mapping, Moment, TouchpointMapping, mapping_schema
from gateway.importing.mapping_file import load_mapping, parse_mapping

ROOT = Path(__file__).parent.parent.parent.parent
REFERENCE = ROOT / "docs" / "reference" / "import-mapping.md"


def test_every_key_is_in_the_reference() -> None:
    text = REFERENCE.read_text()
    for model in (Mapping, FileFormat, TouchpointMapping, Cell, Moment):
        for name, field in model.model_fields.items():
            assert (field.alias or name) in text, f"{model.__name__}.{name} is not in {REFERENCE.name}"


def test_the_example_of_the_reference_is_a_mapping() -> None:
    example = REFERENCE.read_text().split("```yaml\n")[1].split("```")[0]
    assert isinstance(parse_mapping(example), Mapping)


def test_the_schema_for_editors_is_the_models() -> None:
    written = json.loads((REFERENCE.parent / "import-mapping.schema.json").read_text())
    assert written == mapping_schema()


def test_the_examples_mappings_are_mappings() -> None:
    mappings = sorted((ROOT / "examples" / "olist").glob("*.yaml"))
    loaded = {path.name: load_mapping(path) for path in mappings if path.name != "policy.yaml"}
    assert {"deals.yaml", "leads.yaml"} <= set(loaded)
    assert all(isinstance(mapping, Mapping) for mapping in loaded.values())
