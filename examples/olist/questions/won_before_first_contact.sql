/* The deals that were won before the first contact that marketing knows of: in event order, whatever file came first. */
SELECT
    customer_id,
    groupArray((occurred_at, type, team)) AS in_event_order
FROM
(
    SELECT customer_id, occurred_at, type, team
    FROM v_touchpoints
    WHERE source = 'olist'
    ORDER BY customer_id, occurred_at, source, id
)
GROUP BY customer_id
HAVING minIf(occurred_at, type = 'deal.won') < minIf(occurred_at, type = 'lead.qualified')
    AND countIf(type = 'deal.won') > 0
