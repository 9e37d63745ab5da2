-- Moves by their stages' numbers, as they lie: stages are made distinct where they are counted, which takes less than to
-- keep the last move of each stage by its name before.
CREATE OR REPLACE VIEW v_campaign_roi AS
WITH
    (SELECT any(arrayMap(one -> one.2, arrayFilter(one -> one.1 = lead_track AND one.4 = 0, stages))) FROM policy_now) AS names,
    (SELECT any(lead_track) FROM policy_now) AS leads_on
SELECT
    campaign,
    sum(spent) AS cost,
    sum(spent_on_ads) AS ad_cost,
    sum(unknown) AS unconverted,
    sum(credits) AS revenue,
    toFloat64(revenue) * {margin:Float64} AS gross_profit,
    (gross_profit - toFloat64(cost)) / nullIf(toFloat64(cost), 0) AS roi,
    toFloat64(revenue) / nullIf(toFloat64(ad_cost), 0) AS roas,
    sum(touched) AS customers,
    sumMap(entered) AS reached,
    mapApply((stage, count) -> (stage, toFloat64(cost) / count), reached) AS cost_per
FROM
(
    SELECT
        toString(campaign) AS campaign,
        sum(ifNull(cost, 0)) AS spent,
        sumIf(ifNull(cost, 0), channel = 'ads') AS spent_on_ads,
        countIf(cost IS NULL) AS unknown,
        toDecimal128(0, 4) AS credits,
        toUInt64(0) AS touched,
        CAST(map() AS Map(String, UInt64)) AS entered
    FROM costs_now
    WHERE campaign != '' AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
    GROUP BY campaign
    UNION ALL
    SELECT assumeNotNull(campaign), toDecimal128(0, 4), toDecimal128(0, 4), toUInt64(0), sum(toDecimal128(credit, 4)), toUInt64(0), CAST(map() AS Map(String, UInt64))
    FROM v_attribution(model = {model:String}, since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
    WHERE campaign IS NOT NULL
    GROUP BY campaign
    UNION ALL
    SELECT
        event,
        toDecimal128(0, 4),
        toDecimal128(0, 4),
        toUInt64(0),
        toDecimal128(0, 4),
        count(),
        sumMap(CAST((arrayMap(stage -> names[stage], arrayDistinct(arrayMap(one -> one.1, arrayFilter(one -> one.2 >= first, places))) AS stages), arrayWithConstant(length(stages), toUInt64(1))) AS Map(String, UInt64)))
    FROM
    (
        SELECT customer, toString(campaign) AS event, min(toUnixTimestamp64Milli(at)) AS first
        FROM touches_now
        WHERE campaign != '' AND customer != 0 AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
        GROUP BY customer, event
    ) AS met
    LEFT JOIN
    (
        SELECT customer, groupArray((toUInt8(indexOf(names, to_stage)), toUnixTimestamp64Milli(at))) AS places
        FROM moves FINAL
        WHERE track = leads_on AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')} AND has(names, to_stage)
        GROUP BY customer
    ) AS went USING customer
    GROUP BY event
)
GROUP BY campaign
COMMENT 'One row per campaign: what it cost and what it brought. ROI = (attributed gross profit - cost) / cost. ROAS = attributed revenue / ad spend. Cost per stage = cost / customers whom the campaign touched in the period and who entered the stage after that in the period: CPL for the first stage of the lead track, then cost per MQL, SQL, opportunity. One customer counts for every campaign that touched it. Parameters: model of attribution; margin, gross profit per revenue, 0 to 1; since and until, UTC, the period in which costs arose, deals closed and stages were entered, without its end.

campaign: the campaign
cost: of touches of the campaign, in the reporting currency, those without a rate left out
ad_cost: the part of it in channel ads
unconverted: touches with a cost and no rate
revenue: value of deals credited to the campaign, by v_attribution
gross_profit: revenue × margin
roi: (gross_profit - cost) / cost; NULL where it cost nothing
roas: revenue / ad_cost; NULL where nothing was spent on ads
customers: customers whom it touched in the period
reached: stage of the lead track -> customers who entered it after a touch of the campaign
cost_per: stage of the lead track -> cost / customers of reached';
