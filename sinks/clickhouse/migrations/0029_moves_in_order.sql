-- Moves of a track at one instant, in the order of the journey: the one that ended a stay comes first, then those of
-- touchpoints by source and id, then what time alone did. A CRM that says dates alone makes many of them.
ALTER TABLE moves ADD COLUMN IF NOT EXISTS place String CODEC(ZSTD(1));

ALTER TABLE moves ADD COLUMN IF NOT EXISTS recorded_at DateTime64(3, 'UTC') CODEC(T64, LZ4);

ALTER TABLE moves ADD COLUMN IF NOT EXISTS customer_id String CODEC(ZSTD(1));

ALTER TABLE moves_of_transitions MODIFY QUERY SELECT
    sipHash64(customer_id) AS customer,
    sipHash64(id) AS fact,
    version,
    is_deleted,
    at,
    track,
    kind,
    from_stage,
    to_stage,
    dwell_ms,
    topic,
    partition,
    offset,
    multiIf(ifNull(dwell_ms, 1) != 0, '', touchpoint_id = '', '1', concat('0', source, '\0', touchpoint_id)) AS place,
    recorded_at,
    customer_id
FROM transitions;

INSERT INTO moves SELECT
    sipHash64(customer_id) AS customer,
    sipHash64(id) AS fact,
    version,
    is_deleted,
    at,
    track,
    kind,
    from_stage,
    to_stage,
    dwell_ms,
    topic,
    partition,
    offset,
    multiIf(ifNull(dwell_ms, 1) != 0, '', touchpoint_id = '', '1', concat('0', source, '\0', touchpoint_id)) AS place,
    recorded_at,
    customer_id
FROM transitions;

CREATE OR REPLACE VIEW v_positions_as_of AS
SELECT
    any(who) AS customer_id,
    track,
    -- One value to compare for nearly all, the order within an instant for the few that need it.
    if(maxIf(at, place != '') = entered_at, argMaxIf(to_stage, (at, place), place != ''), argMaxIf(to_stage, at, place = '')) AS stage,
    max(at) AS entered_at,
    dateDiff('millisecond', entered_at, {at:DateTime64(3, 'UTC')}) AS stage_open_ms
FROM
(
    -- What was told last was told by then, of most facts; of the others the versions are gone through. One that is here
    -- twice changes nothing.
    SELECT customer, customer_id AS who, track, to_stage, at, place
    FROM moves FINAL
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT sipHash64(customer_id) AS customer, customer_id AS who, track, to_stage, at, multiIf(ifNull(dwell_ms, 1) != 0, '', touchpoint_id = '', '1', concat('0', source, '\0', touchpoint_id)) AS place
    FROM
    (
        SELECT customer_id, track, to_stage, at, dwell_ms, source, touchpoint_id, is_deleted
        FROM transitions_told
        WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
            AND (customer_id, id) IN (SELECT customer_id, id FROM transitions_told WHERE recorded_at > {known:DateTime64(3, 'UTC')})
        ORDER BY customer_id DESC, id DESC, version DESC
        LIMIT 1 BY customer_id, id
    )
    WHERE is_deleted = 0
) AS one
WHERE one.at <= {at:DateTime64(3, 'UTC')}
GROUP BY customer, track
COMMENT 'One row per customer and track: the stage at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

customer_id: whose position it is
track: on which track
stage: the stage, or the detour, at that moment
entered_at: UTC, since when
stage_open_ms: milliseconds in the stage until at, the running visit alone';

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
        -- A visit: when it began in milliseconds, which of those at one instant it is, the stage's number.
        SELECT
            customer,
            bitAnd(visit, 255) AS number,
            (place = length(visits)) AS is_running,
            if(is_running, moment, bitShiftRight(visits[place + 1], 20)) - bitShiftRight(visit, 20) AS ms,
            place
        FROM
        (
            SELECT
                customer,
                arraySort(groupArrayIf((toUnixTimestamp64Milli(at), moves.place, indexOf(places, to_stage)), moves.place != '')) AS later,
                arraySort(arrayConcat(
                    groupArrayIf(bitShiftLeft(toUnixTimestamp64Milli(at), 20) + indexOf(places, to_stage), moves.place = ''),
                    arrayMap((one, turn) -> toInt64(bitShiftLeft(one.1, 20) + least(turn, 4095) * 256 + one.3), later, arrayEnumerate(later))
                )) AS visits
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
        SELECT customer, arraySort(one -> (one.1, one.4), groupArray((toUnixTimestamp64Milli(at), toString(to_stage), toString(kind), moves.place))) AS moves
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

CREATE OR REPLACE VIEW v_paths AS
SELECT
    step,
    nullIf(one.1, '') AS from_stage,
    nullIf(one.2, '') AS to_stage,
    count() AS customers
FROM
(
    SELECT arrayMap(one -> one.3, arraySort(groupArray((toUnixTimestamp64Milli(at), place, toString(to_stage), toString(from_stage))))) AS places
    FROM moves FINAL
    WHERE track = {track:String} AND at < {until:DateTime64(3, 'UTC')}
    GROUP BY customer
    HAVING min(at) >= {since:DateTime64(3, 'UTC')}
)
ARRAY JOIN
    arrayZip(arrayPushFront(places, ''), arrayPushBack(places, '')) AS one,
    arrayEnumerate(arrayPushBack(places, '')) AS step
GROUP BY step, from_stage, to_stage
COMMENT 'One row per step and pair of stages: how customers came through a track, as the links of a Sankey diagram. Step n links the n-1th place of a customer with its nth; the last step leads nowhere, to_stage NULL: there the customer is at the end of the period. Customers count whose first move on the track is in the period. Parameters: track; since and until, UTC, the period without its end.

step: the step, from 1, which leads from nowhere onto the track
from_stage: the stage or detour left, NULL for step 1
to_stage: the stage or detour entered, NULL where the customer stays
customers: customers who made this step';
