"""A Faust app as its guide has one write it, every setting as it comes: what the same faults do to it.

`python -m tests.faults.stock_app worker`. STOCK_KAFKA is the broker's address, STOCK_APP the app's id, and STOCK_KIND
whether it counts in a Table (`table`) or sends on what it takes in batches (`take`).
"""

import os
from typing import Any

import faust

TOUCHPOINTS, PARTITIONS = "stock.touchpoints", 4
APP, KIND = os.environ.get("STOCK_APP", "stock"), os.environ.get("STOCK_KIND", "table")

app = faust.App(
    APP,
    broker=f"kafka://{os.environ.get('STOCK_KAFKA', '127.0.0.1:9092')}",
    store="memory://",
    topic_partitions=PARTITIONS,
    web_enabled=False,
)
touchpoints = app.topic(TOUCHPOINTS, value_serializer="json")
facts = app.topic(f"{APP}.facts", value_serializer="json")

if KIND == "table":
    counts = app.Table("counts", default=int)

    @app.agent(touchpoints)  # type: ignore[untyped-decorator]
    async def count(stream: faust.StreamT[dict[str, Any]]) -> None:
        """One more for the touchpoint's customer."""
        async for touchpoint in stream:
            counts[touchpoint["customer"]] += 1
else:

    @app.agent(touchpoints)  # type: ignore[untyped-decorator]
    async def send_on(stream: faust.StreamT[dict[str, Any]]) -> None:
        """A fact for each touchpoint."""
        async for batch in stream.take(100, within=1):
            for touchpoint in batch:
                await facts.send(key=touchpoint["customer"], value=touchpoint)


if __name__ == "__main__":
    app.main()
