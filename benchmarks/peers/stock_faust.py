"""Stock Faust: how many touchpoints each customer has, in a Table. Every setting as it comes, but for the web server.

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
counts = app.Table("counts", default=int)


@app.agent(touchpoints)  # type: ignore[untyped-decorator]
async def count(stream: faust.StreamT[dict[str, Any]]) -> None:
    """One more for the touchpoint's customer."""
    async for touchpoint in stream:
        counts[touchpoint["customer_id"]] += 1


if __name__ == "__main__":
    app.main()
