-- What a customer is told apart by in reports: persona and owner of now, channel and campaign of the first touch.
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

CREATE OR REPLACE VIEW stages_now AS
SELECT groupArray(stage) AS names
FROM
(
    SELECT place.stage AS stage
    FROM policy_now
    ARRAY JOIN stages AS place
    WHERE place.track = {track:String} AND place.is_detour = 0
    ORDER BY place.rank
)
COMMENT 'The stages of a track in order, detours left out, by the policy in force. What the reports are made of.';

CREATE OR REPLACE VIEW v_funnel AS
WITH
    (SELECT names FROM stages_now(track = {track:String})) AS names,
    toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}) AS ends,
    toInt64({within_days:UInt32}) * 86400000 AS within
SELECT
    nullIf(trait, '') AS value,
    rank,
    stage,
    nullIf(names[rank + 1], '') AS next_stage,
    entered,
    reached_next,
    if(rank = length(names), NULL, reached_next / nullIf(entered, 0)) AS conversion,
    if(rank = length(names), NULL, all_entered[rank + 1]) AS entered_next,
    entered_next / nullIf(entered, 0) AS period_ratio
FROM
(
    SELECT trait, sumForEach(has_entered) AS all_entered, sumForEach(has_reached) AS all_reached
    FROM
    (
        SELECT
            customer,
            arrayMap(rank -> arrayExists(one -> one.2 = rank AND one.1 < ends, entries), arrayEnumerate(names)) AS has_entered,
            arrayMap(
                (is_in, rank) -> is_in AND arrayExists(
                    (one, first) -> one.2 > rank AND one.1 >= first AND one.1 <= first + within,
                    entries,
                    arrayWithConstant(length(entries), arrayFirst(one -> one.2 = rank, entries).1)
                ),
                has_entered,
                arrayEnumerate(names)
            ) AS has_reached
        FROM
        (
            SELECT customer, arraySort(groupArray((toUnixTimestamp64Milli(at), indexOf(names, to_stage)))) AS entries
            FROM moves FINAL
            WHERE track = {track:String}
                AND has(names, to_stage)
                AND at >= {since:DateTime64(3, 'UTC')}
                AND toUnixTimestamp64Milli(at) <= ends + within
            GROUP BY customer
        )
    ) AS one
    LEFT JOIN (
        SELECT customer, value AS trait
        FROM customers_by(by = {by:String}, track = {track:String}, since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
    ) AS told USING customer
    GROUP BY trait
)
ARRAY JOIN names AS stage, arrayEnumerate(names) AS rank, all_entered AS entered, all_reached AS reached_next
COMMENT 'One row per value of what customers are told apart by, and stage of a track, in order: how many went on. Cohort conversion = customers who entered the stage in the period and entered a later one within the window after that / customers who entered it in the period. The period ratio is another number: entered the next stage in the period / entered this one in the period, whoever they are. Parameters: track; since and until, UTC, the period without its end; within_days, the window; by: all, channel or campaign (of the first touch that is not internal), persona, owner or owner_team (of now).

value: what the customers have in common, NULL for all, or where there is none
rank: place of the stage, from 1
stage: the stage
next_stage: the one after it, NULL for the last
entered: customers who entered the stage in the period, each once
reached_next: those of them who entered any later stage within the window, skipping counts
conversion: reached_next / entered, 0 to 1; NULL for the last stage, and where nobody entered
entered_next: customers who entered the next stage in the period
period_ratio: entered_next / entered; may exceed 1';

CREATE OR REPLACE VIEW v_time_to_convert AS
WITH
    (SELECT names FROM stages_now(track = {track:String})) AS names,
    toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}) AS ends
SELECT
    names[pair.1] AS from_stage,
    names[pair.2] AS to_stage,
    count() AS entered,
    count(pair.3) AS converted,
    entered - converted AS open,
    quantileExactInclusiveOrNull(0.5)(pair.3) AS p50_ms,
    quantileExactInclusiveOrNull(0.75)(pair.3) AS p75_ms,
    quantileExactInclusiveOrNull(0.9)(pair.3) AS p90_ms
FROM
(
    SELECT
        arrayJoin(arrayFlatten(arrayMap(
            first -> arrayMap(
                later -> (
                    first.2,
                    later,
                    if(
                        arrayExists(one -> one.2 = later AND one.1 >= first.1, entries),
                        arrayFirst(one -> one.2 = later AND one.1 >= first.1, entries).1 - first.1,
                        NULL
                    )
                ),
                range(first.2 + 1, length(names) + 1)
            ),
            firsts
        ))) AS pair
    FROM
    (
        SELECT
            entries,
            arrayFilter(
                (one, number) -> one.1 < ends AND number = 1,
                entries,
                arrayEnumerateUniq(arrayMap(one -> one.2, entries))
            ) AS firsts
        FROM
        (
            SELECT customer, arraySort(groupArray((toUnixTimestamp64Milli(at), toUInt16(indexOf(names, to_stage))))) AS entries
            FROM moves FINAL
            WHERE track = {track:String} AND has(names, to_stage) AND at >= {since:DateTime64(3, 'UTC')}
            GROUP BY customer
        )
    )
)
GROUP BY pair.1, pair.2
ORDER BY pair.1, pair.2
COMMENT 'One row per pair of stages of a track, an earlier and a later one: how long customers took from the first time they entered the one in the period to the first time after that they entered the other, whenever that was. Those who have not are open: they are counted, and no part of the quantiles, so the quantiles are those of the fast ones while many are open. Parameters: track; since and until, UTC, the period without its end.

from_stage: the earlier stage
to_stage: the later stage
entered: customers who entered from_stage in the period
converted: those of them who entered to_stage since
open: those who have not
p50_ms: median in milliseconds, linear between ranks; NULL where nobody converted
p75_ms: three quarters took at most so long
p90_ms: nine tenths took at most so long';

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
