CREATE OR REPLACE VIEW v_sla AS
SELECT
    name,
    team,
    count() AS started,
    countIf(state = 'met') AS met,
    countIf(state = 'breached') AS breached,
    countIf(state = 'breached' AND stopped_at IS NULL) AS unanswered,
    countIf(state = 'running') AS running,
    countIf(state = 'cancelled') AS cancelled,
    met / nullIf(met + breached, 0) AS compliance,
    quantileExactInclusiveOrNullIf(0.5)(taken_ms, is_answered) AS p50_ms,
    quantileExactInclusiveOrNullIf(0.9)(taken_ms, is_answered) AS p90_ms,
    quantileExactInclusiveOrNullIf(0.5)(assumeNotNull(late_ms), late_ms IS NOT NULL) AS late_p50_ms
FROM
(
    SELECT
        name,
        team,
        state,
        stopped_at,
        late_ms,
        state IN ('met', 'breached') AND stopped_at IS NOT NULL AS is_answered,
        ifNull(dateDiff('millisecond', started_at, stopped_at), 0) AS taken_ms
    FROM clocks FINAL
    WHERE started_at >= {since:DateTime64(3, 'UTC')} AND started_at < {until:DateTime64(3, 'UTC')}
)
GROUP BY name, team
COMMENT 'One row per response clock of the policy and team: how the answers that fell due came. SLA compliance = met / (met + breached). Clocks count in the period in which they started. Parameters: since and until, UTC, the period without its end.

name: the policy`s clock
team: who has to answer
started: clocks that started in the period
met: answered in time
breached: not answered in time, answered since or not
unanswered: those of them that have no answer
running: neither answered nor late yet
cancelled: fell away, because the customer left
compliance: met / (met + breached), 0 to 1; NULL where none ended
p50_ms: median calendar milliseconds from start to answer, of the answered ones; linear between ranks
p90_ms: nine tenths of these at most so long
late_p50_ms: median milliseconds by which late answers were late';

CREATE OR REPLACE VIEW v_speed_to_lead AS
SELECT
    count() AS leads,
    countIf(is_answered) AS answered,
    leads - answered AS never_answered,
    countIf(is_answered AND is_met) AS in_limit,
    in_limit / nullIf(leads, 0) AS share_in_limit,
    quantileExactInclusiveOrNullIf(0.5)(speed_ms, is_answered) AS p50_ms,
    quantileExactInclusiveOrNullIf(0.9)(speed_ms, is_answered) AS p90_ms
FROM
(
    SELECT
        arrayFirst(one -> one.1 >= created AND one.1 < next_created, answers) AS answer,
        arrayExists(one -> one.1 >= created AND one.1 < next_created, answers) AS is_answered,
        answer.2 AS is_met,
        answer.1 - if(routed IS NOT NULL AND routed <= answer.1, assumeNotNull(routed), created) AS speed_ms
    FROM
    (
        SELECT
            customer_id,
            toUnixTimestamp64Milli(started_at) AS created,
            toUnixTimestamp64Milli(stopped_at) AS routed,
            leadInFrame(created, 1, toInt64(9223372036854775807)) OVER (PARTITION BY customer_id ORDER BY started_at, id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_created
        FROM clocks FINAL
        WHERE name = {routed:String}
    ) AS lead
    LEFT JOIN
    (
        SELECT customer_id, arraySort(groupArray((toUnixTimestamp64Milli(assumeNotNull(stopped_at)), state = 'met'))) AS answers
        FROM clocks FINAL
        WHERE name = {response:String} AND stopped_at IS NOT NULL AND state IN ('met', 'breached')
        GROUP BY customer_id
    ) AS response USING customer_id
    WHERE fromUnixTimestamp64Milli(created, 'UTC') >= {since:DateTime64(3, 'UTC')} AND fromUnixTimestamp64Milli(created, 'UTC') < {until:DateTime64(3, 'UTC')}
)
COMMENT 'One row: how fast sales answers leads. Speed to lead = first genuine response - when the lead was routed, else made. A lead is a start of the clock routed; its response is the first stop of the clock response from then on, and before the customer`s next lead. Parameters: routed, the clock from making a lead to routing it (mql_routed); response, the clock that a genuine response stops (first_attempt); since and until, UTC, the period in which leads were made, without its end.

leads: leads made in the period
answered: those that have a response
never_answered: those that have none
in_limit: those whose response met its clock
share_in_limit: in_limit / leads, 0 to 1; NULL where there is no lead
p50_ms: median milliseconds of the answered ones, linear between ranks
p90_ms: nine tenths of these at most so long';

CREATE OR REPLACE VIEW v_overlap_rate AS
WITH
(
    SELECT count()
    FROM
    (
        SELECT customer
        FROM touches_now
        WHERE at >= {since:DateTime64(3, 'UTC')} AND at < {until:DateTime64(3, 'UTC')} AND direction != 'internal' AND customer != 0
        GROUP BY customer
        HAVING min(team) != max(team)
    )
) AS both
SELECT
    nullIf(told, '') AS kind,
    uniqExactIf(customer_id, told != 'nothing') AS customers,
    countIf(told != 'nothing') AS overlaps,
    both AS touched_by_both,
    customers / nullIf(touched_by_both, 0) AS rate
FROM
(
    SELECT customer_id, arrayJoin(['', toString(kind)]) AS told
    FROM overlaps FINAL
    WHERE opened_at >= {since:DateTime64(3, 'UTC')} AND opened_at < {until:DateTime64(3, 'UTC')} AND kind != 'account'
)
GROUP BY told
COMMENT 'One row per kind of overlap, and one for any of them: how often the teams collide. Overlap rate = customers with an overlap / customers touched by both teams. Overlaps count in the period in which they opened, those of whole accounts not at all; a customer is touched by both where touchpoints of two teams that are not internal are in the period. Parameters: since and until, UTC, the period without its end.

kind: subject, conflict, off_turf, double_owner or pressure; NULL for any
customers: customers with such an overlap
overlaps: such overlaps
touched_by_both: customers touched by both teams
rate: customers / touched_by_both; NULL where nobody was touched by both';

CREATE OR REPLACE VIEW v_lead_rates AS
WITH
    (SELECT any(lead_track) FROM policy_now) AS leads_on,
    (
        SELECT (count(), countIf(state = 'breached'))
        FROM clocks FINAL
        WHERE name = {answer:String} AND started_at >= {since:DateTime64(3, 'UTC')} AND started_at < {until:DateTime64(3, 'UTC')}
    ) AS leads
SELECT
    count() AS offered,
    countIf(taken != 0) AS accepted,
    countIf(refused != 0) AS rejected,
    accepted / nullIf(offered, 0) AS acceptance,
    leads.1 AS made,
    leads.2 AS leaked,
    leaked / nullIf(made, 0) AS leakage,
    countIf(taken != 0 AND arrayExists(one -> one >= taken, recycles)) AS recycled,
    recycled / nullIf(accepted, 0) AS recycle_rate
FROM
(
    SELECT
        sipHash64(customer_id) AS customer,
        offer,
        maxIf(toUnixTimestamp64Milli(at), kind = 'accepted') AS taken,
        maxIf(toUnixTimestamp64Milli(at), kind = 'rejected') AS refused
    FROM
    (
        SELECT customer_id, kind, at, if(kind = 'offered', at, offered_at) AS offer
        FROM handoffs FINAL
        WHERE kind IN ('offered', 'accepted', 'rejected')
    )
    WHERE offer >= {since:DateTime64(3, 'UTC')} AND offer < {until:DateTime64(3, 'UTC')}
    GROUP BY customer, offer
    HAVING countIf(kind = 'offered') > 0
) AS one
LEFT JOIN
(
    SELECT customer, groupArray(toUnixTimestamp64Milli(at)) AS recycles
    FROM moves FINAL
    WHERE track = leads_on AND kind = 'recycle'
    GROUP BY customer
) AS back USING customer
COMMENT 'One row: what became of the leads that marketing offered in the period. Lead acceptance = accepted / offered. Leakage = leads that sales did not answer within the limit / leads. Recycle rate = recycled / accepted. Parameters: answer, the clock within which sales has to answer a lead (mql_answered); since and until, UTC, the period of the offer, or of the clock`s start, without its end.

offered: leads offered to sales
accepted: those of them that sales accepted, whenever
rejected: those that sales rejected
acceptance: accepted / offered, 0 to 1; NULL where nothing was offered
made: clocks of that name that started
leaked: those that were breached
leakage: leaked / made; NULL where none started
recycled: accepted ones whose customer went to a recycling detour of the lead track after that
recycle_rate: recycled / accepted; NULL where none was accepted';
