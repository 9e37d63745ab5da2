-- What is asked of a few customers is found by a sorting key: ids by whose they are, or were, and by what they stand for.
-- Ids change hands, so what is found here is looked up in `identities`, which knows whose they are now.
CREATE TABLE IF NOT EXISTS identity_keys
(
    key String CODEC(ZSTD(1)),
    derived_id String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (key, derived_id)
COMMENT 'Where identities are found: a row for each customer_id that a derived id ever had, and one for the value that it stands for.';

CREATE MATERIALIZED VIEW IF NOT EXISTS identity_keys_of_identities TO identity_keys AS
SELECT arrayJoin([customer_id, value]) AS key, derived_id
FROM identities;

INSERT INTO identity_keys SELECT arrayJoin([customer_id, value]) AS key, derived_id
FROM identities;

ALTER TABLE identifiers MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE identifiers ADD PROJECTION IF NOT EXISTS of_customers (SELECT * ORDER BY customer_id);

ALTER TABLE identifiers MATERIALIZE PROJECTION of_customers;

CREATE OR REPLACE VIEW derived_of AS
SELECT derived_id, customer_id
FROM identities FINAL
WHERE derived_id IN (SELECT derived_id FROM identity_keys WHERE key IN {customers:Array(String)}) AND customer_id IN {customers:Array(String)}
UNION ALL
SELECT asked AS derived_id, asked AS customer_id
FROM (SELECT arrayJoin(arrayDistinct({customers:Array(String)})) AS asked)
WHERE asked NOT IN (SELECT derived_id FROM identities FINAL WHERE derived_id IN {customers:Array(String)})
COMMENT 'Some customers by the ids that their touchpoints have. What the reports are made of.';

CREATE OR REPLACE VIEW v_identifiers_of AS
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
        seen.kind AS kind,
        seen.value AS value,
        identity.customer_id AS customer_id,
        min(seen.first_seen_at) AS first_seen_at,
        max(seen.last_seen_at) AS last_seen_at
    FROM
    (
        SELECT kind, value, customer_id, first_seen_at, last_seen_at
        FROM identifiers
        WHERE customer_id IN (SELECT derived_id FROM derived_of(customers = {customers:Array(String)}))
    ) AS seen
    INNER JOIN (SELECT derived_id, customer_id FROM derived_of(customers = {customers:Array(String)})) AS identity ON identity.derived_id = seen.customer_id
    GROUP BY kind, value, customer_id
) AS found
LEFT JOIN
(
    SELECT kind, value, customer_id
    FROM identities FINAL
    WHERE derived_id IN
    (
        SELECT derived_id
        FROM identity_keys
        WHERE key IN (SELECT value FROM identifiers WHERE customer_id IN (SELECT derived_id FROM derived_of(customers = {customers:Array(String)})))
    )
) AS owner ON owner.kind = found.kind AND owner.value = found.value
COMMENT 'One row per identifier and customer it was seen on, of some customers: what v_identifiers says of them, without a look at all the others. Parameters: customers, their customer_id of now.

kind: customer_id (former ones too), crm_id, email, phone or anonymous_id
value: normalised
customer_id: whose it is now
first_seen_at: UTC, the earliest occurred_at
last_seen_at: UTC, the latest occurred_at
belongs: 0 where it stays with another customer: two known people share it';

CREATE OR REPLACE VIEW v_totals AS
SELECT
    (SELECT count() FROM touches FINAL) AS touchpoints,
    (
        SELECT uniqExact(if(owner.customer = 0, one.customer, owner.customer))
        FROM (SELECT DISTINCT customer FROM touches WHERE customer != 0) AS one
        LEFT JOIN (SELECT derived, customer FROM owners FINAL WHERE derived != customer) AS owner ON owner.derived = one.customer
    ) AS customers,
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
