-- What waits for the council, of an authority. `worklist.py` has the functions. Each row has the number
-- of all as `total`.

-- name: list_waiting(authority_id, limit)
-- Returns with lines that wait for the council; first those that hold the last rating of a promise.
SELECT r.contract_id, r.period, r.party_id, r.queried, h.held, c.words, count(*) OVER () AS total
FROM checked_return AS r
JOIN contract AS c USING (contract_id)
JOIN standing AS s USING (contract_id)
CROSS JOIN LATERAL (
    SELECT max(each.value) AS held
    FROM json_each_text(s.overview -> 'held') AS each
    WHERE each.value >= r.period AND (r.queried -> each.key) IS NOT NULL
) AS h
WHERE c.authority_id = :authority_id AND r.outcomes <> 'counted' AND r.queried IS NOT NULL
ORDER BY h.held IS NULL, r.period, r.contract_id, r.party_id
LIMIT :limit;

-- name: list_unseen(authority_id, limit)
-- Alerts that nobody has acknowledged, by contract: how many of each kind, and by when a rating is to be
-- reviewed; that first, then the oldest.
SELECT a.contract_id, a.kinds, a.alerts, a.review_by, c.words, count(*) OVER () AS total
FROM (
    SELECT contract_id, json_object_agg(kind, alerts ORDER BY kind) AS kinds,
        sum(alerts)::integer AS alerts, min(review_by) AS review_by, min(raised_at) AS raised_at
    FROM (
        SELECT contract_id, kind, count(*) AS alerts, min(raised_at) AS raised_at,
            min((convert_from(body, 'UTF8')::json ->> 'step_by')::date)
                FILTER (WHERE kind = 'correction_changed_rating') AS review_by
        FROM alert WHERE acknowledged_at IS NULL GROUP BY contract_id, kind
    ) AS by_kind
    GROUP BY contract_id
) AS a
JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
ORDER BY a.review_by, a.raised_at, a.contract_id
LIMIT :limit;

-- name: list_cases(authority_id, states, limit)
-- Open shortfall cases in one of these states, the oldest first.
SELECT k.case_id, k.contract_id, k.commitment_id, k.period, k.state, k.opened_at, w.title, c.words,
    c.supplier_ids, count(*) OVER () AS total
FROM contract_case AS k
JOIN contract AS c USING (contract_id)
LEFT JOIN LATERAL (
    SELECT each.title FROM commitment AS each
    WHERE each.contract_id = k.contract_id AND each.commitment_id = k.commitment_id
    ORDER BY each.version DESC LIMIT 1
) AS w ON true
WHERE c.authority_id = :authority_id AND k.kind = 'shortfall' AND k.state = ANY(:states::text[])
ORDER BY k.opened_at, k.case_id
LIMIT :limit;

-- name: list_proposals(authority_id, limit)
-- What was proposed and is not in force: drafts one by one, and promises in prose by contract; the
-- oldest first.
SELECT m.contract_id, m.state, m.commitment_id, m.title, m.version, m.terms, m.proposed_by,
    m.promises, c.words, c.starts_on, count(*) OVER (PARTITION BY m.state) AS total
FROM (
    SELECT contract_id, state, commitment_id, title, version, terms, proposed_by, proposed_at,
        1 AS promises
    FROM commitment WHERE state = 'draft'
    UNION ALL
    SELECT contract_id, state, NULL, NULL, NULL, NULL, NULL, min(proposed_at), count(*)
    FROM commitment WHERE state = 'needs_structuring' GROUP BY contract_id, state
) AS m
JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
ORDER BY m.proposed_at, m.contract_id, m.commitment_id
LIMIT :limit;

-- name: list_owed(authority_id, today, limit)
-- Returns that are overdue, the longest first; with the number of those that can still come in time, and
-- the first day on which one is due. If none is overdue, one row has nothing else.
WITH owed AS (
    SELECT s.contract_id, each.owed ->> 0 AS period, each.owed ->> 1 AS party_id,
        (each.owed ->> 2)::date AS due_on, each.owed ->> 3 AS case_id
    FROM standing AS s CROSS JOIN LATERAL json_array_elements(s.missing) AS each (owed)
    WHERE s.authority_id = :authority_id
), counts AS (
    SELECT count(*) FILTER (WHERE due_on < :today::date) AS total,
        count(*) FILTER (WHERE due_on >= :today) AS in_time,
        min(due_on) FILTER (WHERE due_on >= :today) AS next_due_on
    FROM owed
), overdue AS (
    SELECT contract_id, period, party_id, due_on, case_id
    FROM owed WHERE due_on < :today
    ORDER BY due_on, contract_id, party_id LIMIT :limit
)
SELECT n.total, n.in_time, n.next_due_on, o.contract_id, o.period, o.party_id, o.due_on, o.case_id,
    c.words
FROM counts AS n
LEFT JOIN overdue AS o ON true
LEFT JOIN contract AS c USING (contract_id)
ORDER BY o.due_on, o.contract_id, o.party_id;
