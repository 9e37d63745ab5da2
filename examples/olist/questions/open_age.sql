/* The leads that were never won, by the month of their first contact: how many, of how many, and how long they have been
   open on 1 December 2018. */
WITH
    toDateTime64('2018-12-01 00:00:00', 3, 'UTC') AS moment,
    times AS
    (
        SELECT
            customer_id,
            minIf(occurred_at, type = 'lead.qualified') AS first_contact_at,
            countIf(type = 'deal.won') > 0 AS is_won
        FROM v_touchpoints
        WHERE source = 'olist' AND type IN ('lead.qualified', 'deal.won')
        GROUP BY customer_id
        HAVING countIf(type = 'lead.qualified') > 0
    )
SELECT
    formatDateTime(toStartOfMonth(first_contact_at, 'America/Sao_Paulo'), '%Y-%m') AS month,
    count() AS leads,
    countIf(NOT is_won) AS open,
    round(quantileExactInclusiveIf(0.5)(dateDiff('second', first_contact_at, moment) / 86400, NOT is_won), 1) AS median_days
FROM times
GROUP BY month
ORDER BY month
