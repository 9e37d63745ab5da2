/* Days from a lead's first contact to its deal: median = the middle one of all won leads, p90 = nine in ten are quicker.
   One deal was won before the first contact that marketing knows of. It counts as it is, with negative days; before_contact
   says how many such deals there are. */
WITH times AS
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
SELECT
    count() AS won,
    round(quantileExactInclusive(0.5)(dateDiff('second', first_contact_at, won_at) / 86400), 2) AS median_days,
    round(quantileExactInclusive(0.9)(dateDiff('second', first_contact_at, won_at) / 86400), 2) AS p90_days,
    countIf(won_at < first_contact_at) AS before_contact
FROM times
