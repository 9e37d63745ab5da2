"""How long marketing's leads wait until sales takes them: hand-offs by kind, and the time to acceptance."""

# One row of counts; times in milliseconds, NULL where none was `timed`.
HANDOFFS = """
    SELECT
        countIf(kind = 'offered') AS offered,
        countIf(kind = 'accepted') AS accepted,
        countIf(kind = 'rejected') AS rejected,
        countIf(kind = 'handed_back') AS handed_back,
        quantileExactIf(0.5)(latency_ms, kind = 'accepted' AND latency_ms IS NOT NULL) AS median_ms,
        quantileExactIf(0.9)(latency_ms, kind = 'accepted' AND latency_ms IS NOT NULL) AS p90_ms,
        quantileExactIf(0.5)(business_ms, kind = 'accepted' AND business_ms IS NOT NULL) AS median_business_ms,
        quantileExactIf(0.9)(business_ms, kind = 'accepted' AND business_ms IS NOT NULL) AS p90_business_ms,
        countIf(kind = 'accepted' AND latency_ms IS NOT NULL) AS timed
    FROM v_handoffs
"""
