-- The facts of merges, rebuilds, sales' feedback and deals, and what positions say besides. As in 0002: the newest
-- version of an id is what is known now, an absent text is empty here and NULL in the views.
CREATE TABLE IF NOT EXISTS merges
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    into String CODEC(ZSTD(1)),
    number UInt64 CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS identity_conflicts
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    value String CODEC(ZSTD(1)),
    kept_by String CODEC(ZSTD(1)),
    refused String CODEC(ZSTD(1)),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS rebuilds
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    reason LowCardinality(String),
    touchpoints UInt64 CODEC(ZSTD(1)),
    published UInt64 CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS feedback
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    disposition LowCardinality(String),
    reason LowCardinality(String),
    rating Nullable(Float64) CODEC(ZSTD(1)),
    team LowCardinality(String),
    actor LowCardinality(String),
    campaign LowCardinality(String),
    content LowCardinality(String),
    persona LowCardinality(String),
    mql_rule LowCardinality(String),
    mql_policy LowCardinality(String),
    mql_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS deals
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    deal String CODEC(ZSTD(1)),
    status LowCardinality(String),
    amount Nullable(Decimal(18, 4)) CODEC(ZSTD(1)),
    currency LowCardinality(String),
    created_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    expected_close_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    closed_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    reopened UInt32 CODEC(ZSTD(1)),
    owner_team LowCardinality(String),
    owner_actor LowCardinality(String),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

ALTER TABLE positions ADD COLUMN IF NOT EXISTS persona LowCardinality(String) AFTER owner_since;
ALTER TABLE positions ADD COLUMN IF NOT EXISTS fit Float64 CODEC(ZSTD(1)) AFTER persona;
ALTER TABLE positions ADD COLUMN IF NOT EXISTS engagement Float64 CODEC(ZSTD(1)) AFTER fit;
ALTER TABLE positions ADD COLUMN IF NOT EXISTS probability Nullable(Float64) CODEC(ZSTD(1)) AFTER engagement;
ALTER TABLE positions ADD COLUMN IF NOT EXISTS last_touch Map(String, DateTime64(3, 'UTC')) CODEC(ZSTD(1)) AFTER probability;

CREATE OR REPLACE VIEW v_positions AS
SELECT
    customer_id,
    track,
    stage,
    entered_at,
    nullIf(furthest, '') AS furthest,
    visits,
    dwell_ms,
    greatest(dateDiff('millisecond', entered_at, now64(3)), 0) AS stage_open_ms,
    toInt64(dwell_ms[stage]) + stage_open_ms AS stage_total_ms,
    owner_team,
    nullIf(owner_actor, '') AS owner_actor,
    owner_since,
    nullIf(persona, '') AS persona,
    fit,
    engagement,
    probability,
    last_touch,
    at,
    policy,
    recorded_at
FROM positions FINAL
COMMENT 'One row per customer and track: the stage now. visits counts entries per stage; dwell_ms is closed milliseconds per stage, the running visit excluded; stage_open_ms is the running visit so far, by the server''s clock, so still growing; stage_total_ms adds the closed visits of the stage; fit and engagement are points, engagement and last_touch (per team, UTC) as of at; probability of winning a deal from the stage, 0 to 1, NULL where the policy names none.';

CREATE VIEW IF NOT EXISTS v_merges AS
SELECT id, version, customer_id, into, number, at, policy, recorded_at
FROM merges FINAL
COMMENT 'One row per customer_id that is gone because it belongs to another one (into). number is the identity decision; at is when the link that decided was seen. An undone merge is no row.';

CREATE VIEW IF NOT EXISTS v_identity_conflicts AS
SELECT id, version, customer_id, kind, value, kept_by, refused, source, touchpoint_id, at, policy, recorded_at
FROM identity_conflicts FINAL
COMMENT 'One row per identifier (kind, value: normalised) shared by two known people who were not merged: it stays with kept_by. source and touchpoint_id name the touchpoint that named both.';

CREATE VIEW IF NOT EXISTS v_rebuilds AS
SELECT id, version, customer_id, reason, touchpoints, published, at, policy, recorded_at
FROM rebuilds FINAL
COMMENT 'One row per journey folded anew from the whole history. reason is too_late, merge, unmerge, policy or asked; touchpoints were folded, published is the count of facts said anew.';

CREATE VIEW IF NOT EXISTS v_feedback AS
SELECT
    id,
    version,
    customer_id,
    disposition,
    nullIf(reason, '') AS reason,
    rating,
    team,
    nullIf(actor, '') AS actor,
    nullIf(campaign, '') AS campaign,
    nullIf(content, '') AS content,
    nullIf(persona, '') AS persona,
    nullIf(mql_rule, '') AS mql_rule,
    nullIf(mql_policy, '') AS mql_policy,
    mql_at,
    source,
    touchpoint_id,
    at,
    policy,
    recorded_at
FROM feedback FINAL
COMMENT 'One row per answer of sales to a lead: accepted, rejected, recycled, lost or rated. campaign and content are those of the touchpoint that made the MQL, else of the latest marketing touchpoint with one before; mql_rule and mql_policy are NULL where the customer was never an MQL.';

CREATE VIEW IF NOT EXISTS v_deals AS
SELECT
    id,
    version,
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
    source,
    touchpoint_id,
    at,
    policy,
    recorded_at
FROM deals FINAL
COMMENT 'One row per deal of a customer as it stands: open, won or lost. amount is in units of the currency, the latest one said; closed_at is NULL while it is open, so a reopened deal is no revenue; created_at is NULL where nothing said that it was created; reopened counts.';

CREATE VIEW IF NOT EXISTS v_lead_quality AS
SELECT
    campaign,
    content,
    persona,
    mql_rule,
    mql_policy,
    countIf(disposition = 'accepted') AS accepted,
    countIf(disposition = 'rejected') AS rejected,
    countIf(disposition = 'recycled') AS recycled,
    countIf(disposition = 'lost') AS lost,
    countIf(disposition = 'rated') AS rated,
    accepted + rejected AS answered,
    if(answered = 0, NULL, accepted / answered) AS acceptance,
    avgOrNull(rating) AS mean_rating,
    sumMapIf(map(ifNull(reason, ''), toUInt64(1)), disposition = 'rejected') AS rejected_for,
    sumMapIf(map(ifNull(reason, ''), toUInt64(1)), disposition = 'recycled') AS recycled_for,
    sumMapIf(map(ifNull(reason, ''), toUInt64(1)), disposition = 'lost') AS lost_for
FROM v_feedback
GROUP BY campaign, content, persona, mql_rule, mql_policy
COMMENT 'One row per campaign, content, persona, MQL rule and policy version, NULL where there was none: how sales answered the leads of it. Counts are answers; answered = accepted + rejected; acceptance = accepted / answered, NULL where none was answered; mean_rating is the mean of all ratings; the maps count reasons, an empty one where none was given.';
