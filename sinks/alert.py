"""An alert as it is read from `journey.alerts`."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

# Older than this at its delivery, an alert is of the past: a replay or a backfill must not wake anybody.
PAST_AFTER = timedelta(hours=24)
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Alert(msgspec.Struct, frozen=True, gc=False):
    """The fields of schemas.alert.Alert; `data` is the fact as JSON."""

    id: str
    type: str
    customer_id: str
    fact_id: str
    policy: str
    at: Instant
    recorded_at: Instant
    data: msgspec.Raw


decode_alert = msgspec.json.Decoder(Alert).decode


def is_past(alert: Alert, now: datetime) -> bool:
    """Whether the alert's event time is more than PAST_AFTER behind `now` (both with a zone)."""
    return now - alert.at > PAST_AFTER
