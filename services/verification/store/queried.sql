-- Lines that wait for the council. `queried.py` has the functions.

-- name: list_returns(authority_id, party_id, contract_id, from_contract, from_period, from_party, limit)
-- Returns with such lines that the caller may see (a supplier only its own), from a key on: as many as
-- are needed for `limit` lines after those of the first. Each row has the counts of all; if there is no
-- return, one row has nothing else.
WITH found AS (
    SELECT r.contract_id, r.period, r.party_id, q.lines
    FROM checked_return AS r
    JOIN contract AS c USING (contract_id)
    CROSS JOIN LATERAL (
        SELECT sum(each.value::integer)::integer AS lines FROM json_each_text(r.queried) AS each
    ) AS q
    WHERE c.authority_id = :authority_id
        AND r.outcomes <> 'counted' AND r.queried IS NOT NULL
        AND (:party_id::text IS NULL OR r.party_id = :party_id)
        AND (:contract_id::text IS NULL OR r.contract_id = :contract_id)
), counts AS (
    SELECT coalesce(sum(lines), 0)::integer AS all_lines, count(DISTINCT contract_id) AS all_contracts
    FROM found
), page AS (
    SELECT contract_id, period, party_id, sum(lines) OVER before AS before,
        first_value(lines) OVER before AS first
    FROM found
    WHERE (contract_id, period, party_id) >= (:from_contract, :from_period, :from_party)
    WINDOW before AS (ORDER BY contract_id, period, party_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT n.all_lines, n.all_contracts, r.contract_id, r.period, r.party_id, r.lines
FROM counts AS n
LEFT JOIN page AS p ON p.before IS NULL OR p.before - p.first < :limit
LEFT JOIN checked_return AS r USING (contract_id, period, party_id)
ORDER BY r.contract_id, r.period, r.party_id;

-- name: load_states(contract_ids)
-- The states of contracts, to reckon what a decision would change.
SELECT contract_id, state FROM contract WHERE contract_id = ANY(:contract_ids::text[]);

-- name: load_received(return_ids)
-- When returns were received.
SELECT event_id, min(occurred_at) AS received_at
FROM journal WHERE event_id = ANY(:return_ids::uuid[]) GROUP BY event_id;
