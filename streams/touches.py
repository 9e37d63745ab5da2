"""From the wire to the fold, once for every touchpoint there is."""

from datetime import datetime
from typing import Any

from msgspec.structs import astuple

from journey.condition import AMOUNT_SCALE
from journey.saying import EPOCH
from journey.touch import Touch
from streams.wire import WireTouchpoint


def touch_of(wire: WireTouchpoint, read: frozenset[str]) -> Touch:
    """The touch for the fold: of the properties, the campaign and the content only what the policy reads by name."""
    # Its fields in a row are had at once, one by one each is looked up.
    fields: tuple[Any, ...] = astuple(wire)
    (touchpoint_id, source, kind, team, occurred_at, direction, channel, customer_id) = fields[:8]
    (subject, actor, campaign, content, said, derived_id, money) = fields[8:]
    properties: dict[str, Any] | None = None
    if said:
        properties = {name: value for name, value in said.items() if name in read} or None
    amount, currency = None, None
    if money is not None and "value" in read:
        amount, currency = int(money.amount * AMOUNT_SCALE), money.currency
    return Touch(
        _milliseconds(occurred_at),
        source,
        touchpoint_id,
        kind,
        team,
        direction,
        channel,
        subject,
        actor,
        campaign if "campaign" in read else None,
        content if "content" in read else None,
        properties,
        None if derived_id in ("", customer_id) else derived_id,
        amount,
        currency,
    )


def _milliseconds(moment: datetime) -> int:
    """Rounded down, as the tables keep it: a journey folded from them must be the same."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
