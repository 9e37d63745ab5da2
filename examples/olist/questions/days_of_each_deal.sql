/* The whole days from first contact to won of every deal, for a histogram. */
SELECT toInt32(floor(dateDiff('second', first_contact_at, won_at) / 86400)) AS days, count() AS won
FROM
(
    SELECT
        customer_id,
        minIf(occurred_at, type = 'lead.qualified') AS first_contact_at,
        minIf(occurred_at, type = 'deal.won') AS won_at
    FROM v_touchpoints
    WHERE source = 'olist' AND type IN ('lead.qualified', 'deal.won')
    GROUP BY customer_id
    HAVING countIf(type = 'lead.qualified') > 0 AND countIf(type = 'deal.won') > 0
)
GROUP BY days
ORDER BY days
