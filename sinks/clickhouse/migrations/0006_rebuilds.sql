-- When a touchpoint that came too late became part of the journey: by the first rebuild after it.
CREATE OR REPLACE VIEW v_too_late AS
SELECT
    late.id AS id,
    late.version AS version,
    late.customer_id AS customer_id,
    late.source AS source,
    late.touchpoint_id AS touchpoint_id,
    late.behind_ms AS behind_ms,
    nullIf(
        arrayMin(arrayMap(one -> one.2, arrayFilter(one -> one.1 > late.version, rebuilt.times))),
        toDateTime64(0, 3, 'UTC')
    ) AS rebuilt_at,
    late.at AS at,
    late.policy AS policy,
    late.recorded_at AS recorded_at
FROM
(
    SELECT * FROM too_late FINAL
) AS late
LEFT JOIN
(
    SELECT customer_id, groupArray((version, recorded_at)) AS times FROM rebuilds FINAL GROUP BY customer_id
) AS rebuilt ON late.customer_id = rebuilt.customer_id
COMMENT 'One row per touchpoint older than the correction window. behind_ms is milliseconds behind the newest touchpoint of the customer; rebuilt_at is when the journey was folded anew with it, NULL while it waits for that.';
