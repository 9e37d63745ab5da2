"""The published schema of the policy file is the code's, and the policies that come with the product fit it."""

import json
from pathlib import Path

from journey.policy.schema import policy_schema

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "reference" / "policy.schema.json"


def test_the_published_schema_is_the_codes() -> None:
    assert json.loads(PUBLISHED.read_text()) == policy_schema(), "throughline policy schema > " + PUBLISHED.name


def test_every_field_of_the_policy_is_in_the_schema_by_the_name_that_people_write() -> None:
    condition = policy_schema()["$defs"]["Condition"]["properties"]
    assert {"all", "any", "not", "absent", "persona", "value"} <= set(condition)
    assert {"type": "string"} in condition["type"]["anyOf"]
