"""The JSON Schema of a policy file, for editors: published as docs/reference/policy.schema.json."""

from typing import Any

from journey.policy.document import Policy

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> dict[str, Any]:
    """What a policy file may say. It checks the form alone; `policy check` knows the meaning too."""
    return {"$schema": DIALECT, **Policy.model_json_schema(by_alias=True), "title": "A Throughline policy"}
