-- The same answers for less: numbers in place of tuples and texts, what was told read in the order in which it is kept,
-- and touches narrowed to the customers asked for before it is looked up whose they are.
CREATE TABLE IF NOT EXISTS owners
(
    derived UInt64,
    customer UInt64,
    number UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(number)
PARTITION BY derived % 4
ORDER BY derived
COMMENT 'One row per derived id that was ever assigned, for reports: identities, by sipHash64 of both ids.';

CREATE MATERIALIZED VIEW IF NOT EXISTS owners_of_identities TO owners AS
SELECT sipHash64(derived_id) AS derived, sipHash64(customer_id) AS customer, number
FROM identities;

INSERT INTO owners SELECT sipHash64(derived_id) AS derived, sipHash64(customer_id) AS customer, number
FROM identities;

CREATE OR REPLACE VIEW touches_now AS
SELECT
    if(ifNull(owner.customer, 0) = 0, touched.customer, owner.customer) AS customer,
    touched.touch AS touch,
    touched.at AS at,
    touched.source AS source,
    touched.type AS type,
    touched.team AS team,
    touched.channel AS channel,
    touched.direction AS direction,
    touched.subject AS subject,
    touched.campaign AS campaign,
    touched.content AS content,
    touched.cost_amount AS cost_amount,
    touched.cost_currency AS cost_currency,
    touched.points AS points
FROM touches AS touched FINAL
LEFT JOIN
(
    SELECT derived, customer FROM owners FINAL WHERE derived != customer
) AS owner ON owner.derived = touched.customer
COMMENT 'Touches by the customer that they belong to now. What the reports are made of; analysts ask v_touchpoints.';

CREATE OR REPLACE VIEW deals_now AS
WITH
    (SELECT any([currency, toString(digits)]) FROM policy_now) AS terms,
    terms[1] AS reporting,
    terms[2] AS places
SELECT
    deal.customer_id AS customer_id,
    sipHash64(deal.customer_id) AS customer,
    deal.id AS id,
    deal.deal AS deal,
    deal.status AS status,
    deal.amount AS amount,
    deal.currency AS currency,
    deal.created_at AS created_at,
    deal.expected_close_at AS expected_close_at,
    deal.closed_at AS closed_at,
    deal.owner_team AS owner_team,
    deal.owner_actor AS owner_actor,
    deal.at AS at,
    deal.policy AS policy,
    multiIf(
        deal.amount IS NULL, NULL,
        deal.currency = reporting, toDecimal256(deal.amount, 12),
        ifNull(known.rate, 0) = 0, NULL,
        toDecimal256(deal.amount, 4) * toDecimal256(known.rate, 8)
    ) AS exact,
    toDecimal128(multiIf(places = '0', round(exact, 0), places = '3', round(exact, 3), round(exact, 2)), 4) AS value
FROM
(
    SELECT *, toDate(ifNull(closed_at, ifNull(created_at, at))) AS day
    FROM deals FINAL
) AS deal
ASOF LEFT JOIN (SELECT currency, since, rate FROM rates FINAL) AS known ON known.currency = deal.currency AND known.since <= deal.day
COMMENT 'Deals with their value in the reporting currency. What the reports are made of; analysts ask v_deal_values.';

CREATE OR REPLACE VIEW credited_touches AS
WITH
    -- Types, teams, channels, directions and subjects that can be credited, none for any; a type that is none where the
    -- policy asks for more.
    (
        SELECT any([if(credited.whole = 1, credited.types, ['']), credited.teams, credited.channels, credited.directions, credited.subjects])
        FROM policy_now
    ) AS wanted
SELECT customer, touch, at, source, type, team, channel, campaign, content
FROM touches FINAL
WHERE customer != 0
    AND (empty(wanted[1]) OR has(wanted[1], type))
    AND (empty(wanted[2]) OR has(wanted[2], team))
    AND (empty(wanted[3]) OR has(wanted[3], channel))
    AND (empty(wanted[4]) OR has(wanted[4], direction))
    AND (empty(wanted[5]) OR has(wanted[5], subject))
COMMENT 'Touches that can be credited with a deal, by derived customer. What the reports are made of.';

CREATE OR REPLACE VIEW credited_now AS
SELECT
    if(ifNull(owner.customer, 0) = 0, touched.customer, owner.customer) AS customer,
    touched.touch AS touch,
    touched.at AS at,
    touched.source AS source,
    touched.type AS type,
    touched.team AS team,
    touched.channel AS channel,
    touched.campaign AS campaign,
    touched.content AS content
FROM credited_touches AS touched
LEFT JOIN (SELECT derived, customer FROM owners FINAL WHERE derived != customer) AS owner ON owner.derived = touched.customer
COMMENT 'Touches that can be credited with a deal, by the customer of now. What the reports are made of.';

CREATE OR REPLACE VIEW deal_paths AS
WITH
    assumeNotNull((SELECT any(lookback_ms) FROM policy_now)) AS lookback,
    (SELECT any([lead_track, lead_stage]) FROM policy_now) AS lead
SELECT
    won.id AS id,
    won.customer_id AS customer_id,
    won.customer AS customer,
    won.deal AS deal,
    won.closed_at AS closed_at,
    won.value AS value,
    won.closed AS closed,
    arrayFilter(one -> one.1 >= won.closed - lookback AND one.1 <= won.closed, ifNull(touched.path, [])) AS path,
    arrayCount(one -> one.1 <= arrayMax(arrayFilter(moment -> moment <= won.closed, arrayPushFront(made.moments, -9223372036854775807))), path) AS lead_place,
    if(won.created IS NULL, 0, arrayCount(one -> one.1 <= assumeNotNull(won.created), path)) AS deal_place
FROM
(
    SELECT
        *,
        toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS closed,
        toUnixTimestamp64Milli(created_at) AS created
    FROM deals_now
    WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
) AS won
LEFT JOIN
(
    SELECT
        if(ifNull(owner.customer, 0) = 0, one.customer, owner.customer) AS customer,
        arraySort(groupUniqArray((
            toUnixTimestamp64Milli(one.at),
            one.touch,
            toString(one.source),
            toString(one.type),
            toString(one.team),
            toString(one.channel),
            toString(one.campaign),
            toString(one.content)
        ))) AS path
    FROM
    (
        SELECT *
        FROM credited_touches
        WHERE at >= {since:DateTime64(3, 'UTC')} - toIntervalMillisecond(lookback)
            AND at < {until:DateTime64(3, 'UTC')}
            AND customer IN
            (
                SELECT derived FROM owners FINAL WHERE customer IN (SELECT sipHash64(customer_id) FROM deals FINAL WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')})
                UNION ALL
                SELECT sipHash64(customer_id) FROM deals FINAL WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
            )
    ) AS one
    LEFT JOIN
    (
        SELECT derived, customer FROM owners FINAL WHERE derived != customer AND (customer IN (SELECT sipHash64(customer_id) FROM deals FINAL WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}) OR derived IN (SELECT sipHash64(customer_id) FROM deals FINAL WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}))
    ) AS owner ON owner.derived = one.customer
    GROUP BY customer
) AS touched ON touched.customer = won.customer
LEFT JOIN
(
    SELECT customer, groupArray(toUnixTimestamp64Milli(at)) AS moments
    FROM moves FINAL
    WHERE track = lead[1] AND to_stage = lead[2]
    GROUP BY customer
) AS made ON made.customer = won.customer
COMMENT 'Deals won in a period with the touches that can be credited, in order. What the reports are made of.';

CREATE OR REPLACE VIEW markov_weights AS
WITH (SELECT arraySort(groupUniqArray(toString(channel))) FROM touches WHERE {model:String} = 'markov') AS channels
SELECT mapFromArrays(arrayMap(number -> channels[number], numbers), arrayMap(rate -> toInt64(round(greatest(1 - rate / rates[1], 0) * 1000000000)), arrayPopFront(rates))) AS weights
FROM
(
    SELECT any(numbers) AS numbers, arrayMap(one -> one.2, arraySort(groupArray((gone, rate)))) AS rates
    FROM
    (
        SELECT
            numbers,
            gone,
            arrayFold(
                (reached, step) -> arrayMap((row, won, place) -> (place != gone) * (won + arrayDotProduct(row, reached)), chances, wins, arrayEnumerate(numbers)),
                range(1000),
                arrayMap(number -> toFloat64(0), numbers)
            ) AS reached,
            arraySum(arrayMap((start, won) -> start * won, starts, reached)) AS rate
        FROM
        (
            -- A step is 256 times where it leads from and where it leads to: 0 is the start, 255 a deal, 254 none.
            SELECT
                numbers,
                arrayMap(one -> arrayMap(other -> counted[toUInt32(one * 256 + other)] / totals[one], numbers), numbers) AS chances,
                arrayMap(one -> counted[toUInt32(one * 256 + 255)] / totals[one], numbers) AS wins,
                arrayMap(one -> counted[toUInt32(one)] / totals[toUInt32(0)], numbers) AS starts
            FROM
            (
                SELECT
                    mapFromArrays(groupArray(step), groupArray(times)) AS counted,
                    sumMap(map(intDiv(step, toUInt32(256)), times)) AS totals,
                    arrayFilter(number -> number != 0, arraySort(groupUniqArray(intDiv(step, toUInt32(256))))) AS numbers
                FROM
                (
                    SELECT step, count() AS times
                    FROM
                    (
                        SELECT arrayJoin(arrayMap((one, other) -> toUInt32(one * 256 + other), arrayPushFront(places, toUInt32(0)), arrayPushBack(places, ending))) AS step
                        FROM
                        (
                            SELECT arrayMap(one -> toUInt32(indexOf(channels, one.6)), path) AS places, toUInt32(255) AS ending
                            FROM deal_paths(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
                            WHERE notEmpty(path) AND {model:String} = 'markov'
                            UNION ALL
                            SELECT
                                arrayMap(one -> one.3, arraySort(groupUniqArray((toUnixTimestamp64Milli(at), touch, toUInt32(indexOf(channels, channel)))))) AS places,
                                toUInt32(254) AS ending
                            FROM credited_now
                            WHERE {model:String} = 'markov' AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')} AND customer NOT IN (SELECT sipHash64(customer_id) FROM deals FINAL WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')})
                            GROUP BY customer
                        )
                    )
                    GROUP BY step
                )
            )
        )
        ARRAY JOIN range(0, length(numbers) + 1) AS gone
    )
)
COMMENT 'One row: the removal effect of each channel, in billionths. What the reports are made of.';

CREATE OR REPLACE VIEW v_attribution AS
WITH
    (
        SELECT any(arrayConcat(
            [half_life_ms, toInt64(digits)],
            arrayFlatten(arrayMap(one -> [toInt64(one.2), one.3, one.4, one.5, one.6], arrayFilter(one -> one.1 = {model:String}, shares)))
        ))
        FROM policy_now
    ) AS terms,
    terms[1] AS half_life,
    terms[2] AS places,
    arraySlice(terms, 3) AS share,
    (SELECT weights FROM markov_weights(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')}, model = {model:String})) AS effects
SELECT
    id,
    customer_id,
    deal,
    closed_at,
    value,
    toUInt32(length(path)) AS touches,
    toUInt32(if(touches = 0, 0, number)) AS place,
    if(touches = 0, NULL, fromUnixTimestamp64Milli(touched.1, 'UTC')) AS at,
    nullIf(touched.3, '') AS source,
    nullIf(touched.4, '') AS type,
    nullIf(touched.5, '') AS team,
    nullIf(touched.6, '') AS channel,
    nullIf(touched.7, '') AS campaign,
    nullIf(touched.8, '') AS content,
    toInt64(sign * toInt128(part)) AS credit_minor,
    toDecimal128(credit_minor, 4) / toDecimal128(multiIf(places = 0, 1, places = 3, 1000, 100), 0) AS credit
FROM
(
    SELECT
        id, customer_id, deal, closed_at, value, path, sign, whole,
        if(
            empty(path),
            [whole],
            arrayMap((floor, number) -> floor + (indexOf(turns, number) <= whole - arraySum(floors)), floors, arrayEnumerate(floors))
        ) AS parts
    FROM
    (
        SELECT
            id, customer_id, deal, closed_at, value, path, sign, whole,
            floors,
            arraySort((number, rest) -> (-rest, number), arrayEnumerate(rests), rests) AS turns
        FROM
        (
            SELECT id, customer_id, deal, closed_at, value, path, sign, whole, floors, arrayMap((weight, floor) -> whole * weight - floor * total, weights, floors) AS rests
            FROM
            (
                SELECT id, customer_id, deal, closed_at, value, path, sign, whole, weights, total, arrayMap(weight -> intDiv(whole * weight, total), weights) AS floors
                FROM
                (
                    SELECT id, customer_id, deal, closed_at, value, path, sign, whole, weights, arraySum(weights) AS total
                    FROM
                    (
                        SELECT id, customer_id, deal, closed_at, value, path, sign, whole, if(arraySum(said) = 0, arrayMap(one -> toInt128(1), said), said) AS weights
                        FROM
                        (
                            SELECT
                                id, customer_id, deal, closed_at, value, path, sign, whole,
                                multiIf(
                                    {model:String} = 'first', arrayMap(number -> toInt128(number = 1), arrayEnumerate(path)),
                                    {model:String} = 'last', arrayMap(number -> toInt128(number = length(path)), arrayEnumerate(path)),
                                    {model:String} = 'linear', arrayMap(number -> toInt128(1), arrayEnumerate(path)),
                                    {model:String} = 'time_decay', arrayMap(one -> toInt128(round(exp2((one.1 - path[-1].1) / half_life) * 1099511627776)), path),
                                    {model:String} = 'markov', arrayMap(one -> toInt128(effects[one.6]), path),
                                    arrayMap(
                                        (role, is_placed) -> toInt128(if(is_placed, role * greatest(arrayCount(one -> one = 0, roles), 1), share[5])),
                                        roles,
                                        arrayMap(role -> role > 0, roles)
                                    )
                                ) AS said
                            FROM
                            (
                                SELECT
                                    id,
                                    customer_id,
                                    deal,
                                    closed_at,
                                    value,
                                    path,
                                    if(assumeNotNull(value) < 0, -1, 1) AS sign,
                                    toInt128(abs(assumeNotNull(value)) * multiIf(places = 0, 1, places = 3, 1000, 100)) AS whole,
                                    arrayMap(
                                        number -> (number = 1) * share[1] + (number = length(path)) * share[4] + (number = lead_place) * share[2] + (number = deal_place) * share[3],
                                        arrayEnumerate(path)
                                    ) AS roles
                                FROM deal_paths(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
                                WHERE value IS NOT NULL
                            )
                        )
                    )
                )
            )
        )
    )
)
ARRAY JOIN
    parts AS part,
    arrayEnumerate(parts) AS number,
    if(empty(path), [(toInt64(0), toUInt64(0), '', '', '', '', '', '')], path) AS touched
COMMENT 'One row per deal won in the period and touch that is credited with it, over touches of both teams: which part of the value is whose. Touches count from closed_at - lookback to closed_at, both included, by the policy`s condition on what can be credited. Models: first, last, linear; position and w_shaped by the policy`s shares (first, last, the last touch before the customer became a lead, the last before the deal was created; all others share the middle; what no touch takes goes to the others in proportion); time_decay = 2^(-Δt / half-life); markov = removal effect of the touch`s channel, 1 - P(won without the channel) / P(won), in the first-order chain of the period`s journeys. Credits are whole minor units and sum to the value exactly: each part is rounded down, what is left goes to the largest remainders, the earlier touch first. Parameters: model; since and until, UTC, the period in which deals closed, without its end.

id: the deal`s fact, 32 hex digits
customer_id: whose deal it is
deal: its key among the customer`s deals
closed_at: UTC, when it was won
value: of the deal, in the reporting currency; deals without an amount or a rate are not here
touches: how many touches can be credited
place: which of them this is, from 1; 0 where there is none, and the value stays with nobody
at: UTC, when the touch happened; NULL where there is none, as what follows
source: the tool that emitted it
type: its type
team: marketing or sales, or what the policy names more
channel: its channel
campaign: its campaign, NULL where it has none
content: its content piece, NULL where it has none
credit_minor: the part of the value, in minor units of the reporting currency
credit: the same in units of it';

CREATE OR REPLACE VIEW v_campaign_roi AS
WITH
    (SELECT arrayMap(one -> one.2, arrayFilter(one -> one.1 = lead_track AND one.4 = 0, stages)) FROM policy_now) AS names,
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

CREATE OR REPLACE VIEW v_quota AS
WITH
    assumeNotNull((SELECT any(currency) FROM policy_now)) AS reporting,
    {at:DateTime64(3, 'UTC')} AS moment,
    assumeNotNull((SELECT minOrDefault(starts) FROM quotas_at(at = {at:DateTime64(3, 'UTC')}) WHERE metric = 'entered')) AS moved_since,
    assumeNotNull((SELECT minOrDefault(starts) FROM quotas_at(at = {at:DateTime64(3, 'UTC')}) WHERE metric = 'touchpoints')) AS touched_since
SELECT
    quota,
    team,
    metric,
    period,
    fromUnixTimestamp64Milli(toInt64(starts), 'UTC') AS starts_at,
    fromUnixTimestamp64Milli(toInt64(ends), 'UTC') AS ends_at,
    amount,
    nullIf(currency, '') AS currency,
    if(whole = 1, toDecimal128(ifNull(done.count, 0), 4), NULL) AS actual,
    toFloat64(actual) / toFloat64(amount) AS attainment,
    length(business) AS business_days,
    arrayCount(day -> day <= today, business) AS elapsed_days,
    elapsed_days / nullIf(business_days, 0) AS elapsed_share,
    attainment / nullIf(elapsed_share, 0) AS pace
FROM quotas_at(at = {at:DateTime64(3, 'UTC')}) AS due
LEFT JOIN
(
    SELECT one.quota AS quota, toDecimal128(uniqExact(move.customer), 4) AS count
    FROM
    (
        SELECT customer, at, toString(track) AS track, toString(to_stage) AS stage
        FROM moves FINAL
        WHERE at >= fromUnixTimestamp64Milli(toInt64(moved_since), 'UTC') AND at <= moment
    ) AS move
    INNER JOIN quotas_at(at = {at:DateTime64(3, 'UTC')}) AS one ON one.track = move.track AND one.stage = move.stage
    WHERE one.metric = 'entered' AND toUnixTimestamp64Milli(move.at) >= one.starts AND toUnixTimestamp64Milli(move.at) < one.counted_until
    GROUP BY quota
    UNION ALL
    SELECT one.quota AS quota, toDecimal128(count(), 4) AS count
    FROM
    (
        SELECT at, type, team, channel, direction, subject FROM touches FINAL WHERE at >= fromUnixTimestamp64Milli(toInt64(touched_since), 'UTC') AND at <= moment
    ) AS touched
    CROSS JOIN (SELECT * FROM quotas_at(at = {at:DateTime64(3, 'UTC')}) WHERE metric = 'touchpoints' AND whole = 1) AS one
    WHERE toUnixTimestamp64Milli(touched.at) >= one.starts
        AND toUnixTimestamp64Milli(touched.at) < one.counted_until
        AND (empty(one.types) OR has(one.types, touched.type))
        AND (empty(one.teams) OR has(one.teams, touched.team))
        AND (empty(one.channels) OR has(one.channels, touched.channel))
        AND (empty(one.directions) OR has(one.directions, touched.direction))
        AND (empty(one.subjects) OR has(one.subjects, touched.subject))
    GROUP BY quota
    UNION ALL
    SELECT
        one.quota AS quota,
        if(
            any(one.metric) = 'revenue',
            sum(multiIf(one.currency = reporting, ifNull(deal.value, 0), deal.currency = one.currency, toDecimal128(ifNull(deal.amount, 0), 4), 0)),
            toDecimal128(count(), 4)
        ) AS count
    FROM
    (
        SELECT assumeNotNull(closed_at) AS closed_at, value, amount, currency FROM deals_now WHERE status = 'won'
    ) AS deal
    CROSS JOIN (SELECT * FROM quotas_at(at = {at:DateTime64(3, 'UTC')}) WHERE metric IN ('deals_won', 'revenue')) AS one
    WHERE toUnixTimestamp64Milli(deal.closed_at) >= one.starts AND toUnixTimestamp64Milli(deal.closed_at) < one.counted_until
    GROUP BY quota
) AS done ON done.quota = due.quota
COMMENT 'One row per quota of the policy in force at a moment: how far the team is in the week, month or quarter that the moment is in. Attainment = actual / amount. Pace = attainment / elapsed share of business days: 1 is on course. Periods begin at midnight in the zone of the policy`s office calendar; a business day is one with opening hours that is no holiday, and today counts as elapsed. Parameters: at, UTC.

quota: the policy`s quota
team: whose it is
metric: entered counts customers who entered a stage, each once; touchpoints counts those that fulfil a condition; deals_won counts deals; revenue adds their value up
period: weekly, monthly or quarterly
starts_at: UTC, when the period began
ends_at: UTC, when it ends
amount: what is to be reached
currency: ISO 4217 of a revenue quota; in the reporting currency everything with a rate counts, in another one what is in it
actual: what is reached by the moment; NULL where the quota`s condition asks for more than type, team, channel, direction and subject
attainment: actual / amount
business_days: of the period
elapsed_days: of these, with today
elapsed_share: elapsed_days / business_days; NULL where the period has none
pace: attainment / elapsed_share; NULL before the first business day';

CREATE OR REPLACE VIEW customers_by AS
SELECT customer, value
FROM
(
    SELECT
        sipHash64(customer_id) AS customer,
        argMax(multiIf({by:String} = 'persona', persona, {by:String} = 'owner', owner_actor, owner_team), (at, version)) AS value
    FROM positions FINAL
    WHERE {by:String} IN ('persona', 'owner', 'owner_team')
    GROUP BY customer
    UNION ALL
    SELECT
        if(ifNull(owner.customer, 0) = 0, one.customer, owner.customer) AS customer,
        argMin(if({by:String} = 'channel', one.channel, one.campaign), bitShiftLeft(toInt128(toUnixTimestamp64Milli(one.at)), 64) + one.touch) AS value
    FROM
    (
        SELECT customer, touch, at, channel, campaign
        FROM touches FINAL
        WHERE {by:String} IN ('channel', 'campaign')
            AND direction != 'internal'
            AND customer IN
            (
                SELECT derived FROM owners FINAL WHERE customer IN (SELECT customer FROM moves FINAL WHERE track = {track:String} AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')})
                UNION ALL
                SELECT customer FROM moves FINAL WHERE track = {track:String} AND at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')}
            )
    ) AS one
    LEFT JOIN (SELECT derived, customer FROM owners FINAL WHERE derived != customer) AS owner ON owner.derived = one.customer
    GROUP BY customer
)
COMMENT 'The value by which a report tells those apart who moved in the period. What the reports are made of.';


CREATE OR REPLACE VIEW v_time_in_stage AS
WITH
    toUnixTimestamp64Milli({at:DateTime64(3, 'UTC')}) AS moment,
    (SELECT arraySort(groupUniqArray(to_stage)) FROM moves WHERE track = {track:String}) AS places
SELECT
    toString(places[number]) AS stage,
    countIf(is_open) AS open,
    quantileExactInclusiveOrNullIf(0.5)(latest_ms, is_open) AS open_p50_ms,
    quantileExactInclusiveOrNullIf(0.9)(latest_ms, is_open) AS open_p90_ms,
    sum(ended) AS closed,
    sum(ended_ms) / nullIf(closed, 0) AS closed_mean_ms,
    count() AS customers,
    quantileExactInclusiveOrNull(0.5)(latest_ms) AS latest_p50_ms,
    quantileExactInclusiveOrNull(0.9)(latest_ms) AS latest_p90_ms,
    quantileExactInclusiveOrNull(0.5)(total_ms) AS total_p50_ms,
    quantileExactInclusiveOrNull(0.9)(total_ms) AS total_p90_ms
FROM
(
    SELECT
        customer,
        number,
        max(is_running) AS is_open,
        sumIf(ms, is_running = 0) AS ended_ms,
        countIf(is_running = 0) AS ended,
        argMax(ms, place) AS latest_ms,
        sum(ms) AS total_ms
    FROM
    (
        -- A visit: when it began in milliseconds, whether the move before it was at the same instant, the stage`s number.
        SELECT
            customer,
            bitAnd(visit, 255) AS number,
            (place = length(visits)) AS is_running,
            if(is_running, moment, bitShiftRight(visits[place + 1], 9)) - bitShiftRight(visit, 9) AS ms,
            place
        FROM
        (
            SELECT
                customer,
                arraySort(groupArray(bitOr(bitShiftLeft(toUnixTimestamp64Milli(at), 9), bitShiftLeft(toInt64(ifNull(dwell_ms = 0, 0)), 8) + indexOf(places, to_stage)))) AS visits
            FROM moves FINAL
            WHERE track = {track:String} AND toUnixTimestamp64Milli(at) <= moment
            GROUP BY customer
        )
        ARRAY JOIN visits AS visit, arrayEnumerate(visits) AS place
    )
    GROUP BY customer, number
)
GROUP BY number
COMMENT 'One row per stage, or detour, of a track: how long customers are in it, as of a moment, by what is known now. Open ages are censored, they still grow: they stand beside the closed visits, and latest and total hold both. Parameters: track; at, UTC.

stage: the stage
open: customers in it at the moment
open_p50_ms: median milliseconds that these have been in it, this visit; linear between ranks
open_p90_ms: nine tenths of these at most so long
closed: visits that had ended by then
closed_mean_ms: mean milliseconds of the closed visits alone: too short where many are open
customers: customers who were ever in it by then
latest_p50_ms: median over these of the latest visit, open ones at their age
latest_p90_ms: nine tenths at most so long
total_p50_ms: median over these of all visits together, open ones at their age
total_p90_ms: nine tenths at most so long';

CREATE OR REPLACE VIEW v_transitions_as_of AS
SELECT
    id,
    customer_id,
    track,
    kind,
    nullIf(from_stage, '') AS from_stage,
    to_stage,
    at,
    dwell_ms,
    rule,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM transitions_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per move of a customer on a track, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: who moved
track: on which track
kind: enter, advance, skip, regress, recycle, re-enter or exit
from_stage: the stage left, NULL for the first one
to_stage: the stage entered
at: UTC, when it happened
dwell_ms: milliseconds in from_stage on that visit
rule: the policy`s rule that moved the customer
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_positions_as_of AS
SELECT
    customer_id,
    track,
    argMax(to_stage, (at, ifNull(dwell_ms = 0, 0))) AS stage,
    max(at) AS entered_at,
    dateDiff('millisecond', entered_at, {at:DateTime64(3, 'UTC')}) AS stage_open_ms
FROM
(
    SELECT customer_id, track, to_stage, at, dwell_ms, is_deleted
    FROM transitions_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
) AS one
WHERE is_deleted = 0 AND one.at <= {at:DateTime64(3, 'UTC')}
GROUP BY customer_id, track
COMMENT 'One row per customer and track: the stage at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

customer_id: whose position it is
track: on which track
stage: the stage, or the detour, at that moment
entered_at: UTC, since when
stage_open_ms: milliseconds in the stage until at, the running visit alone';

CREATE OR REPLACE VIEW v_stalled_as_of AS
SELECT
    id,
    customer_id,
    kind,
    track,
    stage,
    team,
    since,
    entered_at,
    last_counted_at,
    ifNull(escalated_at <= {at:DateTime64(3, 'UTC')}, 0) AS is_escalated,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM stalled_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
    AND since <= {at:DateTime64(3, 'UTC')}
    AND (resolved_at IS NULL OR resolved_at > {at:DateTime64(3, 'UTC')})
COMMENT 'One row per stall that was open at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: who stood still
kind: no_activity or no_progress
track: on which track
stage: in which stage
team: the customer`s owner when it opened
since: UTC, when the limit passed
entered_at: UTC, when the customer entered the stage
last_counted_at: UTC, the last counted touch, NULL where there was none
is_escalated: 1 where it was escalated by then
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_overlaps_as_of AS
SELECT
    id,
    customer_id,
    kind,
    nullIf(subject, '') AS subject,
    severity,
    teams,
    precedence,
    opened_at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM overlaps_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
    AND opened_at <= {at:DateTime64(3, 'UTC')}
    AND (resolved_at IS NULL OR resolved_at > {at:DateTime64(3, 'UTC')})
COMMENT 'One row per overlap that was open at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: on whom; an account_id for kind account
kind: subject, conflict, off_turf, double_owner, pressure or account
subject: what both were on, NULL where it is of none
severity: low, medium or high
teams: the teams
precedence: the team that goes first
opened_at: UTC, since when
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_clocks_as_of AS
SELECT
    id,
    customer_id,
    name,
    state,
    team,
    started_at,
    due_at,
    stopped_at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM clocks_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per response clock, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: whose answer is due
name: the policy`s clock
state: running, met, breached or cancelled, as told by then
team: who has to answer
started_at: UTC
due_at: UTC
stopped_at: UTC, NULL while nothing stopped it
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_handoffs_as_of AS
SELECT
    id,
    customer_id,
    kind,
    from_team,
    to_team,
    nullIf(actor, '') AS actor,
    nullIf(reason, '') AS reason,
    offered_at,
    latency_ms,
    business_ms,
    at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM handoffs_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per move of ownership between the teams, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: whose ownership moved
kind: offered, accepted, rejected, handed_back, assigned, claimed or released
from_team: who had it
to_team: who was to have it
actor: the person who took it, NULL where none was named
reason: why not, NULL where none was given
offered_at: UTC, of the offer that this answers
latency_ms: calendar milliseconds since the offer
business_ms: business milliseconds since the offer
at: UTC, when it happened
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_deals_as_of AS
SELECT
    id,
    customer_id,
    deal,
    status,
    amount,
    nullIf(currency, '') AS currency,
    created_at,
    expected_close_at,
    closed_at,
    reopened,
    owner_team,
    nullIf(owner_actor, '') AS owner_actor,
    at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM deals_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per deal of a customer, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: whose deal it is
deal: its key among the customer`s deals
status: open, won or lost
amount: in units of currency, NULL where none was said
currency: ISO 4217
created_at: UTC, NULL where nothing said that it was created
expected_close_at: UTC
closed_at: UTC, NULL while it is open
reopened: how often it was
owner_team: the owner of the customer at at
owner_actor: the person in it
at: UTC, when it was changed last
policy: name and version of the policy
recorded_at: UTC, when this version was told';
