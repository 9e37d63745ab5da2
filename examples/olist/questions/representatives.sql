/* What each sales representative won, and with how many sales development representatives. */
SELECT
    actor AS sales_representative,
    count() AS won,
    uniqExact(JSONExtractString(properties, 'sdr_id')) AS development_representatives,
    uniqExact(JSONExtractString(properties, 'business_segment')) AS segments
FROM v_touchpoints
WHERE source = 'olist' AND type = 'deal.won'
GROUP BY actor
ORDER BY won DESC, actor
