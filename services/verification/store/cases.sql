-- Cases as people follow them up. `cases.py` has the functions.

-- name: list_cases_worst(authority_id, party_id, contract_id, states, open_states, ended, waiting, after_rank, after_ahead, after_moment, after_id, limit)
-- Cases in these states that the caller may see, from a key on: open ones first, of these the worst
-- first, then the oldest; those that have ended, the latest first. With what stands around each: the
-- contract, the title of the promise, where that stands now. A supplier sees those about it, or about
-- what all suppliers promised together.
WITH found AS (
    SELECT k.case_id, k.contract_id, k.kind, k.commitment_id, k.party_id, k.period, k.state, k.reason,
        k.opened_at, k.moved_at, c.words, c.supplier_ids, e.standing,
        CASE WHEN k.state <> ALL(:open_states::text[]) THEN :ended::integer
            ELSE coalesce((e.standing ->> 'rank')::integer, :waiting::integer) END AS rank,
        CASE WHEN k.state <> ALL(:open_states) THEN 0
            ELSE coalesce(-(e.standing ->> 'behind')::numeric, 0) END AS ahead,
        CASE WHEN k.state <> ALL(:open_states) THEN -extract(epoch FROM k.moved_at)
            ELSE extract(epoch FROM k.opened_at) END AS moment
    FROM contract_case AS k
    JOIN contract AS c USING (contract_id)
    LEFT JOIN standing AS s USING (contract_id)
    LEFT JOIN LATERAL (
        SELECT each.standing FROM json_array_elements(s.commitments) AS each (standing)
        WHERE each.standing ->> 'commitment_id' = k.commitment_id
    ) AS e ON true
    WHERE c.authority_id = :authority_id
        AND (:party_id::text IS NULL OR (:party_id = ANY(c.supplier_ids)
            AND coalesce(k.party_id, :party_id) = :party_id))
        AND (:contract_id::text IS NULL OR k.contract_id = :contract_id)
        AND (:states::text[] IS NULL OR k.state = ANY(:states))
)
SELECT f.*, v.title
FROM found AS f
LEFT JOIN LATERAL (
    SELECT newest.title FROM commitment AS newest
    WHERE newest.contract_id = f.contract_id AND newest.commitment_id = f.commitment_id
    ORDER BY newest.version DESC LIMIT 1
) AS v ON true
WHERE (f.rank, f.ahead, f.moment, f.case_id)
    > (:after_rank::integer, :after_ahead::numeric, :after_moment::numeric, :after_id::uuid)
ORDER BY f.rank, f.ahead, f.moment, f.case_id LIMIT :limit;

-- name: count_cases(authority_id, party_id, contract_id, states)$
-- How many cases in these states the caller may see.
SELECT count(*)
FROM contract_case AS k JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR (:party_id = ANY(c.supplier_ids)
        AND coalesce(k.party_id, :party_id) = :party_id))
    AND (:contract_id::text IS NULL OR k.contract_id = :contract_id)
    AND (:states::text[] IS NULL OR k.state = ANY(:states));

-- name: find_case(case_id, authority_id, party_id)^
-- One case, if the caller may see it, with the same around it.
SELECT k.case_id, k.contract_id, k.kind, k.commitment_id, k.party_id, k.period, k.state, k.reason,
    k.opened_at, k.moved_at, c.words, c.supplier_ids, e.standing, v.title
FROM contract_case AS k
JOIN contract AS c USING (contract_id)
LEFT JOIN standing AS s USING (contract_id)
LEFT JOIN LATERAL (
    SELECT each.standing FROM json_array_elements(s.commitments) AS each (standing)
    WHERE each.standing ->> 'commitment_id' = k.commitment_id
) AS e ON true
LEFT JOIN LATERAL (
    SELECT newest.title FROM commitment AS newest
    WHERE newest.contract_id = k.contract_id AND newest.commitment_id = k.commitment_id
    ORDER BY newest.version DESC LIMIT 1
) AS v ON true
WHERE k.case_id = :case_id AND c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR (:party_id = ANY(c.supplier_ids)
        AND coalesce(k.party_id, :party_id) = :party_id));

-- name: load_case_alerts(contract_ids, subjects, limit)
-- Of each of these subjects (of contracts, in pairs) what was said last, the newest first.
SELECT a.event_id, a.contract_id, a.subject, a.body, a.acknowledged_by, a.acknowledged_at
FROM unnest(:contract_ids::text[], :subjects::text[]) AS w (contract_id, subject)
CROSS JOIN LATERAL (
    SELECT each.event_id, each.contract_id, w.subject, each.body, each.raised_at,
        each.acknowledged_by, each.acknowledged_at
    FROM alert AS each
    WHERE each.contract_id = w.contract_id
        AND convert_from(each.body, 'UTF8')::json ->> 'subject' = w.subject
    ORDER BY each.raised_at DESC, each.event_id DESC
    LIMIT :limit
) AS a
ORDER BY a.raised_at DESC, a.event_id DESC;
