-- What reports read of touchpoints and transitions: few narrow columns, keys of eight bytes. The tables keep the texts.
-- Partitions follow the key, which never changes: rows of one key meet, and a partition that is merged to one part is
-- read FINAL at the price of a plain read. Replays collapse here as they do there: same keys, same versions.
CREATE TABLE IF NOT EXISTS touches
(
    customer UInt64,
    touch UInt64,
    at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    source LowCardinality(String),
    type LowCardinality(String),
    team LowCardinality(String),
    channel LowCardinality(String),
    direction LowCardinality(String),
    subject LowCardinality(String),
    campaign LowCardinality(String),
    content LowCardinality(String),
    cost_amount Nullable(Decimal(18, 4)) CODEC(ZSTD(1)),
    cost_currency LowCardinality(String),
    points Nullable(Float64) CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(ZSTD(1)),
    precedence UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY customer % 4
ORDER BY (customer, touch)
COMMENT 'One row per touchpoint, for reports: customer is sipHash64 of the derived id, 0 for spend without one; touch is sipHash64 of source and id; points is the rating of a review or the score of a survey.';

CREATE MATERIALIZED VIEW IF NOT EXISTS touches_of_touchpoints TO touches AS
SELECT
    if(customer_id = '', 0, sipHash64(customer_id)) AS customer,
    sipHash64(source, id) AS touch,
    occurred_at AS at,
    source,
    type,
    team,
    channel,
    direction,
    subject,
    campaign,
    content,
    cost_amount,
    cost_currency,
    multiIf(
        type = 'review.posted', JSONExtract(properties, 'rating', 'Nullable(Float64)'),
        type = 'survey.answered', JSONExtract(properties, 'score', 'Nullable(Float64)'),
        NULL
    ) AS points,
    topic,
    partition,
    offset,
    18446744073709551615 - offset - bitShiftLeft(toUInt64(generation), 48) AS precedence
FROM touchpoints;

INSERT INTO touches SELECT
    if(customer_id = '', 0, sipHash64(customer_id)) AS customer,
    sipHash64(source, id) AS touch,
    occurred_at AS at,
    source,
    type,
    team,
    channel,
    direction,
    subject,
    campaign,
    content,
    cost_amount,
    cost_currency,
    multiIf(
        type = 'review.posted', JSONExtract(properties, 'rating', 'Nullable(Float64)'),
        type = 'survey.answered', JSONExtract(properties, 'score', 'Nullable(Float64)'),
        NULL
    ) AS points,
    topic,
    partition,
    offset,
    18446744073709551615 - offset - bitShiftLeft(toUInt64(generation), 48) AS precedence
FROM touchpoints;

CREATE TABLE IF NOT EXISTS moves
(
    customer UInt64,
    fact UInt64,
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    track LowCardinality(String),
    kind LowCardinality(String),
    from_stage LowCardinality(String),
    to_stage LowCardinality(String),
    dwell_ms Nullable(Int64) CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY customer % 4
ORDER BY (customer, fact)
COMMENT 'One row per transition, for reports: customer is sipHash64 of the customer_id, fact is sipHash64 of the id.';

CREATE MATERIALIZED VIEW IF NOT EXISTS moves_of_transitions TO moves AS
SELECT
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
    offset
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
    offset
FROM transitions;

-- Whose each derived id is, in numbers: what most reports look up of `identities`.
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

-- Whose a touch is now. A merge changes no row: who was merged is looked up.
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
