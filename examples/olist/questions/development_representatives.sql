/* What was won of the leads that each sales development representative worked, and with how many sales representatives. */
SELECT
    JSONExtractString(properties, 'sdr_id') AS development_representative,
    count() AS won,
    uniqExact(actor) AS sales_representatives
FROM v_touchpoints
WHERE source = 'olist' AND type = 'deal.won'
GROUP BY development_representative
ORDER BY won DESC, development_representative
