-- Attribution in fewer steps. Whoever has a deal is in `owners`, though nothing may have been linked: a decision's number
-- is 1 at least, so it goes before these rows. So the ids that a customer's touches have are found in one table.
CREATE MATERIALIZED VIEW IF NOT EXISTS owners_of_deals TO owners AS
SELECT sipHash64(customer_id) AS derived, sipHash64(customer_id) AS customer, 0 AS number
FROM deals;

INSERT INTO owners SELECT sipHash64(customer_id) AS derived, sipHash64(customer_id) AS customer, 0 AS number
FROM deals;

-- What came under two identifiers counts once.
CREATE OR REPLACE VIEW dealing_paths AS
WITH
    assumeNotNull((
        SELECT any(([if(credited.whole = 1, credited.types, ['']), credited.teams, credited.channels, credited.directions, credited.subjects], lookback_ms))
        FROM policy_now
    )) AS terms,
    terms.1 AS wanted
SELECT
    owner.customer AS customer,
    arraySort(groupUniqArray((moment, touch, source, type, team, channel, campaign, content))) AS path
FROM
(
    -- Rows of one key pass or fail together, so FINAL chooses among the same ones as without.
    SELECT
        customer,
        toUnixTimestamp64Milli(at) AS moment,
        touch,
        toString(source) AS source,
        toString(type) AS type,
        toString(team) AS team,
        toString(channel) AS channel,
        toString(campaign) AS campaign,
        toString(content) AS content
    FROM touches FINAL
    PREWHERE customer IN (SELECT derived FROM owners FINAL WHERE customer IN (
        SELECT sipHash64(customer_id)
        FROM deals FINAL
        WHERE ({by:String} = 'won' AND status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')})
            OR ({by:String} = 'created' AND created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')})
    ))
    WHERE at >= {since:DateTime64(3, 'UTC')} - toIntervalMillisecond(terms.2)
        AND (at < {until:DateTime64(3, 'UTC')} OR {by:String} != 'won')
        AND (empty(wanted[1]) OR type IN wanted[1])
        AND (empty(wanted[2]) OR team IN wanted[2])
        AND (empty(wanted[3]) OR channel IN wanted[3])
        AND (empty(wanted[4]) OR direction IN wanted[4])
        AND (empty(wanted[5]) OR subject IN wanted[5])
) AS one
INNER JOIN
(
    SELECT derived, customer FROM owners FINAL WHERE customer IN (
        SELECT sipHash64(customer_id)
        FROM deals FINAL
        WHERE ({by:String} = 'won' AND status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')})
            OR ({by:String} = 'created' AND created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')})
    )
) AS owner ON owner.derived = one.customer
GROUP BY customer
COMMENT 'The touches that can be credited, in order, of each customer with a deal that was won, or created, in a period: from the lookback before it, and to its end for those won. What the reports are made of.';

-- A first-order Markov chain over channels: how much less often journeys end in a deal without the channel.
CREATE OR REPLACE VIEW markov_weights AS
WITH
    toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS begins,
    toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}) AS ends,
    (SELECT arraySort(groupUniqArray(toString(channel))) FROM touches WHERE {model:String} = 'markov') AS channels,
    assumeNotNull((
        SELECT any(([if(credited.whole = 1, credited.types, ['']), credited.teams, credited.channels, credited.directions, credited.subjects], lookback_ms))
        FROM policy_now
    )) AS terms,
    terms.1 AS wanted,
    terms.2 AS lookback
SELECT mapFromArrays(arrayMap(number -> channels[number], numbers), arrayMap(rate -> if(rates[1] = 0, toInt64(0), toInt64(round(greatest(1 - rate / rates[1], 0) * 1000000000))), arrayPopFront(rates))) AS weights
FROM
(
    SELECT any(numbers) AS numbers, arrayMap(one -> one.2, arraySort(groupArray((gone, rate)))) AS rates
    FROM
    (
        -- Eliminated one channel after another, the equations are left with the chance to win from each.
        SELECT
            numbers,
            gone,
            arrayFold(
                (rows, pivot) -> arrayMap(
                    (row, place) -> arrayMap((one, other) -> if(place = pivot, other, one - row[pivot] * other), row, arrayMap(one -> one / rows[pivot][pivot], rows[pivot])),
                    rows,
                    arrayEnumerate(rows)
                ),
                arrayEnumerate(numbers),
                arrayMap(
                    (row, won, place) -> arrayPushBack(
                        arrayMap((chance, other) -> (place = other) - (place != gone) * chance, row, arrayEnumerate(row)),
                        (place != gone) * won
                    ),
                    chances,
                    wins,
                    arrayEnumerate(numbers)
                )
            ) AS solved,
            arraySum(arrayMap((start, row) -> start * row[-1], starts, solved)) AS rate
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
                    SELECT
                        arrayJoin(arrayMap((one, other) -> toUInt32(one * 256 + other), arrayPushFront(places, toUInt32(0)), arrayPushBack(places, ending))) AS step,
                        count() AS times
                    FROM
                    (
                        SELECT
                            bitShiftLeft(toUInt128(begins + (closed - lookback - begins) * is_won), 72) AS first,
                            bitShiftLeft(toUInt128(ends + (closed + 1 - ends) * is_won), 72) AS last,
                            arrayMap(one -> toUInt32(bitAnd(one, 255)), arrayFilter(one -> one BETWEEN first AND last, path)) AS places,
                            toUInt32(254 + is_won) AS ending
                        FROM
                        (
                            -- A touch in one number: its moment, its hash, its channel. By derived id first: fewer are looked up.
                            SELECT
                                if(owner.customer = 0, one.derived, owner.customer) AS customer,
                                arraySort(arrayDistinct(groupArrayArray(one.touched))) AS path
                            FROM
                            (
                                SELECT
                                    customer AS derived,
                                    groupArray(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(at)), 72), bitOr(bitShiftLeft(toUInt128(touch), 8), toUInt128(toUInt8(transform(channel, channels, arrayEnumerate(channels), 0)))))) AS touched
                                FROM touches FINAL
                                WHERE {model:String} = 'markov'
                                    AND customer != 0
                                    AND at >= {since:DateTime64(3, 'UTC')} - toIntervalMillisecond(lookback)
                                    AND at < {until:DateTime64(3, 'UTC')}
                                    AND (empty(wanted[1]) OR type IN wanted[1])
                                    AND (empty(wanted[2]) OR team IN wanted[2])
                                    AND (empty(wanted[3]) OR channel IN wanted[3])
                                    AND (empty(wanted[4]) OR direction IN wanted[4])
                                    AND (empty(wanted[5]) OR subject IN wanted[5])
                                    AND (
                                        at >= {since:DateTime64(3, 'UTC')}
                                        OR customer IN (
                                            SELECT derived
                                            FROM owners FINAL
                                            WHERE customer IN (
                                                SELECT sipHash64(customer_id)
                                                FROM deals FINAL
                                                WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
                                            )
                                        )
                                    )
                                GROUP BY customer
                            ) AS one
                            LEFT JOIN (SELECT derived, customer FROM owners FINAL WHERE derived != customer AND {model:String} = 'markov') AS owner ON owner.derived = one.derived
                            GROUP BY customer
                        ) AS touched
                        LEFT JOIN
                        (
                            SELECT sipHash64(customer_id) AS customer, toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS closed, 1 AS is_won
                            FROM deals FINAL
                            WHERE {model:String} = 'markov' AND status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
                        ) AS deal USING customer
                        WHERE notEmpty(places)
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
    assumeNotNull((
        SELECT any((
            lookback_ms,
            [lead_track, lead_stage],
            half_life_ms,
            toInt64(digits),
            arrayFlatten(arrayMap(one -> [toInt64(one.2), one.3, one.4, one.5, one.6], arrayFilter(one -> one.1 = {model:String}, shares)))
        ))
        FROM policy_now
    )) AS terms,
    terms.1 AS lookback,
    terms.2 AS lead,
    terms.3 AS half_life,
    multiIf(terms.4 = 0, 1, terms.4 = 3, 1000, 100) AS minor,
    terms.5 AS share,
    (SELECT weights FROM markov_weights(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')}, model = {model:String})) AS effects
SELECT
    id,
    customer_id,
    deal,
    closed_at,
    value,
    touches,
    toUInt32(if(touches = 0, 0, number)) AS place,
    if(touches = 0, NULL, fromUnixTimestamp64Milli(touched.1, 'UTC')) AS at,
    nullIf(touched.3, '') AS source,
    nullIf(touched.4, '') AS type,
    nullIf(touched.5, '') AS team,
    nullIf(touched.6, '') AS channel,
    nullIf(touched.7, '') AS campaign,
    nullIf(touched.8, '') AS content,
    toInt64(sign * toInt128(part)) AS credit_minor,
    toDecimal128(credit_minor, 4) / toDecimal128(minor, 0) AS credit
FROM
(
    -- No if() on arrays: evaluated lazily, it costs as much as the whole read.
    SELECT
        id, customer_id, deal, closed_at, value, sign,
        toUInt32(length(path)) AS touches,
        arrayResize(path, greatest(touches, 1)) AS credited,
        arrayConcat(arrayMap((floor, turn) -> floor + (turn <= missing), floors, turns), arrayResize([whole], toUInt8(touches = 0))) AS parts
    FROM
    (
        -- Whose turn it is to get one of the units that are missing.
        SELECT
            id, customer_id, deal, closed_at, value, path, sign, whole,
            floors,
            whole - arraySum(floors) AS missing,
            arraySort((turn, number) -> number, arrayEnumerate(rests), arraySort((number, rest) -> (-rest, number), arrayEnumerate(rests), rests)) AS turns
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
                                    arrayMap(role -> toInt128(role * others + (role = 0) * share[5]), roles)
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
                                    toInt128(abs(assumeNotNull(value)) * minor) AS whole,
                                    arrayMap(
                                        number -> (number = 1) * share[1] + (number = length(path)) * share[4] + (number = lead_place) * share[2] + (number = deal_place) * share[3],
                                        arrayEnumerate(path)
                                    ) AS roles,
                                    greatest(arrayCount(one -> one = 0, roles), 1) AS others
                                FROM
                                (
                                    SELECT
                                        won.id AS id,
                                        won.customer_id AS customer_id,
                                        won.deal AS deal,
                                        won.closed_at AS closed_at,
                                        won.value AS value,
                                        arrayFilter(one -> one.1 >= won.closed - lookback AND one.1 <= won.closed, ifNull(touched.path, [])) AS path,
                                        arrayMax(arrayFilter(moment -> moment <= won.closed, arrayPushFront(made.moments, -9223372036854775807))) AS led,
                                        arrayCount(one -> one.1 <= led, path) AS lead_place,
                                        if(won.created IS NULL, 0, arrayCount(one -> one.1 <= assumeNotNull(won.created), path)) AS deal_place
                                    FROM
                                    (
                                        SELECT
                                            id, customer_id, customer, deal, closed_at, value,
                                            toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS closed,
                                            toUnixTimestamp64Milli(created_at) AS created
                                        FROM deals_now
                                        WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')} AND value IS NOT NULL
                                    ) AS won
                                    LEFT JOIN
                                    (
                                        SELECT customer, path FROM dealing_paths(by = 'won', since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
                                    ) AS touched ON touched.customer = won.customer
                                    LEFT JOIN
                                    (
                                        SELECT customer, groupArray(toUnixTimestamp64Milli(at)) AS moments
                                        FROM moves FINAL
                                        PREWHERE customer IN (
                                            SELECT sipHash64(customer_id) FROM deals FINAL
                                            WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
                                        )
                                        WHERE track = lead[1] AND to_stage = lead[2]
                                        GROUP BY customer
                                    ) AS made ON made.customer = won.customer
                                )
                            )
                        )
                    )
                )
            )
        )
    )
)
ARRAY JOIN parts AS part, arrayEnumerate(parts) AS number, credited AS touched
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

DROP VIEW IF EXISTS deal_paths;

DROP VIEW IF EXISTS dealing_as;

DROP VIEW IF EXISTS dealing;

DROP VIEW IF EXISTS credited_touches;
