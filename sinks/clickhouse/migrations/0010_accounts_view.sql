-- An account by its people: a customer is of every account that a touchpoint of it names.
CREATE VIEW IF NOT EXISTS v_accounts AS
SELECT
    touched.account_id AS account_id,
    touched.account AS account,
    touched.people AS people,
    touched.touchpoints AS touchpoints,
    touched.teams AS teams,
    touched.first_touch_at AS first_touch_at,
    touched.last_touch_at AS last_touch_at,
    reached.furthest AS furthest,
    found.open_overlaps AS open_overlaps
FROM
(
    SELECT
        account_id,
        any(account) AS account,
        uniqExact(customer_id) AS people,
        count() AS touchpoints,
        arraySort(groupUniqArray(team)) AS teams,
        min(occurred_at) AS first_touch_at,
        max(occurred_at) AS last_touch_at
    FROM v_touchpoints
    WHERE account_id IS NOT NULL
    GROUP BY account_id
) AS touched
LEFT JOIN
(
    SELECT account_id, sumMap(map(concat(track, '.', ifNull(furthest, '')), toUInt64(1))) AS furthest
    FROM (SELECT DISTINCT account_id, customer_id FROM v_touchpoints WHERE account_id IS NOT NULL) AS members
    INNER JOIN (SELECT customer_id, track, furthest FROM v_positions WHERE furthest IS NOT NULL) AS places USING customer_id
    GROUP BY account_id
) AS reached ON reached.account_id = touched.account_id
LEFT JOIN
(
    SELECT customer_id, countIf(status = 'open') AS open_overlaps
    FROM v_overlaps
    WHERE kind = 'account'
    GROUP BY customer_id
) AS found ON found.customer_id = touched.account_id
COMMENT 'One row per account: a domain or a CRM account id. people are its customers; teams are those that touched it; furthest counts people by track.stage that each has reached at most; open_overlaps are of the account itself, across its people.';
