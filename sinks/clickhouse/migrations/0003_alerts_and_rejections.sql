-- Alerts. The first record of an id wins, as it does at the receivers, who know alerts by their id.
CREATE TABLE IF NOT EXISTS alerts
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    fact_id String CODEC(ZSTD(1)),
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    precedence UInt64 MATERIALIZED 18446744073709551615 - offset CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (customer_id, id);

-- Rejected records by month: the identity is the record's place in its topic, so received_at never changes.
CREATE TABLE IF NOT EXISTS rejected
(
    topic LowCardinality(String),
    partition UInt32,
    offset UInt64 CODEC(Delta, ZSTD(1)),
    reason LowCardinality(String),
    detail String CODEC(ZSTD(1)),
    pointer String CODEC(ZSTD(1)),
    origin String CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    value String CODEC(ZSTD(3)),
    bytes UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (topic, partition, offset);

-- Records that the writer could not turn into a row: kept whole, with the error.
CREATE TABLE IF NOT EXISTS sink_rejected
(
    topic LowCardinality(String),
    partition UInt32,
    offset UInt64 CODEC(Delta, ZSTD(1)),
    error String CODEC(ZSTD(1)),
    key String CODEC(ZSTD(1)),
    value String CODEC(ZSTD(3)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, offset)
COMMENT 'One row per record that the writer could not turn into a row: its bytes and the error.';

-- How far the tables hold a topic's partition: every offset below `position` is queryable.
CREATE TABLE IF NOT EXISTS sink_positions
(
    topic LowCardinality(String),
    partition UInt32,
    position UInt64
)
ENGINE = ReplacingMergeTree(position)
ORDER BY (topic, partition)
COMMENT 'One row per topic and partition: every offset below position is queryable.';
