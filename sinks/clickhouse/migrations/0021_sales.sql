CREATE OR REPLACE VIEW v_velocity AS
WITH toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}) AS ends
SELECT
    nullIf(trait, '') AS value,
    countIf(is_open) AS open,
    countIf(is_won) AS won,
    countIf(is_lost) AS lost,
    won / nullIf(won + lost, 0) AS win_rate,
    sumIf(deal_value, is_won) AS won_value,
    countIf(is_won AND is_unvalued) AS unvalued,
    toFloat64(won_value) / nullIf(won, 0) AS average_deal,
    quantileExactInclusiveOrNullIf(0.5)(cycle_ms, is_won AND is_timed) / 86400000 AS cycle_days,
    open * win_rate * average_deal / nullIf(cycle_days, 0) AS velocity
FROM
(
    SELECT
        multiIf({by:String} = 'owner', owner_actor, {by:String} = 'owner_team', owner_team, '') AS trait,
        ifNull(created < ends, 0) AND (closed IS NULL OR closed >= ends) AS is_open,
        status = 'won' AND ifNull(closed >= begins AND closed < ends, 0) AS is_won,
        status = 'lost' AND ifNull(closed >= begins AND closed < ends, 0) AS is_lost,
        ifNull(value, 0) AS deal_value,
        value IS NULL AS is_unvalued,
        ifNull(closed - created, 0) AS cycle_ms,
        created IS NOT NULL AS is_timed
    FROM
    (
        SELECT
            *,
            toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS begins,
            toUnixTimestamp64Milli(created_at) AS created,
            toUnixTimestamp64Milli(closed_at) AS closed
        FROM deals_now
    )
)
GROUP BY trait
COMMENT 'One row per owner, or one for all: how much is won a day. Sales velocity = qualified open opportunities × win rate × average deal size / cycle days. (50 × 25,000 × 0.25 / 60 = 5,208.33 per day.) Win rate = won / (won + lost); average deal size = won value / won; cycle = closed - created of deals won, the median. Deals count as they stand now. Parameters: since and until, UTC, the period in which deals closed, without its end; open ones are those of its end; by: all, owner or owner_team.

value: the owner, NULL for all, or for nobody
open: opportunities that were created before the end of the period and not closed by then
won: deals won in the period
lost: deals lost in the period
win_rate: won / (won + lost), 0 to 1; NULL where none closed
won_value: in the reporting currency, of those that have a value
unvalued: deals won without an amount, or without a rate: they count, and add nothing
average_deal: won_value / won
cycle_days: median days from created to won, of deals whose creation is known; linear between ranks
velocity: open × win_rate × average_deal / cycle_days, in the reporting currency per day; NULL where a factor is';

CREATE OR REPLACE VIEW v_pipeline AS
SELECT
    owner_team,
    nullIf(owner_actor, '') AS owner_actor,
    nullIf(place, '') AS stage,
    toStartOfMonth(expected_close_at) AS closes_in,
    count() AS deals,
    sum(ifNull(value, 0)) AS open_value,
    countIf(value IS NULL) AS unvalued,
    toDecimal128(sum(ifNull(toFloat64(value) * chance, 0)), 2) AS weighted_value
FROM
(
    SELECT customer_id, owner_team, owner_actor, expected_close_at, value FROM deals_now WHERE status = 'open'
) AS deal
LEFT JOIN
(
    SELECT customer_id, toString(stage) AS place, probability AS chance
    FROM positions FINAL
    WHERE track = (SELECT any(lead_track) FROM policy_now) AND customer_id IN (SELECT customer_id FROM deals FINAL WHERE status = 'open')
) AS lead USING customer_id
GROUP BY owner_team, owner_actor, place, closes_in
COMMENT 'One row per owner, stage of the lead track and month in which deals should close: what is open now. Weighted value = sum of value × probability of the stage.

owner_team: the team that owns the deals` customers
owner_actor: the person in it, NULL where there is none
stage: where these customers are on the lead track, NULL where they are not on it
closes_in: first day of the month, NULL where no day was said
deals: open deals
open_value: in the reporting currency, of those that have a value
unvalued: deals without an amount, or without a rate
weighted_value: value × probability, summed; a stage without a probability adds nothing';

CREATE OR REPLACE VIEW quotas_at AS
WITH
    assumeNotNull((SELECT argMax(zone, since) FROM policies FINAL WHERE since <= {at:DateTime64(3, 'UTC')})) AS office,
    toDate(toTimeZone({at:DateTime64(3, 'UTC')}, office)) AS today
SELECT
    *,
    toUnixTimestamp(toDateTime(starts_on, office)) * 1000 AS starts,
    toUnixTimestamp(toDateTime(ends_on, office)) * 1000 AS ends,
    least(ends, toUnixTimestamp64Milli({at:DateTime64(3, 'UTC')}) + 1) AS counted_until,
    arrayFilter(day -> has(open_days, toDayOfWeek(day)) AND NOT has(holidays, day), arrayMap(number -> starts_on + number, range(toUInt32(ends_on - starts_on)))) AS business
FROM
(
    SELECT
        policy,
        open_days,
        holidays,
        one.quota AS quota,
        one.team AS team,
        one.metric AS metric,
        one.track AS track,
        one.stage AS stage,
        one.period AS period,
        one.amount AS amount,
        one.currency AS currency,
        one.types AS types,
        one.teams AS teams,
        one.channels AS channels,
        one.directions AS directions,
        one.subjects AS subjects,
        one.whole AS whole,
        today,
        multiIf(one.period = 'weekly', toMonday(today), one.period = 'monthly', toStartOfMonth(today), toStartOfQuarter(today)) AS starts_on,
        multiIf(one.period = 'weekly', toDate(starts_on + 7), one.period = 'monthly', toDate(addMonths(starts_on, 1)), toDate(addMonths(starts_on, 3))) AS ends_on
    FROM
    (
        SELECT * FROM policies FINAL WHERE since <= {at:DateTime64(3, 'UTC')} ORDER BY since DESC LIMIT 1
    )
    ARRAY JOIN quotas AS one
)
COMMENT 'The quotas of the policy in force at a moment, with the period that it is in. What the reports are made of.';

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

CREATE OR REPLACE VIEW v_coverage AS
SELECT
    due.quota AS quota,
    due.team AS team,
    due.metric AS metric,
    due.starts_at AS starts_at,
    due.ends_at AS ends_at,
    due.amount AS amount,
    due.actual AS actual,
    if(due.metric = 'revenue', ifNull(ahead.open_value, 0), toDecimal128(ifNull(ahead.deals, 0), 4)) AS open_pipeline,
    greatest(due.amount - due.actual, 0) AS missing,
    toFloat64(open_pipeline) / nullIf(toFloat64(missing), 0) AS coverage
FROM
(
    SELECT * FROM v_quota(at = {at:DateTime64(3, 'UTC')}) WHERE metric IN ('deals_won', 'revenue')
) AS due
LEFT JOIN
(
    SELECT one.quota AS quota, count() AS deals, sum(ifNull(deal.value, 0)) AS open_value
    FROM
    (
        SELECT assumeNotNull(expected_close_at) AS closes, value FROM deals_now WHERE status = 'open' AND expected_close_at IS NOT NULL
    ) AS deal
    CROSS JOIN quotas_at(at = {at:DateTime64(3, 'UTC')}) AS one
    WHERE toUnixTimestamp64Milli(deal.closes) >= one.starts AND toUnixTimestamp64Milli(deal.closes) < one.ends
    GROUP BY quota
) AS ahead ON ahead.quota = due.quota
COMMENT 'One row per quota of deals or revenue, for the period that a moment is in: whether enough is under way. Pipeline coverage = open pipeline closing in the period / (quota - won). Open deals are those of now. Parameters: at, UTC.

quota: the policy`s quota
team: whose it is
metric: deals_won, counted in deals; or revenue, in the reporting currency
starts_at: UTC, when the period began
ends_at: UTC, when it ends
amount: what is to be reached
actual: what is won by the moment
open_pipeline: open deals that should close in the period, in the metric`s unit
missing: amount - actual, 0 once it is reached
coverage: open_pipeline / missing; NULL once it is reached';

CREATE OR REPLACE VIEW v_sourced AS
WITH assumeNotNull((SELECT any(lookback_ms) FROM policy_now)) AS lookback
SELECT
    who AS team,
    countIf(who = source_team) AS sourced,
    sumIf(deal_value, who = source_team) AS sourced_value,
    countIf(has(touching, who)) AS influenced,
    sumIf(deal_value, has(touching, who)) AS influenced_value
FROM
(
    SELECT
        deal_value,
        arrayFilter(one -> one.1 >= created - lookback, path) AS mine,
        arrayFilter(one -> one.1 <= created, mine) AS before,
        if(empty(before), '', before[-1].3) AS source_team,
        arrayDistinct(arrayMap(one -> one.3, arrayFilter(one -> one.1 <= ends, mine))) AS touching
    FROM
    (
        SELECT
            customer,
            ifNull(value, 0) AS deal_value,
            toUnixTimestamp64Milli(assumeNotNull(created_at)) AS created,
            ifNull(toUnixTimestamp64Milli(closed_at), 9223372036854775807) AS ends
        FROM deals_now
        WHERE created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')}
    ) AS deal
    LEFT JOIN
    (
        SELECT customer, arrayMap(one -> (one.1, one.2, one.5), path) AS path
        FROM dealing_paths(by = 'created', since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
    ) AS touched USING customer
)
ARRAY JOIN arrayDistinct(arrayPushBack(touching, source_team)) AS who
GROUP BY who
HAVING who != ''
COMMENT 'One row per team: what of the opportunities created in the period it began, and what it had a part in. Sourced = opportunities whose creating touch, the last credited one before they were created, is the team`s; influenced = those with at least one touch of it by the time they closed. Influenced values of two teams are never added up: they overlap. Touches count within the policy`s lookback before the creation. Parameters: since and until, UTC, the period of creation, without its end.

team: the team
sourced: opportunities
sourced_value: their value in the reporting currency, those without one left out
influenced: opportunities
influenced_value: their value in the reporting currency, those without one left out';
