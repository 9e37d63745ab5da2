"""Quix Streams, at least once, in a store on RocksDB. It commits every second, not every five: that tells its pace.

`python -m benchmarks.peers.quix_streams BROKER NAME FOLDER`, in the virtualenv that benchmarks.peers.ready makes: its
requirements exclude ours.
"""

import sys
from typing import Any

from quixstreams import Application, State


def follow(touchpoint: dict[str, Any], state: State) -> None:
    """One more for the touchpoint's customer, the last one of its team, and what it was about."""
    customer = state.get("customer") or {"count": 0, "touched": {}, "subject": None}
    customer["count"] += 1
    customer["touched"][touchpoint["team"]] = touchpoint["occurred_at"]
    customer["subject"] = touchpoint.get("subject") or customer["subject"]
    state.set("customer", customer)


def main(kafka: str, name: str, folder: str) -> None:
    """Run until told to stop."""
    app = Application(kafka, consumer_group=name, auto_offset_reset="earliest", state_dir=folder, commit_interval=1.0)
    touchpoints = app.topic("journey.touchpoints", key_deserializer="str")
    app.dataframe(touchpoints).update(follow, stateful=True)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
