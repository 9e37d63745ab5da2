-- What the policy says of numbers: one row per version, written whole, so a report never sees half of one.
CREATE TABLE IF NOT EXISTS policies
(
    since DateTime64(3, 'UTC'),
    policy String,
    checksum String,
    written_at DateTime64(3, 'UTC'),
    currency LowCardinality(String),
    digits UInt8,
    zone LowCardinality(String),
    open_days Array(UInt8),
    holidays Array(Date),
    lead_track LowCardinality(String),
    lead_stage LowCardinality(String),
    lookback_ms Int64,
    half_life_ms Int64,
    models Array(String),
    shares Array(Tuple(model String, first UInt8, lead UInt8, opportunity UInt8, last UInt8, middle UInt8)),
    credited Tuple(types Array(String), teams Array(String), channels Array(String), directions Array(String), subjects Array(String), whole UInt8),
    stages Array(Tuple(track String, stage String, rank UInt16, is_detour UInt8, team String, probability Nullable(Float64))),
    quotas Array(Tuple(quota String, team String, metric String, track String, stage String, period String, amount Decimal(18, 4), currency String, types Array(String), teams Array(String), channels Array(String), directions Array(String), subjects Array(String), whole UInt8)),
    goals Array(Tuple(goal String, metric String, at_least Nullable(Float64), at_most Nullable(Float64)))
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY since
COMMENT 'One row per version of the policy, by the instant from which it is in force: what reports need of it.';

-- Units of the reporting currency for one unit of another, from a day on.
CREATE TABLE IF NOT EXISTS rates
(
    currency LowCardinality(String),
    since Date,
    rate Decimal(18, 8),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY (currency, since)
COMMENT 'One row per currency and day from which a rate holds: units of the reporting currency for one unit. Whoever keeps the books writes here.';

CREATE OR REPLACE VIEW policy_now AS
SELECT *
FROM policies FINAL
WHERE since <= now64(3)
ORDER BY since DESC
LIMIT 1
COMMENT 'The policy in force. What the reports are made of; analysts ask v_policies.';

CREATE OR REPLACE VIEW v_policies AS
SELECT
    policy,
    since,
    currency,
    digits,
    zone,
    open_days,
    holidays,
    lead_track,
    lead_stage,
    lookback_ms,
    half_life_ms,
    models,
    credited.whole AS is_credited_whole
FROM policies FINAL
COMMENT 'One row per version of the policy: what reports compute with.

policy: name and version, as facts carry it
since: UTC, from when on it is in force; 1970 for the first one
currency: ISO 4217, the reporting currency
digits: how many decimals its minor unit has
zone: the time zone of the calendar in which ownership is counted: periods of quotas begin at its midnight
open_days: week days with opening hours, 1 is Monday
holidays: days that are closed
lead_track: the track of the stage that makes a lead
lead_stage: the stage that makes a lead
lookback_ms: milliseconds before a deal closes in which touches are credited
half_life_ms: milliseconds in which the weight of a touch halves, for time_decay
models: attribution models, the one shown first in front
is_credited_whole: 1 where the condition on credited touches is one of type, team, channel, direction and subject alone; reports know no other, and attribute nothing where it is 0';

CREATE OR REPLACE VIEW v_stages AS
SELECT
    one.policy AS policy,
    one.since AS since,
    place.track AS track,
    place.stage AS stage,
    place.rank AS rank,
    place.is_detour AS is_detour,
    nullIf(place.team, '') AS team,
    place.probability AS probability
FROM policies AS one FINAL
ARRAY JOIN stages AS place
COMMENT 'One row per version of the policy, track and place of it.

policy: name and version, as facts carry it
since: UTC, from when on the version is in force
track: the track
stage: the stage, or the detour beside the stages
rank: its place in the order of the track, from 1; detours come after the stages
is_detour: 1 for a detour
team: the team that owns the stage, NULL where the policy names none
probability: of winning a deal from here, 0 to 1, NULL where the policy names none';

CREATE OR REPLACE VIEW v_rates AS
SELECT currency, since, rate
FROM rates FINAL
COMMENT 'One row per currency and day from which a rate holds.

currency: ISO 4217
since: the first day, UTC
rate: units of the reporting currency for one unit';

-- By the latest rate of the day or before; what is in the reporting currency needs none.
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

CREATE OR REPLACE VIEW v_deal_values AS
SELECT
    id,
    customer_id,
    deal,
    status,
    amount,
    nullIf(currency, '') AS currency,
    value,
    created_at,
    expected_close_at,
    closed_at,
    owner_team,
    nullIf(owner_actor, '') AS owner_actor
FROM deals_now
COMMENT 'One row per deal as it stands, with its value in the reporting currency: value = amount × rate, rounded to the minor unit, halves away from zero, by the latest rate of the day on which it closed, else was created, else was told of last.

id: the fact, 32 hex digits
customer_id: whose deal it is
deal: its key among the customer`s deals
status: open, won or lost
amount: in units of currency, NULL where none was said
currency: ISO 4217
value: in units of the reporting currency, NULL where there is no amount or no rate
created_at: UTC, NULL where nothing said that it was created
expected_close_at: UTC, when it should close
closed_at: UTC, NULL while it is open
owner_team: the team that owned the customer when the deal was told of last
owner_actor: the person in it';
