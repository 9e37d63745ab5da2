-- Every version of a fact that was ever told: the tables above keep the newest one alone. A replay tells a version again,
-- which is the same row. What is known now is asked there; what was known then, here.

CREATE TABLE IF NOT EXISTS transitions_told AS transitions
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, id, version)
COMMENT 'One row per version of a fact of transitions, those that are taken back included.';

CREATE MATERIALIZED VIEW IF NOT EXISTS transitions_telling TO transitions_told AS SELECT * FROM transitions;

INSERT INTO transitions_told SELECT * FROM transitions;

CREATE TABLE IF NOT EXISTS handoffs_told AS handoffs
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, id, version)
COMMENT 'One row per version of a fact of handoffs, those that are taken back included.';

CREATE MATERIALIZED VIEW IF NOT EXISTS handoffs_telling TO handoffs_told AS SELECT * FROM handoffs;

INSERT INTO handoffs_told SELECT * FROM handoffs;

CREATE TABLE IF NOT EXISTS overlaps_told AS overlaps
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, id, version)
COMMENT 'One row per version of a fact of overlaps, those that are taken back included.';

CREATE MATERIALIZED VIEW IF NOT EXISTS overlaps_telling TO overlaps_told AS SELECT * FROM overlaps;

INSERT INTO overlaps_told SELECT * FROM overlaps;

CREATE TABLE IF NOT EXISTS clocks_told AS clocks
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, id, version)
COMMENT 'One row per version of a fact of clocks, those that are taken back included.';

CREATE MATERIALIZED VIEW IF NOT EXISTS clocks_telling TO clocks_told AS SELECT * FROM clocks;

INSERT INTO clocks_told SELECT * FROM clocks;

CREATE TABLE IF NOT EXISTS stalled_told AS stalled
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, id, version)
COMMENT 'One row per version of a fact of stalled, those that are taken back included.';

CREATE MATERIALIZED VIEW IF NOT EXISTS stalled_telling TO stalled_told AS SELECT * FROM stalled;

INSERT INTO stalled_told SELECT * FROM stalled;

CREATE TABLE IF NOT EXISTS deals_told AS deals
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, id, version)
COMMENT 'One row per version of a fact of deals, those that are taken back included.';

CREATE MATERIALIZED VIEW IF NOT EXISTS deals_telling TO deals_told AS SELECT * FROM deals;

INSERT INTO deals_told SELECT * FROM deals;

CREATE OR REPLACE VIEW v_transitions_as_of AS
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
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM transitions_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per move of a customer on a track, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: who moved
track: on which track
kind: enter, advance, skip, regress, recycle, re-enter or exit
from_stage: the stage left, NULL for the first one
to_stage: the stage entered
at: UTC, when it happened
dwell_ms: milliseconds in from_stage on that visit
rule: the policy`s rule that moved the customer
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_positions_as_of AS
SELECT
    customer_id,
    track,
    argMax(to_stage, (at, ifNull(dwell_ms = 0, 0))) AS stage,
    max(at) AS entered_at,
    dateDiff('millisecond', entered_at, {at:DateTime64(3, 'UTC')}) AS stage_open_ms
FROM
(
    -- What was told last was told by then, of most facts; of the others the versions are gone through. One that is here
    -- twice changes nothing.
    SELECT customer_id, track, to_stage, at, dwell_ms
    FROM transitions FINAL
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT customer_id, track, to_stage, at, dwell_ms
    FROM
    (
        SELECT customer_id, track, to_stage, at, dwell_ms, is_deleted
        FROM transitions_told
        WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
            AND (customer_id, id) IN (SELECT customer_id, id FROM transitions_told WHERE recorded_at > {known:DateTime64(3, 'UTC')})
        ORDER BY customer_id DESC, id DESC, version DESC
        LIMIT 1 BY customer_id, id
    )
    WHERE is_deleted = 0
) AS one
WHERE one.at <= {at:DateTime64(3, 'UTC')}
GROUP BY customer_id, track
COMMENT 'One row per customer and track: the stage at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

customer_id: whose position it is
track: on which track
stage: the stage, or the detour, at that moment
entered_at: UTC, since when
stage_open_ms: milliseconds in the stage until at, the running visit alone';

CREATE OR REPLACE VIEW v_stalled_as_of AS
SELECT
    id,
    customer_id,
    kind,
    track,
    stage,
    team,
    since,
    entered_at,
    last_counted_at,
    ifNull(escalated_at <= {at:DateTime64(3, 'UTC')}, 0) AS is_escalated,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM stalled_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
    AND since <= {at:DateTime64(3, 'UTC')}
    AND (resolved_at IS NULL OR resolved_at > {at:DateTime64(3, 'UTC')})
COMMENT 'One row per stall that was open at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: who stood still
kind: no_activity or no_progress
track: on which track
stage: in which stage
team: the customer`s owner when it opened
since: UTC, when the limit passed
entered_at: UTC, when the customer entered the stage
last_counted_at: UTC, the last counted touch, NULL where there was none
is_escalated: 1 where it was escalated by then
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_overlaps_as_of AS
SELECT
    id,
    customer_id,
    kind,
    nullIf(subject, '') AS subject,
    severity,
    teams,
    precedence,
    opened_at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM overlaps_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
    AND opened_at <= {at:DateTime64(3, 'UTC')}
    AND (resolved_at IS NULL OR resolved_at > {at:DateTime64(3, 'UTC')})
COMMENT 'One row per overlap that was open at a moment, as it was known at another. Parameters: at, UTC: the moment asked for; known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: on whom; an account_id for kind account
kind: subject, conflict, off_turf, double_owner, pressure or account
subject: what both were on, NULL where it is of none
severity: low, medium or high
teams: the teams
precedence: the team that goes first
opened_at: UTC, since when
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_clocks_as_of AS
SELECT
    id,
    customer_id,
    name,
    state,
    team,
    started_at,
    due_at,
    stopped_at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM clocks_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per response clock, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: whose answer is due
name: the policy`s clock
state: running, met, breached or cancelled, as told by then
team: who has to answer
started_at: UTC
due_at: UTC
stopped_at: UTC, NULL while nothing stopped it
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_handoffs_as_of AS
SELECT
    id,
    customer_id,
    kind,
    from_team,
    to_team,
    nullIf(actor, '') AS actor,
    nullIf(reason, '') AS reason,
    offered_at,
    latency_ms,
    business_ms,
    at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM handoffs_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per move of ownership between the teams, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: whose ownership moved
kind: offered, accepted, rejected, handed_back, assigned, claimed or released
from_team: who had it
to_team: who was to have it
actor: the person who took it, NULL where none was named
reason: why not, NULL where none was given
offered_at: UTC, of the offer that this answers
latency_ms: calendar milliseconds since the offer
business_ms: business milliseconds since the offer
at: UTC, when it happened
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_deals_as_of AS
SELECT
    id,
    customer_id,
    deal,
    status,
    amount,
    nullIf(currency, '') AS currency,
    created_at,
    expected_close_at,
    closed_at,
    reopened,
    owner_team,
    nullIf(owner_actor, '') AS owner_actor,
    at,
    policy,
    recorded_at
FROM
(
    SELECT *
    FROM deals_told
    WHERE recorded_at <= {known:DateTime64(3, 'UTC')}
    ORDER BY customer_id DESC, id DESC, version DESC
    LIMIT 1 BY customer_id, id
)
WHERE is_deleted = 0
COMMENT 'One row per deal of a customer, as it was known at a moment. Parameters: known, UTC: only what was told by then. What is known now: known = now64(3).

id: the fact, 32 hex digits
customer_id: whose deal it is
deal: its key among the customer`s deals
status: open, won or lost
amount: in units of currency, NULL where none was said
currency: ISO 4217
created_at: UTC, NULL where nothing said that it was created
expected_close_at: UTC
closed_at: UTC, NULL while it is open
reopened: how often it was
owner_team: the owner of the customer at at
owner_actor: the person in it
at: UTC, when it was changed last
policy: name and version of the policy
recorded_at: UTC, when this version was told';

CREATE OR REPLACE VIEW v_touchpoints_as_of AS
SELECT *
FROM v_touchpoints
WHERE received_at <= {known:DateTime64(3, 'UTC')}
COMMENT 'One row per touchpoint that had been received by a moment: the columns of v_touchpoints. customer_id is whom it belongs to now. Parameters: known, UTC.';
