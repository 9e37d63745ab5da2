-- What the console counts, kept narrow. Whose a derived id is, and whether it was touched, in one row: the highest decision
-- counts, and a touch stays one however often it comes. Number and customer are one number, not a tuple: FINAL reads a
-- tuple's elements without aggregating them.
CREATE TABLE IF NOT EXISTS people
(
    derived UInt64,
    owner SimpleAggregateFunction(max, UInt128) CODEC(ZSTD(1)),
    is_touched SimpleAggregateFunction(max, UInt8)
)
ENGINE = AggregatingMergeTree
PARTITION BY derived % 4
ORDER BY derived
COMMENT 'One row per derived id that was touched or ever assigned, for the console: sipHash64 of the id, 2^64 times the highest decision and whose it is by it, 0 for none.';

CREATE MATERIALIZED VIEW IF NOT EXISTS people_of_identities TO people AS
SELECT sipHash64(derived_id) AS derived, bitShiftLeft(toUInt128(number), 64) + sipHash64(customer_id) AS owner, 0 AS is_touched
FROM identities;

CREATE MATERIALIZED VIEW IF NOT EXISTS people_of_touchpoints TO people AS
SELECT DISTINCT sipHash64(customer_id) AS derived, toUInt128(0) AS owner, 1 AS is_touched
FROM touchpoints
WHERE customer_id != '';

INSERT INTO people SELECT derived, bitShiftLeft(toUInt128(number), 64) + customer AS owner, 0 AS is_touched
FROM owners;

INSERT INTO people SELECT DISTINCT customer AS derived, toUInt128(0) AS owner, 1 AS is_touched
FROM touches
WHERE customer != 0;

-- What the console counts of stalls.
CREATE TABLE IF NOT EXISTS stalls
(
    customer UInt64,
    fact UInt64,
    version UInt64 CODEC(ZSTD(1)),
    is_deleted UInt8,
    is_open UInt8,
    is_escalated UInt8,
    kind LowCardinality(String),
    track LowCardinality(String),
    stage LowCardinality(String),
    since DateTime64(3, 'UTC') CODEC(T64, LZ4),
    customer_id String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY customer % 4
ORDER BY (customer, fact)
COMMENT 'One row per stall, for the console: customer is sipHash64 of the customer_id, fact is sipHash64 of the id.';

CREATE MATERIALIZED VIEW IF NOT EXISTS stalls_of_stalled TO stalls AS
SELECT
    sipHash64(customer_id) AS customer,
    sipHash64(id) AS fact,
    version,
    is_deleted,
    status = 'open' AS is_open,
    escalated_at IS NOT NULL AS is_escalated,
    kind,
    track,
    stage,
    since,
    customer_id
FROM stalled;

INSERT INTO stalls SELECT
    sipHash64(customer_id) AS customer,
    sipHash64(id) AS fact,
    version,
    is_deleted,
    status = 'open' AS is_open,
    escalated_at IS NOT NULL AS is_escalated,
    kind,
    track,
    stage,
    since,
    customer_id
FROM stalled;

CREATE OR REPLACE VIEW v_totals AS
SELECT
    (SELECT count() FROM touches FINAL) AS touchpoints,
    (SELECT uniqExact(if(owner = 0, derived, toUInt64(owner))) FROM people FINAL WHERE is_touched) AS customers,
    (SELECT maxOrNull(at) FROM touches) AS latest_occurred_at,
    latest.1 AS latest_received_at,
    latest.2 AS last_minute
FROM
(
    SELECT (maxOrNull(received_at), countIf(received_at > now64(3) - INTERVAL 1 MINUTE)) AS latest FROM touchpoints
)
COMMENT 'One row: how much is held. A duplicate counts in last_minute alone.

touchpoints: accepted touchpoints, each once
customers: customers who were touched, by whom they are now
latest_occurred_at: UTC, the newest event time; NULL where there is none
latest_received_at: UTC, when the newest was received; NULL where there is none
last_minute: touchpoints received within the last 60 seconds, by the server`s clock';
