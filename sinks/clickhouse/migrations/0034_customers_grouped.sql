-- To group by a number and count the groups takes less than a set of them, and 64 bits less than 128.
CREATE OR REPLACE VIEW v_totals AS
SELECT
    (SELECT count() FROM touches FINAL) AS touchpoints,
    (
        SELECT count()
        FROM (SELECT if((toUInt64(owner) AS customer) = 0, derived, customer) AS who FROM people FINAL WHERE is_touched GROUP BY who)
    ) AS customers,
    (SELECT if(count() = 0, NULL, max(at)) FROM touches) AS latest_occurred_at,
    (SELECT if(count() = 0, NULL, max(received_at)) FROM touchpoints) AS latest_received_at,
    (SELECT count() FROM touchpoints WHERE received_at > now64(3) - INTERVAL 1 MINUTE) AS last_minute
COMMENT 'One row: how much is held. A duplicate counts in last_minute alone.

touchpoints: accepted touchpoints, each once
customers: customers who were touched, by whom they are now
latest_occurred_at: UTC, the newest event time; NULL where there is none
latest_received_at: UTC, when the newest was received; NULL where there is none
last_minute: touchpoints received within the last 60 seconds, by the server`s clock';
