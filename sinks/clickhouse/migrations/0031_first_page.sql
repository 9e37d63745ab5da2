-- max() of a column, and a count by it, are answered from what every part knows of its times; maxOrNull() and countIf() read
-- them all.
CREATE OR REPLACE VIEW v_totals AS
SELECT
    (SELECT count() FROM touches FINAL) AS touchpoints,
    (SELECT uniqExact(if(owner = 0, derived, toUInt64(owner))) FROM people FINAL WHERE is_touched) AS customers,
    (SELECT if(count() = 0, NULL, max(at)) FROM touches) AS latest_occurred_at,
    (SELECT if(count() = 0, NULL, max(received_at)) FROM touchpoints) AS latest_received_at,
    (SELECT count() FROM touchpoints WHERE received_at > now64(3) - INTERVAL 1 MINUTE) AS last_minute
COMMENT 'One row: how much is held. A duplicate counts in last_minute alone.

touchpoints: accepted touchpoints, each once
customers: customers who were touched, by whom they are now
latest_occurred_at: UTC, the newest event time; NULL where there is none
latest_received_at: UTC, when the newest was received; NULL where there is none
last_minute: touchpoints received within the last 60 seconds, by the server`s clock';

-- What an account is called: of a few accounts, without a look at all that their people did.
CREATE TABLE IF NOT EXISTS account_names
(
    account_id String CODEC(ZSTD(1)),
    account String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY account_id
SETTINGS index_granularity = 256, min_compress_block_size = 4096
COMMENT 'One row per account that a touchpoint named: an account_id stands for one spelling.';

CREATE MATERIALIZED VIEW IF NOT EXISTS account_names_of_touchpoints TO account_names AS
SELECT account_id, any(touchpoints.account) AS account
FROM touchpoints
WHERE account_id != ''
GROUP BY account_id;

INSERT INTO account_names SELECT account_id, any(touchpoints.account) AS account
FROM touchpoints
WHERE account_id != ''
GROUP BY account_id;
