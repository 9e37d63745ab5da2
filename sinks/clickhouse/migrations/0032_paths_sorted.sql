-- What came under two identifiers counts once: sorted, the two stand side by side. A set of tuples with texts took as long as
-- reading did.
CREATE OR REPLACE VIEW dealing_paths AS
WITH
    assumeNotNull((
        SELECT any(([if(credited.whole = 1, credited.types, ['']), credited.teams, credited.channels, credited.directions, credited.subjects], lookback_ms))
        FROM policy_now
    )) AS terms,
    terms.1 AS wanted
SELECT
    owner.customer AS customer,
    arrayCompact(arraySort(groupArray((moment, touch, source, type, team, channel, campaign, content)))) AS path
FROM
(
    -- Rows of one key pass or fail together, so FINAL chooses among the same ones as without.
    SELECT
        customer,
        toUnixTimestamp64Milli(at) AS moment,
        touch,
        toString(source) AS source,
        toString(type) AS type,
        toString(team) AS team,
        toString(channel) AS channel,
        toString(campaign) AS campaign,
        toString(content) AS content
    FROM touches FINAL
    PREWHERE customer IN (SELECT derived FROM owners FINAL WHERE customer IN (
        SELECT sipHash64(customer_id)
        FROM deals FINAL
        WHERE ({by:String} = 'won' AND status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')})
            OR ({by:String} = 'created' AND created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')})
    ))
    WHERE at >= {since:DateTime64(3, 'UTC')} - toIntervalMillisecond(terms.2)
        AND (at < {until:DateTime64(3, 'UTC')} OR {by:String} != 'won')
        AND (empty(wanted[1]) OR type IN wanted[1])
        AND (empty(wanted[2]) OR team IN wanted[2])
        AND (empty(wanted[3]) OR channel IN wanted[3])
        AND (empty(wanted[4]) OR direction IN wanted[4])
        AND (empty(wanted[5]) OR subject IN wanted[5])
) AS one
INNER JOIN
(
    SELECT derived, customer FROM owners FINAL WHERE customer IN (
        SELECT sipHash64(customer_id)
        FROM deals FINAL
        WHERE ({by:String} = 'won' AND status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')})
            OR ({by:String} = 'created' AND created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')})
    )
) AS owner ON owner.derived = one.customer
GROUP BY customer
COMMENT 'The touches that can be credited, in order, of each customer with a deal that was won, or created, in a period: from the lookback before it, and to its end for those won. What the reports are made of.';

-- Which channels there are was asked by a set of every touch's channel as text: a tenth of the whole.
CREATE OR REPLACE VIEW markov_weights AS
WITH
    toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS begins,
    toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}) AS ends,
    (SELECT arraySort(groupArray(toString(channel))) FROM (SELECT DISTINCT channel FROM touches WHERE {model:String} = 'markov')) AS channels,
    assumeNotNull((
        SELECT any(([if(credited.whole = 1, credited.types, ['']), credited.teams, credited.channels, credited.directions, credited.subjects], lookback_ms))
        FROM policy_now
    )) AS terms,
    terms.1 AS wanted,
    terms.2 AS lookback
SELECT mapFromArrays(arrayMap(number -> channels[number], numbers), arrayMap(rate -> if(rates[1] = 0, toInt64(0), toInt64(round(greatest(1 - rate / rates[1], 0) * 1000000000))), arrayPopFront(rates))) AS weights
FROM
(
    SELECT any(numbers) AS numbers, arrayMap(one -> one.2, arraySort(groupArray((gone, rate)))) AS rates
    FROM
    (
        -- Eliminated one channel after another, the equations are left with the chance to win from each.
        SELECT
            numbers,
            gone,
            arrayFold(
                (rows, pivot) -> arrayMap(
                    (row, place) -> arrayMap((one, other) -> if(place = pivot, other, one - row[pivot] * other), row, arrayMap(one -> one / rows[pivot][pivot], rows[pivot])),
                    rows,
                    arrayEnumerate(rows)
                ),
                arrayEnumerate(numbers),
                arrayMap(
                    (row, won, place) -> arrayPushBack(
                        arrayMap((chance, other) -> (place = other) - (place != gone) * chance, row, arrayEnumerate(row)),
                        (place != gone) * won
                    ),
                    chances,
                    wins,
                    arrayEnumerate(numbers)
                )
            ) AS solved,
            arraySum(arrayMap((start, row) -> start * row[-1], starts, solved)) AS rate
        FROM
        (
            -- A step is 256 times where it leads from and where it leads to: 0 is the start, 255 a deal, 254 none.
            SELECT
                numbers,
                arrayMap(one -> arrayMap(other -> counted[toUInt32(one * 256 + other)] / totals[one], numbers), numbers) AS chances,
                arrayMap(one -> counted[toUInt32(one * 256 + 255)] / totals[one], numbers) AS wins,
                arrayMap(one -> counted[toUInt32(one)] / totals[toUInt32(0)], numbers) AS starts
            FROM
            (
                SELECT
                    mapFromArrays(groupArray(step), groupArray(times)) AS counted,
                    sumMap(map(intDiv(step, toUInt32(256)), times)) AS totals,
                    arrayFilter(number -> number != 0, arraySort(groupUniqArray(intDiv(step, toUInt32(256))))) AS numbers
                FROM
                (
                    SELECT
                        arrayJoin(arrayMap((one, other) -> toUInt32(one * 256 + other), arrayPushFront(places, toUInt32(0)), arrayPushBack(places, ending))) AS step,
                        count() AS times
                    FROM
                    (
                        SELECT
                            bitShiftLeft(toUInt128(begins + (closed - lookback - begins) * is_won), 72) AS first,
                            bitShiftLeft(toUInt128(ends + (closed + 1 - ends) * is_won), 72) AS last,
                            arrayMap(one -> toUInt32(bitAnd(one, 255)), arrayFilter(one -> one BETWEEN first AND last, path)) AS places,
                            toUInt32(254 + is_won) AS ending
                        FROM
                        (
                            -- A touch in one number: its moment, its hash, its channel. By derived id first: fewer are looked up.
                            SELECT
                                if(owner.customer = 0, one.derived, owner.customer) AS customer,
                                arrayCompact(arraySort(groupArrayArray(one.touched))) AS path
                            FROM
                            (
                                SELECT
                                    customer AS derived,
                                    groupArray(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(at)), 72), bitOr(bitShiftLeft(toUInt128(touch), 8), toUInt128(toUInt8(transform(channel, channels, arrayEnumerate(channels), 0)))))) AS touched
                                FROM touches FINAL
                                WHERE {model:String} = 'markov'
                                    AND customer != 0
                                    AND at >= {since:DateTime64(3, 'UTC')} - toIntervalMillisecond(lookback)
                                    AND at < {until:DateTime64(3, 'UTC')}
                                    AND (empty(wanted[1]) OR type IN wanted[1])
                                    AND (empty(wanted[2]) OR team IN wanted[2])
                                    AND (empty(wanted[3]) OR channel IN wanted[3])
                                    AND (empty(wanted[4]) OR direction IN wanted[4])
                                    AND (empty(wanted[5]) OR subject IN wanted[5])
                                    AND (
                                        at >= {since:DateTime64(3, 'UTC')}
                                        OR customer IN (
                                            SELECT derived
                                            FROM owners FINAL
                                            WHERE customer IN (
                                                SELECT sipHash64(customer_id)
                                                FROM deals FINAL
                                                WHERE status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
                                            )
                                        )
                                    )
                                GROUP BY customer
                            ) AS one
                            LEFT JOIN (SELECT derived, customer FROM owners FINAL WHERE derived != customer AND {model:String} = 'markov') AS owner ON owner.derived = one.derived
                            GROUP BY customer
                        ) AS touched
                        LEFT JOIN
                        (
                            SELECT sipHash64(customer_id) AS customer, toUnixTimestamp64Milli(assumeNotNull(closed_at)) AS closed, 1 AS is_won
                            FROM deals FINAL
                            WHERE {model:String} = 'markov' AND status = 'won' AND closed_at >= {since:DateTime64(3, 'UTC')} AND closed_at < {until:DateTime64(3, 'UTC')}
                        ) AS deal USING customer
                        WHERE notEmpty(places)
                    )
                    GROUP BY step
                )
            )
        )
        ARRAY JOIN range(0, length(numbers) + 1) AS gone
    )
)
COMMENT 'One row: the removal effect of each channel, in billionths. What the reports are made of.';
