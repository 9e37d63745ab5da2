/* Where the customers are on each track, and which team owns them there. */
SELECT track, stage, owner_team, count() AS customers
FROM v_positions
GROUP BY track, stage, owner_team
ORDER BY track, customers DESC
