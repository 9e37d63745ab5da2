-- What analysts read: current, without duplicates or retracted facts. An absent text is NULL.
CREATE VIEW IF NOT EXISTS v_touchpoints AS
SELECT
    customer_id,
    nullIf(account, '') AS account,
    source,
    id,
    type,
    team,
    nullIf(actor, '') AS actor,
    channel,
    direction,
    nullIf(subject, '') AS subject,
    nullIf(campaign, '') AS campaign,
    nullIf(content, '') AS content,
    occurred_at,
    received_at,
    nullIf(crm_id, '') AS crm_id,
    nullIf(email, '') AS email,
    nullIf(phone, '') AS phone,
    nullIf(anonymous_id, '') AS anonymous_id,
    value_amount,
    nullIf(value_currency, '') AS value_currency,
    cost_amount,
    nullIf(cost_currency, '') AS cost_currency,
    properties,
    topic,
    partition,
    offset
FROM touchpoints FINAL
COMMENT 'One row per touchpoint: customer_id, source, id; the first arrival of a duplicate. Amounts in units of the currency; customer_id is empty for spend without a customer; times UTC in milliseconds; topic, partition, offset of journey.touchpoints.';

CREATE VIEW IF NOT EXISTS v_positions AS
SELECT
    customer_id,
    track,
    stage,
    entered_at,
    nullIf(furthest, '') AS furthest,
    visits,
    dwell_ms,
    owner_team,
    nullIf(owner_actor, '') AS owner_actor,
    owner_since,
    policy,
    recorded_at
FROM positions FINAL
COMMENT 'One row per customer and track: the stage now. visits counts entries per stage; dwell_ms is closed milliseconds per stage, the running visit excluded.';

CREATE VIEW IF NOT EXISTS v_transitions AS
SELECT
    id,
    customer_id,
    track,
    kind,
    nullIf(from_stage, '') AS from_stage,
    to_stage,
    at,
    dwell_ms,
    rule,
    nullIf(source, '') AS source,
    nullIf(touchpoint_id, '') AS touchpoint_id,
    policy,
    recorded_at
FROM transitions FINAL
COMMENT 'One row per move of a customer on a track. dwell_ms is milliseconds in from_stage on that visit; source and touchpoint_id are NULL where time alone moved the customer.';

CREATE VIEW IF NOT EXISTS v_handoffs AS
SELECT
    id,
    version,
    customer_id,
    kind,
    from_team,
    to_team,
    nullIf(actor, '') AS actor,
    nullIf(reason, '') AS reason,
    offered_at,
    latency_ms,
    business_ms,
    source,
    touchpoint_id,
    at,
    policy,
    recorded_at
FROM handoffs FINAL
COMMENT 'One row per move of ownership between the teams. latency_ms is calendar milliseconds since the offer, business_ms business milliseconds.';

CREATE VIEW IF NOT EXISTS v_overlaps AS
SELECT
    id,
    version,
    customer_id,
    kind,
    nullIf(subject, '') AS subject,
    status,
    severity,
    teams,
    precedence,
    precedence_rule,
    opened_at,
    last_at,
    resolved_at,
    nullIf(resolution, '') AS resolution,
    touchpoints,
    at,
    policy,
    recorded_at
FROM overlaps FINAL
COMMENT 'One row per overlap of the teams on a customer, open or resolved. touchpoints holds the first and the latest ones, 16 at most.';

CREATE VIEW IF NOT EXISTS v_clocks AS
SELECT
    id,
    version,
    customer_id,
    name,
    state,
    team,
    started_at,
    due_at,
    stopped_at,
    late_ms,
    started_by_source,
    started_by_id,
    nullIf(stopped_by_source, '') AS stopped_by_source,
    nullIf(stopped_by_id, '') AS stopped_by_id,
    at,
    policy,
    recorded_at
FROM clocks FINAL
COMMENT 'One row per response clock: running, met, breached or cancelled. late_ms is milliseconds from due_at to the stop of a breached clock.';

CREATE VIEW IF NOT EXISTS v_stalled AS
SELECT
    id,
    version,
    customer_id,
    kind,
    status,
    track,
    stage,
    team,
    since,
    entered_at,
    last_counted_at,
    nullIf(last_counted_source, '') AS last_counted_source,
    nullIf(last_counted_id, '') AS last_counted_id,
    escalated_at,
    resolved_at,
    at,
    policy,
    recorded_at
FROM stalled FINAL
COMMENT 'One row per stall of a customer in a stage, open or resolved: no counted activity, or no progress. since is when the limit passed.';

CREATE VIEW IF NOT EXISTS v_corrections AS
SELECT id, version, customer_id, source, touchpoint_id, published, retracted, at, policy, recorded_at
FROM corrections FINAL
COMMENT 'One row per late touchpoint that changed what had been said: how many facts were published anew and taken back.';

CREATE VIEW IF NOT EXISTS v_too_late AS
SELECT id, version, customer_id, source, touchpoint_id, behind_ms, at, policy, recorded_at
FROM too_late FINAL
COMMENT 'One row per touchpoint older than the correction window. behind_ms is milliseconds behind the newest touchpoint of the customer.';

CREATE VIEW IF NOT EXISTS v_alerts AS
SELECT id, type, customer_id, fact_id, at, recorded_at, data, policy
FROM alerts FINAL
COMMENT 'One row per alert. data is the fact it is about, as JSON.';

CREATE VIEW IF NOT EXISTS v_rejected AS
SELECT topic, partition, offset, reason, detail, pointer, origin, received_at, value, bytes
FROM rejected FINAL
COMMENT 'One row per record that was not accepted. value is the original bytes, cut where bytes, their original count, is larger; origin is topic/partition/offset of the original.';

CREATE VIEW IF NOT EXISTS v_identifiers AS
SELECT
    kind,
    value,
    customer_id,
    min(identifiers.first_seen_at) AS first_seen_at,
    max(identifiers.last_seen_at) AS last_seen_at
FROM identifiers
GROUP BY kind, value, customer_id
COMMENT 'One row per identifier and customer it was seen on: the earliest and the latest occurred_at. kind is customer_id, crm_id, email, phone or anonymous_id; values are normalised.';
