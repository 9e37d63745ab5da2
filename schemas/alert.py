"""What a person should be told, on `journey.alerts`. Derived from facts; delivered by `sinks/channels`."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Alert(BaseModel):
    """One event in the life of a stall, a clock or an overlap. `id` is deterministic: receivers can deduplicate."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1] = 1
    id: str = Field(description="32 hex digits, from the fact's id, its version and the event")
    type: Literal[
        "prospect.stalled", "prospect.escalated", "prospect.unstalled", "clock.breached",
        "overlap.opened", "overlap.resolved",
    ]  # fmt: skip
    customer_id: str
    fact_id: str
    policy: str
    at: AwareDatetime = Field(description="Event time")
    recorded_at: AwareDatetime = Field(description="When the journey stage said it")
    data: dict[str, Any] = Field(description="The fact, as on journey.facts")
