-- Who is merged before its rebuild is folded anew as part of the other customer. Versions count per customer, so what
-- the other one says is compared by when it was said: a merged journey with something too late is never whole, and the
-- other one is rebuilt after the merge.
CREATE OR REPLACE VIEW v_too_late AS
SELECT
    late.id AS id,
    late.version AS version,
    late.customer_id AS customer_id,
    late.source AS source,
    late.touchpoint_id AS touchpoint_id,
    late.behind_ms AS behind_ms,
    nullIf(
        arrayMin(
            arrayConcat(
                arrayMap(one -> one.2, arrayFilter(one -> one.1 > late.version, own.times)),
                arrayMap(one -> one.2, arrayFilter(one -> one.2 > merged.recorded_at, others.times))
            )
        ),
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
) AS own ON own.customer_id = late.customer_id
LEFT JOIN
(
    SELECT customer_id, into, recorded_at FROM merges FINAL
) AS merged ON merged.customer_id = late.customer_id
LEFT JOIN
(
    SELECT customer_id, groupArray((version, recorded_at)) AS times FROM rebuilds FINAL GROUP BY customer_id
) AS others ON others.customer_id = merged.into
COMMENT 'One row per touchpoint older than the correction window. customer_id is whom it was too late for. behind_ms is milliseconds behind the newest touchpoint of the customer; rebuilt_at is when the journey was folded anew with it, that of the other customer where this one was merged before; NULL while it waits for that.';
