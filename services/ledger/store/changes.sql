-- What changed between two times. `changes.py` has one function for each query.

-- name: walk_in_time()!
-- For the list below, unless it is of one contract, whose entries are few: lets the planner only walk
-- along an index, from entry to entry. To sort all entries between the times would cost more and more.
SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true);

-- name: list_decisions(at, after, until, count, authorities, party, contract, types)
-- Entries of :types that the caller may see, after a time and an index, in the order of occurrence.
SELECT e.idx, e.leaf, e.leaf_hash, found.occurred_at
FROM (
    SELECT l.idx, l.occurred_at
    FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
        SELECT idx, occurred_at FROM entry_index
        WHERE authority_id = a.authority_id AND (occurred_at, idx) > (:at, :after)
            AND occurred_at < :until AND type = ANY(:types::text[])
            AND (:party::text IS NULL OR party_id = :party)
            AND (:contract::text IS NULL OR contract_id = :contract)
        ORDER BY occurred_at, idx LIMIT :count
    ) AS l
    ORDER BY l.occurred_at, l.idx LIMIT :count
) AS found JOIN entry AS e USING (idx)
ORDER BY found.occurred_at, e.idx;

-- name: load_stated_before(authority_ids, contract_ids, commitment_ids, periods, befores)
-- For each figure the last entry before :befores that states it, or that may: one whose leaf has only
-- a digest.
SELECT w.n, found.idx, found.leaf
FROM unnest(:authority_ids::text[], :contract_ids::text[], :commitment_ids::text[],
            :periods::text[], :befores::bigint[])
    WITH ORDINALITY AS w (authority_id, contract_id, commitment_id, period, before, n)
CROSS JOIN LATERAL (
    SELECT l.idx, e.leaf FROM entry_index AS l JOIN entry AS e USING (idx)
    WHERE l.contract_id = w.contract_id AND l.authority_id = w.authority_id AND l.idx < w.before
        AND l.type IN ('ReturnChecked', 'CommitmentAssessed')
        AND w.commitment_id = ANY(string_to_array(l.commitment_ids, ' '))
        AND (convert_from(e.leaf, 'UTF8')::jsonb #> '{facts,digest}' IS NOT NULL
            OR convert_from(e.leaf, 'UTF8')::jsonb #> '{facts,assessments}' @> jsonb_build_array(
                jsonb_build_object('commitment_id', w.commitment_id, 'period', w.period)))
    ORDER BY l.idx DESC LIMIT 1
) AS found;

-- name: load_checked_before(authority_ids, contract_ids, party_ids, periods, befores)
-- For each return the last check of the same party's return for the same month before :befores.
-- With IS NOT DISTINCT FROM no index serves but the contract's: a month may have millions of entries.
SELECT w.n, found.idx, found.leaf
FROM unnest(:authority_ids::text[], :contract_ids::text[], :party_ids::text[], :periods::text[],
            :befores::bigint[])
    WITH ORDINALITY AS w (authority_id, contract_id, party_id, period, before, n)
CROSS JOIN LATERAL (
    SELECT l.idx, e.leaf FROM entry_index AS l JOIN entry AS e USING (idx)
    WHERE l.contract_id = w.contract_id AND l.authority_id = w.authority_id AND l.idx < w.before
        AND l.type = 'ReturnChecked'
        AND l.party_id IS NOT DISTINCT FROM w.party_id
        AND l.period IS NOT DISTINCT FROM w.period
    ORDER BY l.idx DESC LIMIT 1
) AS found;

-- name: load_approved_before(authority_ids, contract_ids, commitment_ids, befores)
-- For each commitment the last version that was approved before :befores; along the contract, as above.
SELECT w.n, found.idx, found.leaf
FROM unnest(:authority_ids::text[], :contract_ids::text[], :commitment_ids::text[],
            :befores::bigint[])
    WITH ORDINALITY AS w (authority_id, contract_id, commitment_id, before, n)
CROSS JOIN LATERAL (
    SELECT l.idx, e.leaf FROM entry_index AS l JOIN entry AS e USING (idx)
    WHERE l.contract_id = w.contract_id AND l.authority_id = w.authority_id AND l.idx < w.before
        AND l.type IS NOT DISTINCT FROM 'CommitmentChanged'
        AND l.commitment_ids = w.commitment_id
        AND convert_from(e.leaf, 'UTF8')::jsonb #> '{facts,is_approved}' = 'true'::jsonb
    ORDER BY l.idx DESC LIMIT 1
) AS found;

-- name: list_versions(contract, authorities, party, until, count)
-- The newest changes of a contract's commitments, with what opens their events.
SELECT e.idx, e.leaf, l.event_id, l.authority_id, l.party_id,
    e.commitment, e.ciphertext, k.salt, k.key, k.nonce
FROM entry_index AS l JOIN entry AS e USING (idx) LEFT JOIN payload_key AS k USING (idx)
WHERE l.contract_id = :contract AND l.authority_id = ANY(:authorities::text[])
    AND (:party::text IS NULL OR l.party_id = :party) AND l.type = 'CommitmentChanged'
    AND (:until::timestamptz IS NULL OR l.occurred_at < :until)
ORDER BY l.idx DESC LIMIT :count;

-- name: load_indexes(event_ids)
-- The entries that record these events.
SELECT event_id, idx FROM entry WHERE event_id = ANY(:event_ids::uuid[]);

-- name: find_newest(authorities)$
-- When the newest of the entries that the caller may see occurred.
SELECT max(l.occurred_at)
FROM unnest(:authorities::text[]) AS a (authority_id) CROSS JOIN LATERAL (
    SELECT occurred_at FROM entry_index WHERE authority_id = a.authority_id
    ORDER BY occurred_at DESC LIMIT 1
) AS l;
