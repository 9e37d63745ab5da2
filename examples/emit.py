"""Emit touchpoints from Python: `python examples/emit.py 127.0.0.1:19090`. Kafka's address is in DIR/run.json."""

import sys
from datetime import UTC, datetime, timedelta

from gateway.emitter import Emitter, InvalidTouchpointError
from schemas.touchpoint import Touchpoint


def main(bootstrap: str) -> None:
    """One prospect is reached by both teams on pricing within a week: an overlap."""
    now = datetime.now(UTC)
    customer = {"email": "ada@acme.example", "account": "acme.example"}
    with Emitter(bootstrap) as emitter:
        # A dict, as a tool would have it ...
        emitter.emit(
            {
                "id": "email-1001",
                "source": "mailer",
                "type": "email.sent",
                "team": "marketing",
                "customer": customer,
                "occurred_at": (now - timedelta(days=2)).isoformat(),
                "direction": "outbound",
                "subject": "pricing",
                "campaign": "spring-offer",
                "properties": {"automated": True},
            }
        )
        # ... or the model, which an editor completes.
        emitter.emit(
            Touchpoint.model_validate(
                {
                    "id": "call-77",
                    "source": "dialler",
                    "type": "call.logged",
                    "team": "sales",
                    "actor": "rep-7",
                    "customer": customer,
                    "occurred_at": now,
                    "direction": "outbound",
                    "subject": "pricing",
                    "properties": {"outcome": "connected"},
                }
            )
        )
        try:
            emitter.emit({"id": "x", "source": "mailer", "type": "Opened"})
        except InvalidTouchpointError as error:
            print(f"refused, as it should be: {error.problems[0]}")
    print("written with acks=all: 2 touchpoints; now try `throughline customer ada@acme.example`")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:19090")
