"""One thing that happened between the company and a customer, as tools send it. Never knows a rule."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

Channel = Literal[
    "web", "email", "call", "meeting", "sms", "chat", "social", "ads", "event",
    "review", "referral", "content", "direct_mail", "crm",
]  # fmt: skip
Direction = Literal["outbound", "inbound", "internal"]
CHANNEL_BY_TYPE: dict[str, Channel] = {
    "email": "email", "call": "call", "meeting": "meeting", "page": "web", "form": "web", "trial": "web",
    "content": "content", "ad": "ads", "social": "social", "webinar": "event", "event": "event", "chat": "chat",
    "referral": "referral", "review": "review", "sms": "sms",
}  # fmt: skip
CHANNEL_BY_FULL_TYPE: dict[str, Channel] = {"demo.held": "meeting", "demo.requested": "web"}
WITHOUT_CUSTOMER = frozenset({"spend.recorded"})
MAX_TOUCHPOINT_BYTES = 32 * 1024
# ClickHouse's DateTime64 begins and ends here: what is outside could not be kept, and a rebuild would lose it.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
END = datetime(2300, 1, 1, tzinfo=UTC)

Text = Annotated[str, Field(min_length=1, max_length=256)]


def _written_out(given: Any) -> Any:
    # Pydantic takes a number for seconds since 1970, in a text as well.
    if isinstance(given, int | float) or (isinstance(given, str) and given[4:5] != "-"):
        raise ValueError("write RFC 3339 with a zone, as 2026-11-20T09:30:00Z")
    return given


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out)]
TypeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length=64)]
TeamName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]


def default_channel(type_name: str) -> Channel:
    """The channel that a touchpoint type implies: `email.opened` is email, `demo.held` a meeting, else crm."""
    return CHANNEL_BY_FULL_TYPE.get(type_name) or CHANNEL_BY_TYPE.get(type_name.partition(".")[0], "crm")


def _by_type_where_absent(given: Any, info: ValidationInfo) -> Any:
    return default_channel(info.data.get("type", "")) if given is None else given


def _without_default(described: dict[str, Any]) -> None:
    del described["default"]


class Identified(Protocol):
    """Whoever has a customer's identifiers."""

    @property
    def customer_id(self) -> str | None: ...
    @property
    def crm_id(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def anonymous_id(self) -> str | None: ...
    @property
    def account(self) -> str | None: ...


class Happened(Protocol):
    """Whatever says what happened, and what about."""

    @property
    def type(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def subject(self) -> str | None: ...


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(_Frozen):
    """A decimal amount and its ISO 4217 currency; the amount travels as a string so that no cent is lost."""

    amount: Annotated[Decimal, Field(max_digits=18, decimal_places=4)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Customer(_Frozen):
    """The identifiers of a customer that the emitting tool knows: one at least."""

    customer_id: Text | None = Field(None, description="A customer_id that Throughline issued earlier")
    crm_id: Text | None = Field(None, description="The id in the CRM; strongest of the foreign identifiers")
    email: Text | None = None
    phone: Text | None = Field(None, description="E.164 (+49...), or national with the settings' default region")
    anonymous_id: Text | None = Field(None, description="A browser's or a device's id")
    account: Text | None = Field(None, description="The company: a domain or a CRM account id")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not (self.customer_id or self.crm_id or self.email or self.phone or self.anonymous_id):
            raise ValueError("name at least one of customer_id, crm_id, email, phone, anonymous_id")
        return self


class Touchpoint(_Frozen):
    """A touchpoint as tools emit it. `(source, id)` is its identity: the same pair sent twice counts once."""

    id: Text = Field(description="Unique within its source; with `source` the deduplication key")
    source: Text = Field(description="The tool that emits: `mailer`, `crm`, `website`")
    type: TypeName = Field(description="Dotted, past tense: `email.opened`, `deal.won`. Unknown types are kept")
    team: TeamName = Field(description="`marketing` or `sales`; the policy may name more")
    customer: Customer | None = Field(None, description="Whom it touches; only spend.recorded has none")
    occurred_at: Instant = Field(description="RFC 3339 with zone: when it happened")
    direction: Direction = Field(description="`outbound` we reach out, `inbound` they act, `internal` a record changes")
    channel: Annotated[Channel, BeforeValidator(_by_type_where_absent)] = Field(
        None,
        validate_default=True,
        description="Derived from the type when absent",
        json_schema_extra=_without_default,
    )
    actor: Text | None = Field(None, description="The person or tool of ours that acted")
    subject: Text | None = Field(None, description="pricing, promotion, targeting, content, product, contract, ...")
    campaign: Text | None = None
    content: Text | None = Field(None, description="The content piece: case study, ebook, white paper, ...")
    value: Money | None = None
    cost: Money | None = None
    properties: dict[str, Any] = Field(default_factory=dict, description="Free JSON, 32 KiB at most")

    @model_validator(mode="after")
    def _has_a_customer(self) -> Self:
        if self.customer is None and self.type not in WITHOUT_CUSTOMER:
            raise ValueError(f"customer: {self.type} needs a customer with at least one identifier")
        return self


class AcceptedTouchpoint(Touchpoint):
    """A touchpoint on `journey.touchpoints`: validated, with the customer it belongs to and where it came from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    customer_id: str = Field(description="UUID of whom it belongs to now; empty for a touchpoint without a customer")
    derived_id: str = Field("", description="UUID that its own strongest identifier stands for: no merge changes it")
    account_id: str = Field("", description="UUID of the customer's account; empty where none is known")
    generation: int = Field(0, description="How often the number of partitions had changed by then")
    received_at: AwareDatetime = Field(description="When intake accepted it")
    origin: str = Field(description="`topic/partition/offset` of the original")
