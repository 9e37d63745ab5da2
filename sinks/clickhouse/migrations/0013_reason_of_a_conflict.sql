-- Why an identifier does not join a customer: two known people share it, or one customer would have too many.
ALTER TABLE identity_conflicts ADD COLUMN IF NOT EXISTS reason LowCardinality(String) DEFAULT 'two_known' AFTER refused;

CREATE OR REPLACE VIEW v_identity_conflicts AS
SELECT
    conflict.id AS id,
    conflict.version AS version,
    conflict.customer_id AS customer_id,
    conflict.kind AS kind,
    conflict.value AS value,
    if(keeper.customer_id = '', conflict.kept_by, keeper.customer_id) AS kept_by,
    if(other.customer_id = '', conflict.refused, other.customer_id) AS refused,
    conflict.reason AS reason,
    conflict.source AS source,
    conflict.touchpoint_id AS touchpoint_id,
    conflict.at AS at,
    conflict.policy AS policy,
    conflict.recorded_at AS recorded_at
FROM identity_conflicts AS conflict FINAL
LEFT JOIN (SELECT derived_id, customer_id FROM identities FINAL) AS keeper ON keeper.derived_id = conflict.kept_by
LEFT JOIN (SELECT derived_id, customer_id FROM identities FINAL) AS other ON other.derived_id = conflict.refused
COMMENT 'One row per identifier (kind, value: normalised) that was named with a customer and does not join it: it stays with kept_by and does not join refused, both by their customer_id of now; customer_id is the derived id of who was refused. reason is two_known (both are known people, who share it) or too_many (together they have too many identifiers for one customer: of all such of refused the earliest). source and touchpoint_id name the first touchpoint that named both.';
