"""journey.touchpoints as the journey stage reads it: only the fields that a rule may use."""

from datetime import datetime
from typing import Any

import msgspec

from journey.touch import Touch


class WireTouchpoint(msgspec.Struct, gc=False):
    """The part of schemas.touchpoint.AcceptedTouchpoint that the fold needs."""

    id: str
    source: str
    type: str
    team: str
    occurred_at: datetime
    direction: str
    channel: str
    customer_id: str
    subject: str | None = None
    actor: str | None = None
    campaign: str | None = None
    content: str | None = None
    properties: dict[str, Any] | None = None
    derived_id: str = ""


decode = msgspec.json.Decoder(WireTouchpoint).decode


def touch_of(wire: WireTouchpoint, read: frozenset[str]) -> Touch:
    """The touch for the fold: of the properties, the campaign and the content only what the policy reads by name."""
    properties = wire.properties
    if properties:
        properties = {name: value for name, value in properties.items() if name in read} or None
    return Touch(
        round(wire.occurred_at.timestamp() * 1000),
        wire.source,
        wire.id,
        wire.type,
        wire.team,
        wire.direction,
        wire.channel,
        wire.subject,
        wire.actor,
        wire.campaign if "campaign" in read else None,
        wire.content if "content" in read else None,
        properties or None,
        wire.derived_id if wire.derived_id not in ("", wire.customer_id) else None,
    )
