"""The mapping file: how a row of a CSV or JSON lines file becomes touchpoints. Its model is its documentation."""

import zoneinfo
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

Scalar = str | int | float | bool
Identifier = Literal["customer_id", "crm_id", "email", "phone", "anonymous_id", "account"]
EPOCHS = {"unix": 1.0, "unix_ms": 1000.0}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Cell(_Frozen):
    """Where a field's value comes from: a constant (written plainly), a column, or a template of columns.

    An empty cell leaves the field out, unless `if_empty` gives a value or `required` rejects the row.
    """

    constant: Scalar | None = Field(None, description="A fixed value; `team: sales` is short for it")
    column: str | None = Field(None, description="A column of the file; in JSON lines a dotted path: `person.email`")
    template: str | None = Field(None, description="Text with columns in braces: `deal-{deal_id}`; empty if one is")
    lower: bool = Field(False, description="Lower-case the value")
    map: dict[str, Scalar] | None = Field(None, description="Value in the file -> value of the field")
    otherwise: Scalar | None = Field(None, description="For values that `map` lacks; without it the row is rejected")
    if_empty: Scalar | None = Field(None, description="The field's value where the cell is empty")
    required: bool = Field(False, description="Reject the row where the cell is empty")
    convert: Literal["text", "integer", "number", "boolean", "json"] | None = Field(
        None, alias="as", description="Type of a property; the other fields are text"
    )

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if sum(origin is not None for origin in (self.constant, self.column, self.template)) != 1:
            raise ValueError("give exactly one of: a plain value, column, template")
        if self.otherwise is not None and self.map is None:
            raise ValueError("otherwise needs map")
        return self

    @field_validator("template")
    @classmethod
    def _template_is_plain(cls, template: str | None) -> str | None:
        for _, name, form, conversion in Formatter().parse(template or ""):
            if name == "" or form or conversion:
                raise ValueError("braces hold a column's name and nothing else; write {{ for a brace")
        return template

    def columns(self) -> list[str]:
        """The columns this cell reads."""
        if self.column is not None:
            return [self.column]
        return [name for _, name, _, _ in Formatter().parse(self.template or "") if name]


def _written_plainly(given: Any) -> Any:
    return {"constant": given} if isinstance(given, (str, int, float, bool)) else given


Source = Annotated[Cell, BeforeValidator(_written_plainly, json_schema_input_type=Scalar | Cell)]


class Moment(_Frozen):
    """A date and time: which column, how it is written, in which zone.

    A local time that the clocks skip in spring is moved forward by the skip; so a day whose midnight is skipped
    begins at its first instant. A day without a time begins at midnight in `zone`.
    """

    column: str
    format: str = Field("iso", description="iso, unix (seconds), unix_ms, or a strptime format: `%d.%m.%Y %H:%M`")
    zone: str | None = Field(None, description="IANA zone of times written without one: America/Sao_Paulo, UTC")
    ambiguous: Literal["earlier", "later", "reject"] = Field(
        "earlier", description="Which one, where a local time occurs twice in autumn"
    )

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in zoneinfo.available_timezones():
            raise ValueError("no such zone; write an IANA name such as Europe/Berlin or UTC")
        return zone

    @model_validator(mode="after")
    def _says_its_zone(self) -> Self:
        zoned = self.format in EPOCHS or self.format == "iso" or "%z" in self.format
        if not zoned and self.zone is None:
            raise ValueError("this format has no zone: add zone, as in zone: Europe/Berlin, or %z to the format")
        return self


class MoneyMapping(_Frozen):
    """An amount and its currency; left out where the amount is empty."""

    amount: Source
    currency: Source


class TouchpointMapping(_Frozen):
    """One touchpoint of a row. The fields are those of a touchpoint."""

    only_if: dict[str, list[str]] = Field(
        default_factory=dict, description="Column -> the values with which the row gives this touchpoint"
    )
    skip_if_empty: list[str] = Field(
        default_factory=list, description="Columns without which the row does not give this touchpoint"
    )
    id: Source = Field(description="Unique within the source and the same at every import: a column or a template")
    source: Source | None = Field(None, description="Overrides the file's source")
    type: Source
    team: Source
    customer: dict[Identifier, Source] = Field(default_factory=dict)
    occurred_at: Moment
    direction: Source
    channel: Source | None = None
    actor: Source | None = None
    subject: Source | None = None
    campaign: Source | None = None
    content: Source | None = None
    value: MoneyMapping | None = None
    cost: MoneyMapping | None = None
    properties: dict[str, Source] = Field(default_factory=dict)

    @field_validator("id")
    @classmethod
    def _id_differs_by_row(cls, cell: Cell) -> Cell:
        if cell.constant is not None:
            raise ValueError("a plain value gives every row the same id; use a column or a template")
        return cell

    def cells(self) -> list[Cell]:
        """Every cell of this touchpoint."""
        single = (self.id, self.source, self.type, self.team, self.direction, self.channel, self.actor, self.subject)
        money = [cell for pair in (self.value, self.cost) if pair for cell in (pair.amount, pair.currency)]
        rest = (self.campaign, self.content, *self.customer.values(), *money, *self.properties.values())
        return [cell for cell in (*single, *rest) if cell is not None]

    def columns(self) -> set[str]:
        """Every column this touchpoint reads."""
        read = {name for cell in self.cells() for name in cell.columns()}
        return read | {self.occurred_at.column} | set(self.only_if) | set(self.skip_if_empty)


class FileFormat(_Frozen):
    """How the file is written."""

    format: Literal["csv", "jsonl"] | None = Field(None, description="Told from the file's name when absent")
    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', min_length=1, max_length=1)
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    columns: list[str] | None = Field(None, description="The columns of a CSV file that has no header line")


class Mapping(_Frozen):
    """A whole mapping file."""

    mapping: Literal[1] = Field(description="The version of this format: 1")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64, description="Names the import in its reports")
    description: str = ""
    source: str = Field(min_length=1, max_length=256, description="The touchpoints' source: the tool the file is from")
    file: FileFormat = Field(default_factory=lambda: FileFormat.model_validate({}))
    touchpoints: list[TouchpointMapping] = Field(min_length=1, description="What each row gives, in order")

    def columns(self) -> set[str]:
        """Every column the mapping reads."""
        return {name for touchpoint in self.touchpoints for name in touchpoint.columns()}


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a mapping file, for editors."""
    schema = Mapping.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Throughline import mapping", **schema}
