/* How many of the leads of each origin became sellers. conversion = won / leads of the same origin, over all time. */
WITH
    leads AS
    (
        SELECT customer_id, argMin(JSONExtractString(properties, 'origin'), occurred_at) AS origin
        FROM v_touchpoints
        WHERE source = 'olist' AND type = 'lead.qualified'
        GROUP BY customer_id
    ),
    won AS
    (
        SELECT DISTINCT customer_id
        FROM v_touchpoints
        WHERE source = 'olist' AND type = 'deal.won'
    )
SELECT
    if(origin = '', '(not recorded)', origin) AS origin,
    count() AS leads,
    countIf(customer_id IN (SELECT customer_id FROM won)) AS won,
    round(100 * won / nullIf(leads, 0), 2) AS conversion_percent
FROM leads
GROUP BY origin
ORDER BY leads DESC, origin
