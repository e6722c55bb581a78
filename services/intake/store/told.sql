-- What letters to suppliers' people are written of. `told.py` has the functions.

-- name: add_told(event_ids, contract_ids, bodies, told_at)!
-- Alerts that people are told of.
INSERT INTO told (event_id, contract_id, body, told_at)
SELECT event_id, contract_id, body, told_at
FROM unnest(:event_ids::uuid[], :contract_ids::text[], :bodies::bytea[], :told_at::timestamptz[])
    AS n (event_id, contract_id, body, told_at)
ON CONFLICT ON CONSTRAINT told_pk DO NOTHING;

-- name: drop_told(before)!
-- Alerts that were told long ago.
DELETE FROM told WHERE told_at < :before;

-- name: load_alerts(event_ids)
-- Alerts that people are told of.
SELECT event_id, body FROM told WHERE event_id = ANY(:event_ids::uuid[]);

-- name: load_returns(return_ids, asked, lines_shown)
-- Returns with the numbers of their lines, the first of those that do not count, and those that are
-- asked for by return and line. What was sent is read from the event: it has no words of anybody.
SELECT a.return_id, a.contract_id, a.party_id, a.period, f.emptied_at, l.lines, l.queried,
    l.not_counted, l.shown, l.said,
    CASE WHEN position('"late_holidays"'::bytea IN c.body) > 0
        THEN convert_from(c.body, 'UTF8')::json #> '{obligations,late_holidays}' END AS late_holidays,
    EXISTS (SELECT FROM withdrawal AS w WHERE w.return_id = a.return_id) AS is_withdrawn,
    EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    ) AS is_replaced
FROM accepted_return AS a
JOIN filled AS f USING (return_id)
JOIN outbox AS o ON o.event_id = a.return_id
LEFT JOIN last_said AS s ON s.return_id = a.return_id
LEFT JOIN contract AS c ON c.contract_id = a.contract_id
CROSS JOIN LATERAL (
    SELECT count(*) AS lines,
        count(*) FILTER (WHERE outcome = 'queried') AS queried,
        count(*) FILTER (WHERE outcome = 'not_counted') AS not_counted,
        coalesce(array_agg(line::text ORDER BY place) FILTER (WHERE is_shown), '{}') AS shown,
        coalesce(array_agg(said::text ORDER BY place) FILTER (WHERE is_shown), '{}') AS said
    FROM (
        SELECT line, place, said, said ->> 1 AS outcome,
            a.return_id || '/' || (line ->> 'line_id') = ANY(:asked::text[]) OR (
                said ->> 1 IN ('queried', 'not_counted')
                AND count(*) FILTER (WHERE said ->> 1 IN ('queried', 'not_counted'))
                    OVER (ORDER BY place) <= :lines_shown
            ) AS is_shown
        FROM jsonb_array_elements(convert_from(o.body, 'UTF8')::jsonb -> 'lines')
            WITH ORDINALITY AS e (line, place)
        CROSS JOIN LATERAL (SELECT s.lines -> (line ->> 'line_id') AS said) AS j
    ) AS each
) AS l
WHERE a.return_id = ANY(:return_ids::uuid[]);

-- name: load_filled(contract_ids, periods, party_ids)
-- Of these months those whose return is in.
SELECT DISTINCT a.contract_id, a.period, a.party_id
FROM accepted_return AS a
JOIN unnest(:contract_ids::text[], :periods::text[], :party_ids::text[])
    AS n (contract_id, period, party_id) USING (contract_id, period, party_id)
WHERE NOT EXISTS (SELECT FROM withdrawal AS w WHERE w.return_id = a.return_id)
    AND NOT EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    );

-- name: load_told_names(contract_ids)
-- What contracts are called, with their suppliers and their promises.
SELECT contract_id, names::text AS names FROM contract
WHERE contract_id = ANY(:contract_ids::text[]) AND names IS NOT NULL;
