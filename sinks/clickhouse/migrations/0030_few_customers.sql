-- A look-up of one row read 8192 of them, and unpacked what was packed with these. What is found by a key of a few
-- customers has short granules, each packed alone: a fiftieth is read.
CREATE TABLE IF NOT EXISTS identity_places
(
    key UInt64 CODEC(ZSTD(1)),
    own UInt64 CODEC(ZSTD(1)),
    derived_id String CODEC(ZSTD(1)),
    customer_id String CODEC(ZSTD(1)),
    number UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(number)
ORDER BY (key, own)
SETTINGS index_granularity = 256, min_compress_block_size = 4096
COMMENT 'Where identities are found: own is sipHash64 of kind and value. The row by whose key it is says whose the identifier is now; one more, by sipHash64 of the customer_id, for each customer that it ever belonged to, which it may have left.';

CREATE MATERIALIZED VIEW IF NOT EXISTS places_of_identities TO identity_places AS
SELECT place.1 AS key, own, derived_id, place.2 AS customer_id, number
FROM
(
    SELECT sipHash64(kind, value) AS own, derived_id, number, arrayJoin([(sipHash64(customer_id), ''), (own, customer_id)]) AS place
    FROM identities
);

INSERT INTO identity_places SELECT place.1 AS key, own, derived_id, place.2 AS customer_id, number
FROM
(
    SELECT sipHash64(kind, value) AS own, derived_id, number, arrayJoin([(sipHash64(customer_id), ''), (own, customer_id)]) AS place
    FROM identities
);

ALTER TABLE identifiers ADD PROJECTION IF NOT EXISTS by_customer (SELECT * ORDER BY customer_id) WITH SETTINGS (index_granularity = 256, min_compress_block_size = 4096);

ALTER TABLE identifiers MATERIALIZE PROJECTION by_customer;

ALTER TABLE identifiers DROP PROJECTION IF EXISTS of_customers;

-- Arrays in an IN of their own: of an array that a function makes ClickHouse makes has(), which asks no key.
CREATE OR REPLACE VIEW derived_of AS
SELECT derived_id, customer_id
FROM identity_places FINAL
PREWHERE key IN (SELECT own FROM identity_places WHERE key IN (SELECT sipHash64(arrayJoin({customers:Array(String)}))))
WHERE key = own AND customer_id IN {customers:Array(String)}
UNION ALL
SELECT asked AS derived_id, asked AS customer_id
FROM (SELECT arrayJoin(arrayDistinct({customers:Array(String)})) AS asked)
WHERE asked NOT IN (SELECT derived_id FROM identities WHERE derived_id IN {customers:Array(String)})
COMMENT 'Some customers by the ids that their touchpoints have. What the reports are made of.';

CREATE OR REPLACE VIEW v_identifiers_of AS
WITH
    (
        SELECT (groupArray(derived_id), groupArray(customer_id)) FROM derived_of(customers = {customers:Array(String)})
    ) AS ids,
    (
        SELECT groupArray((kind, value, customer_id, first_seen_at, last_seen_at))
        FROM identifiers
        WHERE customer_id IN (SELECT arrayJoin(ids.1))
    ) AS seen
SELECT
    kind,
    value,
    customer_id,
    first_seen_at,
    last_seen_at,
    owner.customer_id IN ('', found.customer_id) AS belongs
FROM
(
    SELECT
        one.1 AS kind,
        one.2 AS value,
        transform(one.3, ids.1, ids.2, '') AS customer_id,
        min(one.4) AS first_seen_at,
        max(one.5) AS last_seen_at
    FROM (SELECT arrayJoin(seen) AS one)
    GROUP BY kind, value, customer_id
) AS found
LEFT JOIN
(
    SELECT key, customer_id
    FROM identity_places FINAL
    PREWHERE key IN (SELECT arrayJoin(arrayMap(one -> sipHash64(one.1, one.2), seen)))
    WHERE key = own
) AS owner ON owner.key = sipHash64(found.kind, found.value)
COMMENT 'One row per identifier and customer it was seen on, of some customers: what v_identifiers says of them, without a look at all the others. Parameters: customers, their customer_id of now.

kind: customer_id (former ones too), crm_id, email, phone or anonymous_id
value: normalised
customer_id: whose it is now
first_seen_at: UTC, the earliest occurred_at
last_seen_at: UTC, the latest occurred_at
belongs: 0 where it stays with another customer: two known people share it';

DROP TABLE IF EXISTS identity_keys_of_identities;

DROP TABLE IF EXISTS identity_keys;
