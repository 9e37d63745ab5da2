"""What every part of the policy file's form is made of: the base model, names, and lists that may be one value."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Names = Annotated[list[str], Field(min_length=1)]
Words = Annotated[str, Field(min_length=1)]


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


OneOrMore = Annotated[
    list[str],
    Field(min_length=1),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class Entering(Part):
    """The moment of entering a stage or a detour of a track."""

    track: str
    stage: str
