-- What people are shown: what the caller may see, page by page. `reading.py` has the functions.

-- name: find_contract(contract_id, authority_id, party_id)^
-- One contract, if the caller may see it.
SELECT contract_id, authority_id, version, state, supplier_ids, starts_on, ends_on, ocid, award_id,
    published_at, buyer_id, words
FROM contract
WHERE contract_id = :contract_id AND authority_id = :authority_id
    AND (:party_id::text IS NULL OR :party_id = ANY(supplier_ids));

-- name: list_contracts(authority_id, after, party_id, limit)
-- The contracts that the caller may see, from a key on.
SELECT contract_id, authority_id, version, state, supplier_ids, starts_on, ends_on, ocid, award_id,
    published_at, buyer_id, words
FROM contract
WHERE authority_id = :authority_id AND contract_id > :after
    AND (:party_id::text IS NULL OR :party_id = ANY(supplier_ids))
ORDER BY contract_id LIMIT :limit;

-- name: list_standings(authority_id, party_id, contract_id, supplier_id, is_missing, has_case, rating, today, after_rank, after_ahead, after_contract, after_commitment, limit)
-- Commitments that the caller may see as they stand now, the worst first, from a key on, with their
-- contract and their open case.
WITH found AS (
    SELECT s.contract_id, s.missing, each.standing, e.rank, -e.behind AS ahead, e.commitment_id, e.case_id
    FROM standing AS s
    JOIN contract AS c USING (contract_id)
    CROSS JOIN LATERAL json_array_elements(s.commitments) AS each (standing)
    CROSS JOIN LATERAL json_to_record(each.standing)
        AS e (rank integer, behind numeric, commitment_id text COLLATE "C", rating text, case_id uuid)
    WHERE s.authority_id = :authority_id
        AND (:party_id::text IS NULL OR :party_id = ANY(c.supplier_ids))
        AND (:supplier_id::text IS NULL OR :supplier_id = ANY(c.supplier_ids))
        AND (:contract_id::text IS NULL OR s.contract_id = :contract_id)
        AND (:rating::text IS NULL OR e.rating = :rating)
        AND (:has_case::boolean IS NULL OR (e.case_id IS NOT NULL) = :has_case)
        AND (:is_missing::boolean IS NULL OR :is_missing = EXISTS (
            SELECT FROM json_array_elements(s.missing) AS m (owed)
            WHERE (m.owed ->> 2)::date < :today::date
                AND (:party_id IS NULL OR m.owed ->> 1 = :party_id)))
        AND (e.rank, -e.behind, s.contract_id, e.commitment_id)
            > (:after_rank::integer, :after_ahead::numeric, :after_contract::text, :after_commitment::text)
    ORDER BY e.rank, -e.behind, s.contract_id, e.commitment_id
    LIMIT :limit
)
SELECT f.contract_id, f.missing, f.standing, f.rank, f.ahead, f.commitment_id,
    c.words, c.supplier_ids, c.ends_on, k.case_id, k.state, k.period, k.opened_at
FROM found AS f
JOIN contract AS c USING (contract_id)
LEFT JOIN contract_case AS k ON k.case_id = f.case_id
ORDER BY f.rank, f.ahead, f.contract_id, f.commitment_id;

-- name: count_standings(authority_id, party_id, contract_id, supplier_id, is_missing, has_case, rating, today, behind_max, waiting, good)^
-- What the caller may see of commitments as they stand now, counted: how many are behind and over how
-- many contracts, how many cannot be rated, and how many are on course.
SELECT count(*) AS standings,
    count(*) FILTER (WHERE e.rank <= :behind_max::integer) AS behind,
    count(DISTINCT s.contract_id) FILTER (WHERE e.rank <= :behind_max::integer) AS contracts_behind,
    count(*) FILTER (WHERE e.rank = :waiting::integer) AS waiting,
    count(*) FILTER (WHERE e.rank = :good::integer) AS good
FROM standing AS s
JOIN contract AS c USING (contract_id)
CROSS JOIN LATERAL json_array_elements(s.commitments) AS each (standing)
CROSS JOIN LATERAL json_to_record(each.standing) AS e (rank integer, rating text, case_id uuid)
WHERE s.authority_id = :authority_id
    AND (:party_id::text IS NULL OR :party_id = ANY(c.supplier_ids))
    AND (:supplier_id::text IS NULL OR :supplier_id = ANY(c.supplier_ids))
    AND (:contract_id::text IS NULL OR s.contract_id = :contract_id)
    AND (:rating::text IS NULL OR e.rating = :rating)
    AND (:has_case::boolean IS NULL OR (e.case_id IS NOT NULL) = :has_case)
    AND (:is_missing::boolean IS NULL OR :is_missing = EXISTS (
        SELECT FROM json_array_elements(s.missing) AS m (owed)
        WHERE (m.owed ->> 2)::date < :today::date
            AND (:party_id IS NULL OR m.owed ->> 1 = :party_id)));

-- name: list_unpublished(topic, contract_ids)
-- Contracts whose newest message to intake still waits for the broker.
SELECT DISTINCT o.key
FROM outbox_unsent AS u JOIN outbox AS o USING (id)
WHERE o.topic = :topic AND o.key = ANY(:contract_ids::text[]);

-- name: list_returns(authority_id, party_id, outcome, contract_id, period, from_contract, from_period, from_party, limit)
-- Returns that the caller may see (a supplier only its own), from a key on. Those with lines in one state are
-- found by the index of returns in doubt; nearly all have `counted` lines, so that state reads all.
SELECT r.contract_id, r.period, r.party_id, r.lines
FROM checked_return AS r JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR r.party_id = :party_id)
    AND (:contract_id::text IS NULL OR r.contract_id = :contract_id)
    AND (:period::text IS NULL OR r.period = :period)
    AND (coalesce(:outcome, 'counted') = 'counted'
        OR (r.outcomes <> 'counted' AND :outcome = ANY(string_to_array(r.outcomes, ' '))))
    AND (r.contract_id, r.period, r.party_id) >= (:from_contract, :from_period, :from_party)
ORDER BY r.contract_id, r.period, r.party_id LIMIT :limit;

-- name: load_claims(keys, authority_id, limit)
-- The claims of the lowest rank under each key, with the names of their contract: whoever is told that
-- another claim goes first may be told which.
SELECT first.claim, c.words
FROM unnest(:keys::bytea[]) AS w (key)
CROSS JOIN LATERAL (
    SELECT each.claim, each.contract_id
    FROM claim AS each WHERE each.key = w.key
    ORDER BY (convert_from(each.claim, 'UTF8')::json ->> 1)::bigint,
        (convert_from(each.claim, 'UTF8')::json ->> 2)::integer
    LIMIT :limit
) AS first
JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id;

-- name: list_alerts(authority_id, party_id, contract_id, kind, is_acknowledged, before, before_id, limit)
-- Alerts of the contracts that the caller may see, with what they are about as it is now (the case, the
-- returns that are owed, whether there is an owner), the newest first, from a key on. A supplier sees
-- those that name it, or nobody.
WITH found AS (
    SELECT a.event_id, a.raised_at, a.contract_id, a.body, a.acknowledged_by, a.acknowledged_at, c.words
    FROM alert AS a JOIN contract AS c USING (contract_id)
    WHERE c.authority_id = :authority_id
        AND (:party_id::text IS NULL OR (:party_id = ANY(c.supplier_ids)
            AND coalesce(convert_from(a.body, 'UTF8')::jsonb ->> 'supplier_id', :party_id) = :party_id))
        AND (:contract_id::text IS NULL OR a.contract_id = :contract_id)
        AND (:kind::text IS NULL OR a.kind = :kind)
        AND (:is_acknowledged::boolean IS NULL OR (a.acknowledged_at IS NOT NULL) = :is_acknowledged)
        AND (:before::timestamptz IS NULL OR (a.raised_at, a.event_id) < (:before, :before_id::uuid))
    ORDER BY a.raised_at DESC, a.event_id DESC LIMIT :limit
)
SELECT f.event_id, f.raised_at, f.contract_id, f.body, f.acknowledged_by, f.acknowledged_at, f.words,
    s.missing, k.state AS case_state,
    EXISTS (
        SELECT FROM contract_officer AS h
        WHERE h.contract_id = f.contract_id AND h.part = 'owner' AND h.until_at IS NULL
    ) AS has_owner
FROM found AS f
LEFT JOIN standing AS s USING (contract_id)
LEFT JOIN contract_case AS k ON k.contract_id = f.contract_id
    AND k.case_id::text = convert_from(f.body, 'UTF8')::json ->> 'subject'
ORDER BY f.raised_at DESC, f.event_id DESC;

-- name: count_alerts(authority_id, party_id, contract_id, kind)^
-- The same alerts, counted: all, and those that nobody has acknowledged.
SELECT count(*) AS alerts, count(*) FILTER (WHERE a.acknowledged_at IS NULL) AS unseen
FROM alert AS a JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR (:party_id = ANY(c.supplier_ids)
        AND coalesce(convert_from(a.body, 'UTF8')::jsonb ->> 'supplier_id', :party_id) = :party_id))
    AND (:contract_id::text IS NULL OR a.contract_id = :contract_id)
    AND (:kind::text IS NULL OR a.kind = :kind);

-- name: load_returns_meant(contract_ids, periods, party_id, returns_max, bytes_max)
-- The returns that alerts are about: those of their month, and of earlier months those with lines in
-- doubt, the latest first. What is too long together is left out: its lines are NULL.
SELECT r.contract_id, r.period, r.party_id,
    CASE WHEN sum(octet_length(r.lines)) OVER (ORDER BY r.period DESC, r.contract_id, r.party_id)
        <= :bytes_max THEN r.lines END AS lines
FROM checked_return AS r
JOIN (
    SELECT DISTINCT own.contract_id, own.period, own.party_id
    FROM unnest(:contract_ids::text[], :periods::text[]) AS w (contract_id, period)
    CROSS JOIN LATERAL (
        SELECT each.contract_id, each.period, each.party_id
        FROM checked_return AS each
        WHERE each.contract_id = w.contract_id AND each.period <= w.period
            AND (each.period = w.period OR each.outcomes <> 'counted')
            AND (:party_id::text IS NULL OR each.party_id = :party_id)
        ORDER BY each.period DESC, each.party_id
        LIMIT :returns_max
    ) AS own
) AS wanted USING (contract_id, period, party_id)
ORDER BY r.contract_id, r.period DESC, r.party_id;

-- name: list_cases(authority_id, party_id, contract_id, state, after, after_id, limit)
-- Cases of the contracts that the caller may see, the oldest first, from a key on. A supplier sees
-- those about it, or about what all suppliers promised together.
SELECT k.case_id, k.contract_id, k.kind, k.commitment_id, k.party_id, k.period, k.state, k.reason,
    k.opened_at, k.moved_at
FROM contract_case AS k JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR (:party_id = ANY(c.supplier_ids)
        AND coalesce(k.party_id, :party_id) = :party_id))
    AND (:contract_id::text IS NULL OR k.contract_id = :contract_id)
    AND (:state::text IS NULL OR k.state = :state)
    AND (k.opened_at, k.case_id) > (:after::timestamptz, :after_id::uuid)
ORDER BY k.opened_at, k.case_id LIMIT :limit;

-- name: count_open_shortfalls(open_states)$
-- Shortfall cases that are open, for the metrics.
SELECT count(*) FROM contract_case WHERE kind = 'shortfall' AND state = ANY(:open_states::text[]);
