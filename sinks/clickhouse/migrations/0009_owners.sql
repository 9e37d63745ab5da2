-- Who owned each customer, and when: from the hand-offs that moved ownership, and the owner before the first of them.
CREATE VIEW IF NOT EXISTS v_owners AS
SELECT
    customer_id,
    team,
    nullIf(actor, '') AS actor,
    since,
    nullIf(leadInFrame(since) OVER (PARTITION BY customer_id ORDER BY since, rank, id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), toDateTime64(0, 3, 'UTC')) AS until,
    kind
FROM
(
    SELECT
        *,
        leadInFrame(since) OVER following AS next_since,
        lagInFrame((team, actor), 1, ('', '')) OVER preceding AS before
    FROM
    (
        SELECT customer_id, at AS since, to_team AS team, ifNull(actor, '') AS actor, kind, 1 AS rank, id
        FROM v_handoffs
        WHERE kind IN ('accepted', 'rejected', 'handed_back', 'assigned')
        UNION ALL
        SELECT customer_id, least(min(entered_at), min(owner_since)) AS since, any(owner_team) AS team, any(ifNull(owner_actor, '')) AS actor, 'first' AS kind, 0 AS rank, '' AS id
        FROM v_positions
        WHERE customer_id NOT IN (SELECT customer_id FROM v_handoffs WHERE kind IN ('accepted', 'rejected', 'handed_back', 'assigned'))
        GROUP BY customer_id
        UNION ALL
        SELECT customer_id, first.since AS since, moved.team AS team, '' AS actor, 'first' AS kind, 0 AS rank, '' AS id
        FROM (SELECT customer_id, argMin(from_team, at) AS team FROM v_handoffs WHERE kind IN ('accepted', 'rejected', 'handed_back', 'assigned') GROUP BY customer_id) AS moved
        INNER JOIN (SELECT customer_id, min(at) AS since FROM v_transitions GROUP BY customer_id) AS first USING customer_id
    )
    WINDOW
        following AS (PARTITION BY customer_id ORDER BY since, rank, id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
        preceding AS (PARTITION BY customer_id ORDER BY since, rank, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE (team, actor) != before AND since != next_since
COMMENT 'One row per customer and time under one owner: the team and, where one is named, the person in it. until is NULL while it lasts; kind is the hand-off by which it began, first for the owner before any.';
