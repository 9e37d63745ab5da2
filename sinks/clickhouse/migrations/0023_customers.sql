CREATE OR REPLACE VIEW v_cohorts AS
WITH toStartOfMonth({until:DateTime64(3, 'UTC')}) AS last_month
SELECT
    cohort,
    months_since,
    count() AS customers,
    countIf(has(active_in, months_since)) AS active,
    active / nullIf(customers, 0) AS retention,
    countIf(arrayCount(month -> month <= months_since, won_in) > 1) AS loyal,
    loyal / nullIf(customers, 0) AS loyalty,
    sum(arraySum((month, worth) -> if(month <= months_since, worth, 0), won_in, won_values)) AS value
FROM
(
    SELECT
        bought.cohort AS cohort,
        arrayMap(month -> dateDiff('month', bought.cohort, month), bought.months) AS won_in,
        bought.worth AS won_values,
        arrayConcat(won_in, arrayMap(month -> dateDiff('month', bought.cohort, month), ifNull(came.months, []))) AS active_in
    FROM
    (
        SELECT
            customer,
            toStartOfMonth(min(assumeNotNull(closed_at))) AS cohort,
            groupArray(toStartOfMonth(assumeNotNull(closed_at))) AS months,
            groupArray(toFloat64(ifNull(value, 0))) AS worth
        FROM deals_now
        WHERE status = 'won' AND closed_at < {until:DateTime64(3, 'UTC')}
        GROUP BY customer
        HAVING min(closed_at) >= {since:DateTime64(3, 'UTC')}
    ) AS bought
    LEFT JOIN
    (
        SELECT customer, groupUniqArray(toStartOfMonth(at)) AS months
        FROM touches_now
        WHERE direction = 'inbound'
            AND at >= {since:DateTime64(3, 'UTC')}
            AND at < {until:DateTime64(3, 'UTC')}
            AND customer IN (SELECT sipHash64(customer_id) FROM deals FINAL WHERE status = 'won')
        GROUP BY customer
    ) AS came ON came.customer = bought.customer
)
ARRAY JOIN range(0, toUInt32(dateDiff('month', cohort, last_month) + ({until:DateTime64(3, 'UTC')} > last_month))) AS months_since
GROUP BY cohort, months_since
COMMENT 'One row per month in which customers won their first deal, and month after it: who stays. Retention = customers with an inbound touchpoint or a won deal in that month / customers of the cohort. Loyalty = customers with two won deals or more by then / customers of the cohort. Parameters: since and until, UTC, the period of first deals, and until when is counted.

cohort: first day of the month, UTC
months_since: calendar months since, 0 is the cohort`s own
customers: of the cohort
active: those who came or bought in the month
retention: active / customers, 0 to 1
loyal: those with two won deals or more by the end of the month
loyalty: loyal / customers, 0 to 1
value: of deals won by the end of the month, in the reporting currency';

CREATE OR REPLACE VIEW v_paths AS
SELECT
    step,
    nullIf(one.1, '') AS from_stage,
    nullIf(one.2, '') AS to_stage,
    count() AS customers
FROM
(
    SELECT arrayMap(one -> one.3, arraySort(groupArray((toUnixTimestamp64Milli(at), ifNull(dwell_ms = 0, 0), toString(to_stage), toString(from_stage))))) AS places
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
