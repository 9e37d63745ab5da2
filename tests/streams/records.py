"""Kafka records as a consumer hands them over, and raw touchpoints to put into them."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """What the stages read of a consumer's record."""

    value: bytes | None
    key: bytes | None = None
    topic: str = "touchpoints.marketing"
    partition: int = 0
    offset: int = 0
    timestamp: int = 1_767_607_200_000
    headers: list[Any] = field(default_factory=list)


def raw(**changes: Any) -> bytes:
    """A valid raw touchpoint; a change to None removes the field."""
    fields: dict[str, Any] = {
        "id": "1",
        "source": "mailer",
        "type": "email.clicked",
        "team": "marketing",
        "direction": "inbound",
        "occurred_at": "2026-01-05T10:00:00Z",
        "customer": {"email": "Jo@Acme.example"},
    }
    fields.update(changes)
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
