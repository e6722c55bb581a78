-- What is behind the figures of one contract. `figures.py` has the functions.

-- name: list_filings(contract_id, party_id, since, limit)
-- The returns of a contract that came, and those that were withdrawn, from a moment on, the newest
-- first: all, or one party's.
SELECT j.occurred_at, j.type, e.period, e.party_id, e.return_id, e.receipt_no, e.revision
FROM journal AS j
CROSS JOIN LATERAL json_to_record(convert_from(j.body, 'UTF8')::json)
    AS e (period text, party_id text, return_id uuid, receipt_no bigint, revision integer)
WHERE j.contract_id = :contract_id AND j.occurred_at >= :since
    AND j.type IN ('ReturnReceived', 'ReturnWithdrawn')
    AND (:party_id::text IS NULL OR e.party_id = :party_id)
ORDER BY j.seq DESC LIMIT :limit;

-- name: list_lines(contract_id, commitment_id, authority_id, party_id, period, outcome, after_period, after_party, after_line, limit)
-- The lines of one commitment that the caller may see (a supplier only its own), the latest month
-- first, from a key on. A line is an array (`domain/lines.py`): 2 is its id, 5 the commitment, 10 what
-- it comes to against other claims, else 9; the first of these is the outcome.
SELECT r.period, r.party_id, e.line #>> '{2}' AS line_id, e.line::text AS line
FROM checked_return AS r
JOIN contract AS c USING (contract_id)
CROSS JOIN LATERAL json_array_elements(convert_from(r.lines, 'UTF8')::json) AS e (line)
WHERE r.contract_id = :contract_id AND c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR r.party_id = :party_id)
    AND (:period::text IS NULL OR r.period = :period)
    AND e.line #>> '{5}' = :commitment_id
    AND (:outcome::text IS NULL OR coalesce(e.line #>> '{10,0}', e.line #>> '{9,0}') = :outcome)
    AND (:after_period::text IS NULL OR r.period < :after_period OR (r.period = :after_period
        AND (r.party_id, (e.line #>> '{2}') COLLATE "C") > (:after_party::text, :after_line::text)))
ORDER BY r.period DESC, r.party_id, (e.line #>> '{2}') COLLATE "C"
LIMIT :limit;
