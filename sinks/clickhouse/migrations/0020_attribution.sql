-- What can be credited with a deal: by the policy's condition on touches.
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

-- Every deal won in a period with the touches before it, in order. What came under two identifiers counts once.
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

-- A first-order Markov chain over channels: how much less often journeys end in a deal without the channel.
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
