-- One table per fact of journey.facts. The newest version of an id is what is known now; a version with is_deleted
-- takes the fact back. No partitions by month: a correction may move a fact's time. An absent text is empty here,
-- and NULL in the views.
CREATE TABLE IF NOT EXISTS transitions
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    track LowCardinality(String),
    kind LowCardinality(String),
    from_stage LowCardinality(String),
    to_stage LowCardinality(String),
    dwell_ms Nullable(Int64) CODEC(ZSTD(1)),
    rule LowCardinality(String),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS positions
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    track LowCardinality(String),
    stage LowCardinality(String),
    entered_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    furthest LowCardinality(String),
    visits Map(String, UInt32) CODEC(ZSTD(1)),
    dwell_ms Map(String, UInt64) CODEC(ZSTD(1)),
    owner_team LowCardinality(String),
    owner_actor LowCardinality(String),
    owner_since DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS handoffs
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    from_team LowCardinality(String),
    to_team LowCardinality(String),
    actor LowCardinality(String),
    reason LowCardinality(String),
    offered_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    latency_ms Nullable(Int64) CODEC(ZSTD(1)),
    business_ms Nullable(Int64) CODEC(ZSTD(1)),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS overlaps
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    subject LowCardinality(String),
    status LowCardinality(String),
    severity LowCardinality(String),
    teams Array(String) CODEC(ZSTD(1)),
    precedence LowCardinality(String),
    precedence_rule LowCardinality(String),
    opened_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    last_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    resolved_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    resolution LowCardinality(String),
    touchpoints Array(Tuple(source String, id String)) CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS clocks
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    name LowCardinality(String),
    state LowCardinality(String),
    team LowCardinality(String),
    started_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    due_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    stopped_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    late_ms Nullable(Int64) CODEC(ZSTD(1)),
    started_by_source LowCardinality(String),
    started_by_id String CODEC(ZSTD(1)),
    stopped_by_source LowCardinality(String),
    stopped_by_id String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS stalled
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    status LowCardinality(String),
    track LowCardinality(String),
    stage LowCardinality(String),
    team LowCardinality(String),
    since DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    entered_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    last_counted_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    last_counted_source LowCardinality(String),
    last_counted_id String CODEC(ZSTD(1)),
    escalated_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    resolved_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS corrections
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    published UInt32 CODEC(ZSTD(1)),
    retracted UInt32 CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);

CREATE TABLE IF NOT EXISTS too_late
(
    customer_id String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    policy LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    behind_ms Int64 CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (customer_id, id);
