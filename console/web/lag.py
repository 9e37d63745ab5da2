"""How many records wait between Kafka and ClickHouse, as the parts themselves say it on /metrics."""

import httpx

_NAME = "throughline_lag_records"


def waiting_records(metrics_urls: list[str]) -> int | None:
    """The sum of the parts' lags in records; None where a part does not say."""
    total = 0.0
    for url in metrics_urls:
        try:
            page = httpx.get(url, timeout=0.5, trust_env=False).text
        except httpx.HTTPError:
            return None
        lags = [line for line in page.splitlines() if line.startswith(_NAME)]
        if not lags:
            return None
        total += sum(float(line.rpartition(" ")[2]) for line in lags)
    return int(total)
