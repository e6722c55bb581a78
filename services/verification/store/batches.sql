-- What a batch of events reads and writes. `batches.py` has the functions.

-- name: load_digests(event_ids)
-- Those of these events that were seen: in a journal, as the end of a day, or as overtaken by a later
-- one; with their digests.
SELECT DISTINCT ON (event_id) event_id, sha256(body) AS digest
FROM journal WHERE event_id = ANY(:event_ids::uuid[])
UNION ALL
SELECT event_id, digest FROM ended_day WHERE event_id = ANY(:event_ids::uuid[])
UNION ALL
SELECT event_id, digest FROM inbox WHERE event_id = ANY(:event_ids::uuid[]);

-- name: count_later(contract_id, party_id, period, receipt_no)$
-- How many later returns and withdrawals of the same month were folded already.
SELECT count(*)
FROM journal AS j, LATERAL (SELECT convert_from(j.body, 'UTF8')::json AS said) AS i
WHERE j.contract_id = :contract_id AND j.type IN ('ReturnReceived', 'ReturnWithdrawn')
    AND i.said ->> 'party_id' = :party_id AND i.said ->> 'period' = :period
    AND (i.said ->> 'receipt_no')::bigint > :receipt_no;

-- name: add_overtaken(event_id, digest)!
-- An event that a later one has overtaken: it is seen, and has no effect.
INSERT INTO inbox (event_id, digest) VALUES (:event_id, :digest) ON CONFLICT DO NOTHING;

-- name: list_known(event_ids, contract_ids, untrue)
-- Of these events, those that came before: in the journal of the contract, overtaken, or parked for a
-- reason that does not make them untrue.
SELECT w.event_id FROM unnest(:event_ids::uuid[], :contract_ids::text[]) AS w (event_id, contract_id)
WHERE EXISTS (
        SELECT FROM journal AS j
        WHERE j.event_id = w.event_id AND j.contract_id = w.contract_id AND j.type = 'ReturnReceived'
    )
    OR EXISTS (SELECT FROM inbox AS i WHERE i.event_id = w.event_id)
    OR EXISTS (
        SELECT FROM parked AS p
        WHERE p.event_id = w.event_id AND p.taken_up_at IS NULL AND p.reason <> ALL(:untrue::text[])
    );

-- name: list_waking(partitions, days)
-- Contracts that have something due by the end of the day of their partition.
SELECT w.contract_id
FROM unnest(:partitions::integer[], :days::date[]) AS d (partition, day)
JOIN contract AS w ON w.partition = d.partition AND w.wake_on <= d.day;

-- name: lock_contracts(contract_ids)
-- The contracts that a batch folds into, locked in the order of their ids; with the holidays that were
-- declared late, of all authorities.
SELECT contract_id, partition, state, (
    SELECT json_agg(json_build_array(authority_id, day, known_from) ORDER BY day, authority_id)
    FROM late_holiday
) AS holidays
FROM contract WHERE contract_id = ANY(:contract_ids::text[])
ORDER BY contract_id
FOR UPDATE;

-- name: lock_claims(everything, keys)$
-- Locks keys of claims, in the order given, until the transaction ends.
WITH everything AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:everything::bigint))
SELECT count(pg_advisory_xact_lock(k.key)) FROM everything, unnest(:keys::bigint[]) AS k (key);

-- name: lock_all_claims(everything)$
-- Locks all claims at once, for a batch with more keys than the lock table should hold.
SELECT pg_advisory_xact_lock(:everything::bigint)::text;

-- name: load_lines(contract_ids, periods, party_ids, bytes_max)
-- Current lines of returns, if they are not too long together. LATERAL makes the planner use the key,
-- also while the table is small.
SELECT r.contract_id, r.period, r.party_id,
    CASE WHEN :bytes_max::bigint IS NULL OR sum(octet_length(r.lines)) OVER () <= :bytes_max
        THEN r.lines END AS lines
FROM unnest(:contract_ids::text[], :periods::text[], :party_ids::text[])
    AS w (contract_id, period, party_id)
CROSS JOIN LATERAL (
    SELECT each.contract_id, each.period, each.party_id, each.lines
    FROM checked_return AS each
    WHERE each.contract_id = w.contract_id AND each.period = w.period
        AND each.party_id = w.party_id
    LIMIT 1
) AS r;

-- name: load_claims(keys, contract_ids, own, claims_max)
-- The claims under these keys, of all contracts but :own, if they are not too many; and the returns of
-- :contract_ids that made some of them.
SELECT NULL AS contract_id, NULL AS period, NULL AS party_id,
    CASE WHEN :claims_max::bigint IS NULL OR count(*) OVER () <= :claims_max THEN claim END AS claim
FROM claim WHERE key = ANY(:keys::bytea[]) AND contract_id IS DISTINCT FROM :own::text
UNION ALL
SELECT DISTINCT contract_id, period, party_id, NULL::bytea
FROM claim WHERE key = ANY(:keys::bytea[]) AND contract_id = ANY(:contract_ids::text[]);

-- name: load_places(editions, postcodes)
-- What the directory says of postcodes: boundaries as in the edition asked for, else as in the newest
-- that has the postcode; introduced and terminated as in the newest.
SELECT w.edition AS pinned, w.postcode, n.introduced, n.terminated,
    coalesce(p.edition, n.edition) AS edition,
    CASE WHEN p.edition IS NULL THEN n.district ELSE p.district END AS district,
    CASE WHEN p.edition IS NULL THEN n.ward ELSE p.ward END AS ward
FROM unnest(:editions::text[], :postcodes::text[]) AS w (edition, postcode)
LEFT JOIN postcode AS p ON p.postcode = w.postcode AND p.edition = w.edition
CROSS JOIN LATERAL (
    SELECT each.edition, each.district, each.ward, each.introduced, each.terminated
    FROM postcode AS each WHERE each.postcode = w.postcode
    ORDER BY each.edition DESC LIMIT 1
) AS n;

-- name: move_contracts(contract_ids, inputs, wake_on, states)!
-- The states that a batch leads to.
UPDATE contract AS c SET inputs = n.inputs, wake_on = n.wake_on, state = n.state
FROM unnest(:contract_ids::text[], :inputs::integer[], :wake_on::date[], :states::bytea[])
    AS n (contract_id, inputs, wake_on, state)
WHERE c.contract_id = n.contract_id;

-- name: set_standings(contract_ids, authority_ids, missing, commitments, overviews)!
-- Where the contracts of a batch stand now.
INSERT INTO standing (contract_id, authority_id, missing, commitments, overview)
SELECT contract_id, authority_id, missing, commitments, overview
FROM unnest(:contract_ids::text[], :authority_ids::text[], :missing::json[], :commitments::json[],
            :overviews::json[])
    AS n (contract_id, authority_id, missing, commitments, overview)
ON CONFLICT ON CONSTRAINT standing_pk DO UPDATE
SET missing = excluded.missing, commitments = excluded.commitments, overview = excluded.overview;

-- name: drop_returns(contract_ids, periods, party_ids)!
-- Returns whose lines go or change.
DELETE FROM checked_return AS r
USING unnest(:contract_ids::text[], :periods::text[], :party_ids::text[])
    AS n (contract_id, period, party_id)
WHERE r.contract_id = n.contract_id AND r.period = n.period AND r.party_id = n.party_id;

-- name: drop_claims(keys, contract_ids, party_ids, periods, line_ids)!
-- Claims that go or change.
DELETE FROM claim AS c
USING unnest(:keys::bytea[], :contract_ids::text[], :party_ids::text[], :periods::text[],
             :line_ids::text[]) AS n (key, contract_id, party_id, period, line_id)
WHERE c.key = n.key AND c.contract_id = n.contract_id AND c.party_id = n.party_id
    AND c.period = n.period AND c.line_id = n.line_id;

-- name: move_cases(case_ids, contract_ids, kinds, commitment_ids, party_ids, periods, states, reasons, opened_at, moved_at)!
-- Cases that a batch opens or moves; a case keeps the time of its opening.
INSERT INTO contract_case AS c (case_id, contract_id, kind, commitment_id, party_id, period, state,
    reason, opened_at, moved_at)
SELECT case_id, contract_id, kind, commitment_id, party_id, period, state, reason, opened_at, moved_at
FROM unnest(:case_ids::uuid[], :contract_ids::text[], :kinds::text[], :commitment_ids::text[],
            :party_ids::text[], :periods::text[], :states::text[], :reasons::text[],
            :opened_at::timestamptz[], :moved_at::timestamptz[])
    AS n (case_id, contract_id, kind, commitment_id, party_id, period, state, reason, opened_at,
          moved_at)
ON CONFLICT ON CONSTRAINT contract_case_pk DO UPDATE
SET state = excluded.state, reason = excluded.reason, moved_at = excluded.moved_at;

-- name: add_days(partitions, days, event_ids, digests)!
-- Days whose end was folded.
INSERT INTO ended_day (partition, day, event_id, digest)
SELECT partition, day, event_id, digest
FROM unnest(:partitions::integer[], :days::date[], :event_ids::uuid[], :digests::bytea[])
    AS n (partition, day, event_id, digest)
ON CONFLICT ON CONSTRAINT ended_day_pk DO NOTHING;

-- name: find_last_day()$
-- The last day whose end was folded.
SELECT max(day) FROM ended_day;
