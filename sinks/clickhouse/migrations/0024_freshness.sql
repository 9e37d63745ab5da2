CREATE OR REPLACE VIEW v_freshness AS
SELECT
    topic,
    held.partitions AS partitions,
    held.position AS position,
    newest.event_at AS newest_event_at,
    newest.recorded AS newest_recorded_at,
    greatest(dateDiff('millisecond', newest_recorded_at, now64(3)), 0) AS age_ms
FROM
(
    SELECT topic, count() AS partitions, sum(position) AS position
    FROM sink_positions FINAL
    GROUP BY topic
) AS held
LEFT JOIN
(
    SELECT 'journey.touchpoints' AS topic, maxOrNull(occurred_at) AS event_at, maxOrNull(received_at) AS recorded FROM touchpoints
    UNION ALL
    SELECT 'journey.facts', maxOrNull(event_at), maxOrNull(told)
    FROM
    (
        SELECT max(at) AS event_at, max(recorded_at) AS told FROM transitions
        UNION ALL SELECT max(at), max(recorded_at) FROM positions
        UNION ALL SELECT max(at), max(recorded_at) FROM handoffs
        UNION ALL SELECT max(at), max(recorded_at) FROM overlaps
        UNION ALL SELECT max(at), max(recorded_at) FROM clocks
        UNION ALL SELECT max(at), max(recorded_at) FROM stalled
        UNION ALL SELECT max(at), max(recorded_at) FROM deals
        UNION ALL SELECT max(at), max(recorded_at) FROM feedback
    )
    UNION ALL
    SELECT 'journey.alerts', maxOrNull(at), maxOrNull(recorded_at) FROM alerts
    UNION ALL
    SELECT 'touchpoints.rejected', NULL, maxOrNull(received_at) FROM rejected
) AS newest USING topic
COMMENT 'One row per topic that the tables hold: how far they are, and how old the newest record in them is. A quiet hour looks like a late one: compare position with the topic`s end, as throughline status does.

topic: the topic
partitions: partitions of which something is held
position: records of it that are queryable, transaction markers counted, summed over partitions
newest_event_at: UTC, the newest event time among them; NULL where the topic has none
newest_recorded_at: UTC, when the newest of them was received or told
age_ms: milliseconds since then, by the server`s clock';
