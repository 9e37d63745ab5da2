-- Accepted touchpoints. The first arrival of a (source, id) of a customer wins: one customer's touchpoints are on one
-- Kafka partition, so the lowest offset is the first, and `precedence` falls as the offset rises.
-- No partitions by month: a duplicate may carry another occurred_at, and merges never collapse across partitions.
CREATE TABLE IF NOT EXISTS touchpoints
(
    customer_id String CODEC(ZSTD(1)),
    account String CODEC(ZSTD(1)),
    source LowCardinality(String),
    id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    team LowCardinality(String),
    actor LowCardinality(String),
    channel LowCardinality(String),
    direction LowCardinality(String),
    subject LowCardinality(String),
    campaign LowCardinality(String),
    content LowCardinality(String),
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    given_customer_id String CODEC(ZSTD(1)),
    crm_id String CODEC(ZSTD(1)),
    email String CODEC(ZSTD(1)),
    phone String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    value_amount Nullable(Decimal(18, 4)) CODEC(ZSTD(1)),
    value_currency LowCardinality(String),
    cost_amount Nullable(Decimal(18, 4)) CODEC(ZSTD(1)),
    cost_currency LowCardinality(String),
    properties String CODEC(ZSTD(1)),
    origin String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    precedence UInt64 MATERIALIZED 18446744073709551615 - offset CODEC(Delta, ZSTD(1)),
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (customer_id, source, id);

-- Which customer an identifier was seen on. Minimum and maximum may see a record twice: a replay changes nothing.
CREATE TABLE IF NOT EXISTS identifiers
(
    kind LowCardinality(String),
    value String CODEC(ZSTD(1)),
    customer_id String CODEC(ZSTD(1)),
    first_seen_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    last_seen_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    INDEX by_customer customer_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (kind, value, customer_id);

-- No GROUP BY: the target collapses the rows of an insert as it sorts them, for half of what grouping costs.
CREATE MATERIALIZED VIEW IF NOT EXISTS identifiers_of_touchpoints TO identifiers AS
SELECT
    pair.1 AS kind,
    pair.2 AS value,
    customer_id,
    occurred_at AS first_seen_at,
    occurred_at AS last_seen_at
FROM
(
    SELECT
        customer_id,
        occurred_at,
        arrayJoin(arrayFilter(
            pair -> pair.2 != '',
            [('customer_id', customer_id), ('crm_id', crm_id), ('email', email), ('phone', phone), ('anonymous_id', anonymous_id)]
        )) AS pair
    FROM touchpoints
    WHERE customer_id != ''
);
