-- Each query of the service, with its purpose. `store.py` has one function for each.

-- name: taken(event_ids)
-- Events that are in a journal already, or days that were taken, by digest.
SELECT DISTINCT ON (event_id) event_id, sha256(body) AS digest
FROM journal WHERE event_id = ANY(:event_ids::uuid[])
UNION ALL
SELECT event_id, digest FROM ended_day WHERE event_id = ANY(:event_ids::uuid[]);

-- name: waking(partitions, days)
-- Contracts that have something due by the end of these days, by partition.
SELECT w.contract_id
FROM unnest(:partitions::integer[], :days::date[]) AS d (partition, day)
JOIN contract AS w ON w.partition = d.partition AND w.wake_on <= d.day;

-- name: lock_contracts(contract_ids)
-- Locks what a batch folds into, in order.
SELECT contract_id, partition, state
FROM contract WHERE contract_id = ANY(:contract_ids::text[])
ORDER BY contract_id
FOR UPDATE;

-- name: lock_claims(everything, keys)$
-- Locks claims' keys, in the order given, until the transaction ends.
WITH everything AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:everything::bigint))
SELECT count(pg_advisory_xact_lock(k.key)) FROM everything, unnest(:keys::bigint[]) AS k (key);

-- name: lock_all_claims(everything)$
-- Locks all claims' keys at once: more than the server's lock table should hold one by one.
SELECT pg_advisory_xact_lock(:everything::bigint)::text;

-- name: lines_of_returns(contract_ids, periods, party_ids)
-- Current lines of parties' returns, each by its key: never by reading a small table whole.
SELECT r.contract_id, r.period, r.party_id, r.lines
FROM unnest(:contract_ids::text[], :periods::text[], :party_ids::text[])
    AS w (contract_id, period, party_id)
CROSS JOIN LATERAL (
    SELECT each.contract_id, each.period, each.party_id, each.lines
    FROM checked_return AS each
    WHERE each.contract_id = w.contract_id AND each.period = w.period
        AND each.party_id = w.party_id
    LIMIT 1
) AS r;

-- name: claims(keys)
-- Every claim of these keys, of all contracts.
SELECT claim FROM claim WHERE key = ANY(:keys::bytea[]);

-- name: places(editions, postcodes)
-- What the directory says of postcodes: boundaries of the edition asked for (else of the newest that
-- has it), introduced and terminated as the newest has them.
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
-- Where the contracts of a batch stand after it.
UPDATE contract AS c SET inputs = n.inputs, wake_on = n.wake_on, state = n.state
FROM unnest(:contract_ids::text[], :inputs::integer[], :wake_on::date[], :states::bytea[])
    AS n (contract_id, inputs, wake_on, state)
WHERE c.contract_id = n.contract_id;

-- name: drop_returns(contract_ids, periods, party_ids)!
-- Returns whose lines go, or come anew.
DELETE FROM checked_return AS r
USING unnest(:contract_ids::text[], :periods::text[], :party_ids::text[])
    AS n (contract_id, period, party_id)
WHERE r.contract_id = n.contract_id AND r.period = n.period AND r.party_id = n.party_id;

-- name: drop_claims(keys, contract_ids, party_ids, periods, line_ids)!
-- Claims that go, or come anew.
DELETE FROM claim AS c
USING unnest(:keys::bytea[], :contract_ids::text[], :party_ids::text[], :periods::text[],
             :line_ids::text[]) AS n (key, contract_id, party_id, period, line_id)
WHERE c.key = n.key AND c.contract_id = n.contract_id AND c.party_id = n.party_id
    AND c.period = n.period AND c.line_id = n.line_id;

-- name: move_cases(case_ids, contract_ids, kinds, commitment_ids, party_ids, periods, states, reasons, opened_at, moved_at)!
-- Cases as a batch leaves them; a case keeps the time of its opening.
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

-- name: end_days(partitions, days, event_ids, digests)!
-- Days that were taken.
INSERT INTO ended_day (partition, day, event_id, digest)
SELECT partition, day, event_id, digest
FROM unnest(:partitions::integer[], :days::date[], :event_ids::uuid[], :digests::bytea[])
    AS n (partition, day, event_id, digest)
ON CONFLICT ON CONSTRAINT ended_day_pk DO NOTHING;

-- name: last_day()$
-- The last day whose end was taken.
SELECT max(day) FROM ended_day;

-- name: lock_contract(contract_id)^
-- One contract, locked for a change.
SELECT contract_id, authority_id, version, inputs, state, supplier_ids, starts_on, ends_on, ocid,
    award_id, published_at, buyer_id, words
FROM contract WHERE contract_id = :contract_id FOR UPDATE;

-- name: add_contract(contract_id, authority_id, partition, version, inputs, wake_on, state, supplier_ids, starts_on, ends_on, ocid, award_id, published_at, buyer_id, words, words_salt)!
-- A contract's first row.
INSERT INTO contract (contract_id, authority_id, partition, version, inputs, wake_on, state,
    supplier_ids, starts_on, ends_on, ocid, award_id, published_at, buyer_id, words, words_salt)
VALUES (:contract_id, :authority_id, :partition, :version, :inputs, :wake_on, :state,
    :supplier_ids, :starts_on, :ends_on, :ocid, :award_id, :published_at, :buyer_id, :words,
    :words_salt);

-- name: change_contract(version, inputs, wake_on, state, supplier_ids, starts_on, ends_on, ocid, award_id, published_at, buyer_id, words, words_salt, contract_id)!
-- A contract registered anew: later figures and words of the same award.
UPDATE contract SET version = :version, inputs = :inputs, wake_on = :wake_on, state = :state,
    supplier_ids = :supplier_ids, starts_on = :starts_on, ends_on = :ends_on, ocid = :ocid,
    award_id = :award_id, published_at = :published_at, buyer_id = :buyer_id, words = :words,
    words_salt = :words_salt
WHERE contract_id = :contract_id;

-- name: date_contract(published_at, contract_id)!
-- A later release said the same of a contract.
UPDATE contract SET published_at = :published_at WHERE contract_id = :contract_id;

-- name: change_terms(version, inputs, wake_on, state, contract_id)!
-- A contract whose commitments changed.
UPDATE contract SET version = :version, inputs = :inputs, wake_on = :wake_on, state = :state
WHERE contract_id = :contract_id;

-- name: commitments(contract_ids)
-- All versions of a contract's commitments, in order.
SELECT contract_id, commitment_id, version, state, title, terms, words, reason, proposed_by,
    proposed_at, approved_by, approved_at
FROM commitment WHERE contract_id = ANY(:contract_ids::text[])
ORDER BY contract_id, commitment_id, version;

-- name: add_commitment(contract_id, commitment_id, version, state, title, terms, words, reason, proposed_by, proposed_at)!
-- A proposed version.
INSERT INTO commitment (contract_id, commitment_id, version, state, title, terms, words, reason,
    proposed_by, proposed_at)
VALUES (:contract_id, :commitment_id, :version, :state, :title, :terms, :words, :reason,
    :proposed_by, :proposed_at);

-- name: replace_proposal(contract_id, commitment_id)!
-- A proposal gives way to the one after it.
UPDATE commitment SET state = 'replaced'
WHERE contract_id = :contract_id AND commitment_id = :commitment_id
    AND state IN ('needs_structuring', 'draft');

-- name: approve_commitment(terms, approved_by, approved_at, contract_id, commitment_id, version)!
-- A second person has agreed (rule P3).
UPDATE commitment SET state = 'active', terms = :terms, approved_by = :approved_by,
    approved_at = :approved_at
WHERE contract_id = :contract_id AND commitment_id = :commitment_id AND version = :version;

-- name: find_contract(contract_id, authority_id, party_id)^
-- One contract, where the caller may see it.
SELECT contract_id, authority_id, version, state, supplier_ids, starts_on, ends_on, ocid, award_id,
    published_at, buyer_id, words
FROM contract
WHERE contract_id = :contract_id AND authority_id = :authority_id
    AND (:party_id::text IS NULL OR :party_id = ANY(supplier_ids));

-- name: list_contracts(authority_id, after, party_id, limit)
-- The caller's contracts from a place on.
SELECT contract_id, authority_id, version, state, supplier_ids, starts_on, ends_on, ocid, award_id,
    published_at, buyer_id, words
FROM contract
WHERE authority_id = :authority_id AND contract_id > :after
    AND (:party_id::text IS NULL OR :party_id = ANY(supplier_ids))
ORDER BY contract_id LIMIT :limit;

-- name: unpublished(topic, contract_ids)
-- Contracts whose newest message to intake still waits for the broker.
SELECT DISTINCT o.key
FROM outbox_unsent AS u JOIN outbox AS o USING (id)
WHERE o.topic = :topic AND o.key = ANY(:contract_ids::text[]);

-- name: inputs(contract_id)
-- A contract's journal, in order.
SELECT seq, type, occurred_at, body, facts
FROM journal WHERE contract_id = :contract_id ORDER BY seq;

-- name: returns_of_contract(contract_id)
-- All current lines of a contract, return by return.
SELECT contract_id, period, party_id, outcomes, lines
FROM checked_return WHERE contract_id = :contract_id ORDER BY period, party_id;

-- name: claims_of_contract(contract_id)
-- All claims of a contract.
SELECT key, contract_id, party_id, period, line_id, claim
FROM claim WHERE contract_id = :contract_id;

-- name: assessments(contract_id)
-- All assessments of a contract, in the order in which they were made.
SELECT contract_id, inputs, event_id, assessed_at, assessments
FROM assessment WHERE contract_id = :contract_id ORDER BY inputs;

-- name: list_returns(authority_id, party_id, outcome, contract_id, from_contract, from_period, from_party, limit)
-- Returns of the contracts that the caller may see, from a place on: those that have lines in one
-- state, by the index of those in doubt; for `counted`, which nearly all have, all.
SELECT r.contract_id, r.period, r.party_id, r.lines
FROM checked_return AS r JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR :party_id = ANY(c.supplier_ids))
    AND (:contract_id::text IS NULL OR r.contract_id = :contract_id)
    AND (coalesce(:outcome, 'counted') = 'counted'
        OR (r.outcomes <> 'counted' AND :outcome = ANY(string_to_array(r.outcomes, ' '))))
    AND (r.contract_id, r.period, r.party_id) >= (:from_contract, :from_period, :from_party)
ORDER BY r.contract_id, r.period, r.party_id LIMIT :limit;

-- name: list_alerts(authority_id, party_id, contract_id, kind, before, before_id, limit)
-- Alerts of the contracts that the caller may see, the newest first, from a place on.
SELECT a.event_id, a.raised_at, a.contract_id, a.body, c.words
FROM alert AS a JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR :party_id = ANY(c.supplier_ids))
    AND (:contract_id::text IS NULL OR a.contract_id = :contract_id)
    AND (:kind::text IS NULL OR a.kind = :kind)
    AND (:before::timestamptz IS NULL OR (a.raised_at, a.event_id) < (:before, :before_id::uuid))
ORDER BY a.raised_at DESC, a.event_id DESC LIMIT :limit;

-- name: list_cases(authority_id, party_id, contract_id, state, after, after_id, limit)
-- Cases of the contracts that the caller may see, from a place on.
SELECT k.case_id, k.contract_id, k.kind, k.commitment_id, k.party_id, k.period, k.state, k.reason,
    k.opened_at, k.moved_at
FROM contract_case AS k JOIN contract AS c USING (contract_id)
WHERE c.authority_id = :authority_id
    AND (:party_id::text IS NULL OR :party_id = ANY(c.supplier_ids))
    AND (:contract_id::text IS NULL OR k.contract_id = :contract_id)
    AND (:state::text IS NULL OR k.state = :state)
    AND (k.opened_at, k.case_id) > (:after::timestamptz, :after_id::uuid)
ORDER BY k.opened_at, k.case_id LIMIT :limit;

-- name: count_open_shortfalls(open_states)$
-- For the metrics.
SELECT count(*) FROM contract_case WHERE kind = 'shortfall' AND state = ANY(:open_states::text[]);

-- name: contract_ids()
-- All contracts, for a replay.
SELECT contract_id FROM contract ORDER BY contract_id;

-- name: posted(event_ids)
-- Messages that were posted, by id.
SELECT event_id, topic, body FROM outbox WHERE event_id = ANY(:event_ids::uuid[]);

-- name: state_of_contract(contract_id)$
-- Where a contract's fold stands.
SELECT state FROM contract WHERE contract_id = :contract_id;

-- name: cases_of_contract(contract_id)
-- A contract's cases.
SELECT case_id, contract_id, kind, commitment_id, party_id, period, state, reason, opened_at, moved_at
FROM contract_case WHERE contract_id = :contract_id;

-- name: alerts_of_contract(contract_id)
-- All alerts of a contract.
SELECT event_id, contract_id, kind, raised_at, body FROM alert WHERE contract_id = :contract_id;

-- name: add_postcodes(postcodes, editions, districts, wards, introduced, terminated)!
-- An edition of the directory; loaded again, it says what the file says.
INSERT INTO postcode (postcode, edition, district, ward, introduced, terminated)
SELECT postcode, edition, district, ward, introduced, terminated
FROM unnest(:postcodes::text[], :editions::text[], :districts::text[], :wards::text[],
            :introduced::text[], :terminated::text[])
    AS n (postcode, edition, district, ward, introduced, terminated)
ON CONFLICT ON CONSTRAINT postcode_pk DO UPDATE
SET district = excluded.district, ward = excluded.ward,
    introduced = excluded.introduced, terminated = excluded.terminated;

-- name: known(contract_ids)
-- Contracts of these ids as they stand, whoever's they are: for an import's dry run.
SELECT contract_id, authority_id, supplier_ids, starts_on, ends_on, ocid, award_id, published_at,
    buyer_id, words
FROM contract WHERE contract_id = ANY(:contract_ids::text[]);
