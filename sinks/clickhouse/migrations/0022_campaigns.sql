-- What was spent: cost of touches in the reporting currency, by the rate of the day; NULL where there is none.
CREATE OR REPLACE VIEW costs_now AS
WITH
    assumeNotNull((SELECT any(currency) FROM policy_now)) AS reporting,
    assumeNotNull((SELECT any(digits) FROM policy_now)) AS places
SELECT
    spent.at AS at,
    spent.team AS team,
    spent.channel AS channel,
    spent.campaign AS campaign,
    multiIf(
        spent.currency = reporting, toDecimal256(spent.amount, 12),
        ifNull(known.rate, 0) = 0, NULL,
        toDecimal256(spent.amount, 4) * toDecimal256(known.rate, 8)
    ) AS exact,
    toDecimal128(multiIf(places = 0, round(exact, 0), places = 3, round(exact, 3), round(exact, 2)), 4) AS cost
FROM
(
    SELECT at, toDate(at) AS day, team, channel, campaign, assumeNotNull(cost_amount) AS amount, cost_currency AS currency
    FROM touches FINAL
    WHERE cost_amount IS NOT NULL
) AS spent
ASOF LEFT JOIN (SELECT currency, since, rate FROM rates FINAL) AS known ON known.currency = spent.currency AND known.since <= spent.day
COMMENT 'What touches cost, in the reporting currency. What the reports are made of.';

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
        sumMap(CAST((arrayMap(one -> one.1, arrayFilter(one -> one.2 >= first, places)), arrayWithConstant(arrayCount(one -> one.2 >= first, places), toUInt64(1))) AS Map(String, UInt64)))
    FROM
    (
        SELECT customer, toString(campaign) AS event, min(toUnixTimestamp64Milli(at)) AS first
        FROM touches_now
        WHERE campaign != '' AND customer != 0 AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
        GROUP BY customer, event
    ) AS met
    LEFT JOIN
    (
        SELECT customer, groupArray((toString(to_stage), latest)) AS places
        FROM
        (
            SELECT customer, to_stage, max(toUnixTimestamp64Milli(at)) AS latest
            FROM moves FINAL
            WHERE track = leads_on AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')} AND has(names, to_stage)
            GROUP BY customer, to_stage
        )
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

CREATE OR REPLACE VIEW v_cac AS
WITH
    (
        SELECT (sum(ifNull(cost, 0)), sumIf(ifNull(cost, 0), team = 'marketing'), sumIf(ifNull(cost, 0), team = 'sales'), countIf(cost IS NULL))
        FROM costs_now
        WHERE at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
    ) AS spent
SELECT
    spent.1 AS cost,
    spent.2 AS marketing_cost,
    spent.3 AS sales_cost,
    spent.4 AS unconverted,
    count() AS new_customers,
    sum(won_value) AS revenue,
    toFloat64(cost) / nullIf(new_customers, 0) AS cac,
    toFloat64(revenue) / nullIf(new_customers, 0) / nullIf({months:Float64}, 0) AS monthly_revenue,
    cac / nullIf(monthly_revenue * {margin:Float64}, 0) AS payback_months
FROM
(
    SELECT customer, sum(ifNull(value, 0)) AS won_value
    FROM deals_now
    WHERE status = 'won' AND closed_at < {until:DateTime64(3, 'UTC')}
    GROUP BY customer
    HAVING min(closed_at) >= {since:DateTime64(3, 'UTC')}
)
COMMENT 'One row: what a new customer costs. CAC = sales and marketing cost / new customers. Payback = CAC / (monthly revenue per new customer × margin). A customer is new in the period in which its first deal was won. Parameters: margin, gross profit per revenue, 0 to 1; months, over how many months a deal`s value is earned; since and until, UTC, the period without its end.

cost: of all touches and spend of the period, in the reporting currency, those without a rate left out
marketing_cost: the part of team marketing
sales_cost: the part of team sales
unconverted: costs without a rate
new_customers: customers who won their first deal in the period
revenue: value of the deals that these won in it, in the reporting currency
cac: cost / new_customers; NULL where there is none
monthly_revenue: revenue / new_customers / months
payback_months: cac / (monthly_revenue × margin); NULL where nothing is earned';

CREATE OR REPLACE VIEW v_content AS
SELECT
    content,
    nullIf(place.2, '') AS stage,
    count() AS touchpoints,
    uniqExact(customer) AS customers,
    uniqExactIf(customer, is_helped) AS moved_on,
    moved_on / nullIf(customers, 0) AS share,
    uniqExactIf(customer, is_won) AS won
FROM
(
    SELECT
        customer,
        content,
        arrayLast(one -> one.1 < moment, ifNull(went.moves, [])) AS place,
        arrayExists(one -> one.3 IN ('advance', 'skip', 'enter') AND one.1 >= moment AND one.1 <= moment + toInt64({within_days:UInt32}) * 86400000, ifNull(went.moves, [])) AS is_helped,
        arrayExists(one -> one >= moment AND one <= moment + toInt64({within_days:UInt32}) * 86400000, ifNull(bought.deals, [])) AS is_won
    FROM
    (
        SELECT customer, toString(content) AS content, toUnixTimestamp64Milli(at) AS moment
        FROM touches_now
        WHERE content != '' AND customer != 0 AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
    ) AS read
    LEFT JOIN
    (
        SELECT customer, arraySort(one -> (one.1, one.4), groupArray((toUnixTimestamp64Milli(at), toString(to_stage), toString(kind), ifNull(dwell_ms = 0, 0)))) AS moves
        FROM moves FINAL
        WHERE track = {track:String}
        GROUP BY customer
    ) AS went USING customer
    LEFT JOIN
    (
        SELECT customer, groupArray(toUnixTimestamp64Milli(assumeNotNull(closed_at))) AS deals
        FROM deals_now
        WHERE status = 'won' AND closed_at IS NOT NULL
        GROUP BY customer
    ) AS bought USING customer
)
GROUP BY content, stage
COMMENT 'One row per content piece and stage at which customers met it: which case study, ebook or review helps where. A touch helps where the customer went on (enter, advance or skip on the track) within the window, the touch`s own move included. Coincidence counts too: compare a piece with others at the same stage. Parameters: track; within_days, the window; since and until, UTC, the period of the touches, without its end.

content: the content piece
stage: where the customer was just before, NULL before the track`s first move
touchpoints: touches with it
customers: customers touched by it
moved_on: those of them who went on within the window after one of these touches
share: moved_on / customers, 0 to 1
won: those of them who won a deal within the window';

CREATE OR REPLACE VIEW v_field AS
WITH
    (SELECT any(lead_track) FROM policy_now) AS leads_on,
    (SELECT any(lead_stage) FROM policy_now) AS made_at,
    toInt64({within_days:UInt32}) * 86400000 AS within
SELECT
    nullIf(event, '') AS campaign,
    sum(touchpoints) AS touchpoints,
    sum(visitors) AS customers,
    sum(led) AS leads,
    sum(qualified) AS mqls,
    sum(opened) AS opportunities,
    sum(pipeline) AS pipeline_value,
    sum(earned) AS won_value,
    sum(spent) AS cost,
    toFloat64(cost) / nullIf(leads, 0) AS cost_per_lead
FROM
(
    SELECT
        event,
        sum(touched) AS touchpoints,
        uniqExact(customer) AS visitors,
        uniqExactIf(customer, arrayExists(one -> one.1 >= first AND one.1 <= first + within, ifNull(went.entries, []))) AS led,
        uniqExactIf(customer, arrayExists(one -> one.1 >= first AND one.1 <= first + within AND one.2 = made_at, ifNull(went.entries, []))) AS qualified,
        sum(arrayCount(one -> one.1 >= first AND one.1 <= first + within, ifNull(bought.deals, []))) AS opened,
        sum(arraySum(arrayMap(one -> one.2, arrayFilter(one -> one.1 >= first AND one.1 <= first + within, ifNull(bought.deals, []))))) AS pipeline,
        sum(arraySum(arrayMap(one -> one.2, arrayFilter(one -> one.3 AND one.1 >= first AND one.1 <= first + within, ifNull(bought.deals, []))))) AS earned,
        toDecimal128(0, 4) AS spent
    FROM
    (
        SELECT customer, toString(campaign) AS event, min(toUnixTimestamp64Milli(at)) AS first, count() AS touched
        FROM touches_now
        WHERE channel = 'event' AND customer != 0 AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
        GROUP BY customer, event
    ) AS met
    LEFT JOIN
    (
        SELECT customer, groupArray((toUnixTimestamp64Milli(at), toString(to_stage))) AS entries
        FROM moves FINAL
        WHERE track = leads_on AND kind IN ('enter', 'advance', 'skip', 're-enter')
        GROUP BY customer
    ) AS went USING customer
    LEFT JOIN
    (
        SELECT customer, groupArray((toUnixTimestamp64Milli(assumeNotNull(created_at)), toDecimal128(ifNull(value, 0), 4), status = 'won')) AS deals
        FROM deals_now
        WHERE created_at IS NOT NULL
        GROUP BY customer
    ) AS bought USING customer
    GROUP BY event
    UNION ALL
    SELECT toString(campaign), 0, 0, 0, 0, 0, toDecimal128(0, 4), toDecimal128(0, 4), sum(ifNull(cost, 0))
    FROM costs_now
    WHERE channel = 'event' AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
    GROUP BY campaign
)
GROUP BY event
COMMENT 'One row per campaign of field marketing, fairs, pop-ups, merchandise: what came of it. Touches in channel event count; what follows is counted within the window after a customer`s first one in the period. Parameters: within_days, the window; since and until, UTC, the period of the events, without its end.

campaign: the campaign, NULL where the touches name none
touchpoints: touches in channel event
customers: customers met
leads: those who went on on the lead track within the window
mqls: those who entered the stage that makes a lead
opportunities: deals of theirs that were created within the window
pipeline_value: their value in the reporting currency, those without one left out
won_value: the part of it that is won by now
cost: of touches and spend in channel event, in the reporting currency
cost_per_lead: cost / leads; NULL where there is none';

CREATE OR REPLACE VIEW v_brand AS
SELECT
    channel,
    count() AS touchpoints,
    touchpoints / nullIf(sum(touchpoints) OVER (), 0) AS share_of_touchpoints,
    uniqExactIf(customer, customer != 0) AS reach,
    countIf(type = 'page.viewed') AS traffic,
    countIf(direction = 'inbound') AS engagements,
    engagements / nullIf(countIf(direction = 'outbound'), 0) AS engagement_rate,
    countIf(subject = 'competitor') AS about_competitors,
    1 - about_competitors / touchpoints AS share_of_voice,
    countIf(type = 'survey.answered' AND points IS NOT NULL) AS answers,
    100 * (countIf(type = 'survey.answered' AND points >= 9) - countIf(type = 'survey.answered' AND points <= 6)) / nullIf(answers, 0) AS nps,
    countIf(type = 'review.posted' AND points IS NOT NULL) AS reviews,
    avgOrNullIf(assumeNotNull(points), type = 'review.posted' AND points IS NOT NULL) AS mean_rating
FROM touches_now
WHERE at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
GROUP BY channel
COMMENT 'One row per channel: how the brand is seen and answered. Counts and means of touchpoints. Share of voice = touchpoints of the channel that are not about a competitor / touchpoints of the channel. NPS = 100 × (promoters, 9 or 10 - detractors, 6 or less) / answers. Parameters: since and until, UTC, the period without its end.

channel: the channel
touchpoints: touchpoints in it
share_of_touchpoints: of those of all channels, 0 to 1
reach: customers touched in it
traffic: pages viewed
engagements: inbound touchpoints
engagement_rate: inbound / outbound; NULL where we reached out to nobody
about_competitors: touchpoints whose subject is competitor
share_of_voice: the part that is not, 0 to 1
answers: answered surveys with a score (properties.score of survey.answered)
nps: -100 to 100; NULL where nobody answered
reviews: reviews with a rating (properties.rating of review.posted)
mean_rating: their mean; NULL where there is none';
