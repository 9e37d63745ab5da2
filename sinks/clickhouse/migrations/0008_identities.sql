-- Who is who. touchpoints.customer_id is the derived id of a touchpoint's own strongest identifier, which no merge
-- changes: so no row is ever rewritten, and views ask here whom it belongs to now.
CREATE TABLE IF NOT EXISTS identities
(
    derived_id String CODEC(ZSTD(1)),
    customer_id String CODEC(ZSTD(1)),
    number UInt64 CODEC(ZSTD(1)),
    kind LowCardinality(String),
    value String CODEC(ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_customer customer_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_value value TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(number)
ORDER BY derived_id;

CREATE TABLE IF NOT EXISTS identity_links
(
    source LowCardinality(String),
    touchpoint_id String CODEC(ZSTD(1)),
    derived_ids Array(String) CODEC(ZSTD(1)),
    identifiers Array(Tuple(kind LowCardinality(String), value String)) CODEC(ZSTD(1)),
    statement LowCardinality(String),
    occurred_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    topic LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_derived_id derived_ids TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (source, touchpoint_id, derived_ids);

CREATE VIEW IF NOT EXISTS v_identities AS
SELECT derived_id, customer_id, kind, value, number
FROM identities FINAL
COMMENT 'One row per identifier (kind, value: normalised) that was ever assigned to a customer, or has been assigned others: customer_id is whom it belongs to now. derived_id is the customer_id that it stands for alone; an identifier that nothing links is no row and belongs to its derived_id. number is the decision.';

CREATE VIEW IF NOT EXISTS v_identity_links AS
SELECT source, touchpoint_id, occurred_at, statement, identifiers, derived_ids, offset
FROM identity_links FINAL
COMMENT 'One row per touchpoint that named identifiers together, as the resolver was told: repeats of what was told lately are left out. statement is seen, or a person`s linked or unlinked; identifiers and their derived_ids are in the same order, the strongest first; offset is the place in identity.links.';

CREATE OR REPLACE VIEW v_identity_conflicts AS
SELECT
    conflict.id AS id,
    conflict.version AS version,
    conflict.customer_id AS customer_id,
    conflict.kind AS kind,
    conflict.value AS value,
    if(keeper.customer_id = '', conflict.kept_by, keeper.customer_id) AS kept_by,
    if(other.customer_id = '', conflict.refused, other.customer_id) AS refused,
    conflict.source AS source,
    conflict.touchpoint_id AS touchpoint_id,
    conflict.at AS at,
    conflict.policy AS policy,
    conflict.recorded_at AS recorded_at
FROM identity_conflicts AS conflict FINAL
LEFT JOIN (SELECT derived_id, customer_id FROM identities FINAL) AS keeper ON keeper.derived_id = conflict.kept_by
LEFT JOIN (SELECT derived_id, customer_id FROM identities FINAL) AS other ON other.derived_id = conflict.refused
COMMENT 'One row per identifier (kind, value: normalised) shared by two known people who were not merged: it stays with kept_by and does not join refused, both by their customer_id of now; customer_id is the derived id of who was refused. source and touchpoint_id name the first touchpoint that named both.';

CREATE OR REPLACE VIEW v_touchpoints AS
SELECT
    if(identity.customer_id = '', touchpoint.customer_id, identity.customer_id) AS customer_id,
    touchpoint.customer_id AS derived_id,
    nullIf(touchpoint.account, '') AS account,
    nullIf(touchpoint.account_id, '') AS account_id,
    touchpoint.source AS source,
    touchpoint.id AS id,
    touchpoint.type AS type,
    touchpoint.team AS team,
    nullIf(touchpoint.actor, '') AS actor,
    touchpoint.channel AS channel,
    touchpoint.direction AS direction,
    nullIf(touchpoint.subject, '') AS subject,
    nullIf(touchpoint.campaign, '') AS campaign,
    nullIf(touchpoint.content, '') AS content,
    touchpoint.occurred_at AS occurred_at,
    touchpoint.received_at AS received_at,
    nullIf(touchpoint.crm_id, '') AS crm_id,
    nullIf(touchpoint.email, '') AS email,
    nullIf(touchpoint.phone, '') AS phone,
    nullIf(touchpoint.anonymous_id, '') AS anonymous_id,
    touchpoint.value_amount AS value_amount,
    nullIf(touchpoint.value_currency, '') AS value_currency,
    touchpoint.cost_amount AS cost_amount,
    nullIf(touchpoint.cost_currency, '') AS cost_currency,
    touchpoint.properties AS properties,
    touchpoint.topic AS topic,
    touchpoint.partition AS partition,
    touchpoint.offset AS offset
FROM touchpoints AS touchpoint FINAL
LEFT JOIN (SELECT derived_id, customer_id FROM identities FINAL) AS identity ON identity.derived_id = touchpoint.customer_id
COMMENT 'One row per touchpoint: derived_id, source, id; the first arrival of a duplicate. customer_id is whom it belongs to now, derived_id what its own strongest identifier stands for, which no merge changes and by which the table is sorted; both are empty for spend without a customer. Amounts in units of the currency; times UTC in milliseconds; topic, partition, offset of journey.touchpoints.';

CREATE OR REPLACE VIEW v_identifiers AS
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
        if(identity.customer_id = '', seen.customer_id, identity.customer_id) AS customer_id,
        min(seen.first_seen_at) AS first_seen_at,
        max(seen.last_seen_at) AS last_seen_at
    FROM identifiers AS seen
    LEFT JOIN (SELECT derived_id, customer_id FROM identities FINAL) AS identity ON identity.derived_id = seen.customer_id
    GROUP BY kind, value, customer_id
) AS found
LEFT JOIN (SELECT kind, value, customer_id FROM identities FINAL) AS owner ON owner.kind = found.kind AND owner.value = found.value
COMMENT 'One row per identifier and customer it was seen on: the earliest and the latest occurred_at. belongs is 0 where it stays with another customer: two known people share it. kind is customer_id (former ones too), crm_id, email, phone or anonymous_id; values are normalised.';
