-- A person's word that two identifiers are two people names both of them: nobody was seen with the other one's.
ALTER TABLE identifiers_of_touchpoints MODIFY QUERY
SELECT
    pair.1 AS kind,
    pair.2 AS value,
    customer_id,
    occurred_at AS first_seen_at,
    occurred_at AS last_seen_at
FROM
(
    SELECT
        customer_id,
        occurred_at,
        arrayJoin(arrayFilter(
            pair -> pair.2 != '',
            [('customer_id', customer_id), ('crm_id', crm_id), ('email', email), ('phone', phone), ('anonymous_id', anonymous_id)]
        )) AS pair
    FROM touchpoints
    WHERE customer_id != '' AND type != 'identity.unlinked'
);
