"""Stock Faust, at least once, in a Table. Every setting as it comes, but for the web server, which is off.

`python -m benchmarks.peers.stock_faust worker`; the broker's address is in BENCHMARK_KAFKA, a name of its own for each
run in BENCHMARK_RUN.
"""

import os
from typing import Any

import faust

PARTITIONS = 4

app = faust.App(
    os.environ.get("BENCHMARK_RUN", "stock-faust"),
    broker=f"kafka://{os.environ.get('BENCHMARK_KAFKA', '127.0.0.1:9092')}",
    store="memory://",
    topic_partitions=PARTITIONS,
    web_enabled=False,
)


touchpoints = app.topic("journey.touchpoints", value_serializer="json")
customers = app.Table("customers", default=lambda: {"count": 0, "touched": {}, "subject": None})


@app.agent(touchpoints)  # type: ignore[untyped-decorator]
async def follow(stream: faust.StreamT[dict[str, Any]]) -> None:
    """One more for the touchpoint's customer, the last one of its team, and what it was about."""
    async for touchpoint in stream:
        customer = customers[touchpoint["customer_id"]]
        customer["count"] += 1
        customer["touched"][touchpoint["team"]] = touchpoint["occurred_at"]
        customer["subject"] = touchpoint.get("subject") or customer["subject"]
        customers[touchpoint["customer_id"]] = customer


if __name__ == "__main__":
    app.main()
