-- Contracts and commitments as people change them. `register.py` has the functions.

-- name: lock_contract(contract_id)^
-- One contract, locked for a change.
SELECT contract_id, authority_id, version, inputs, state, supplier_ids, starts_on, ends_on, ocid,
    award_id, published_at, buyer_id, words
FROM contract WHERE contract_id = :contract_id FOR UPDATE;

-- name: get_published(contract_id, installation)^
-- What a contract and its organisations are called, and the holidays that were declared late for its
-- authority: to be published.
SELECT c.words, (
    SELECT json_agg(json_build_array(h.authority_id, h.day, h.known_from) ORDER BY h.day, h.authority_id)
    FROM late_holiday AS h WHERE h.authority_id IN (c.authority_id, :installation::text)
) AS holidays
FROM contract AS c WHERE c.contract_id = :contract_id;

-- name: list_contract_ids(contract_id)
-- All contracts, or one: to be published again.
SELECT contract_id FROM contract
WHERE :contract_id::text IS NULL OR contract_id = :contract_id ORDER BY contract_id;

-- name: load_contracts(contract_ids)
-- Those of these contracts that are registered, of any authority: for an import.
SELECT contract_id, authority_id, supplier_ids, starts_on, ends_on, ocid, award_id, published_at,
    buyer_id, words
FROM contract WHERE contract_id = ANY(:contract_ids::text[]);

-- name: load_further_contracts(authority_id, ocids)
-- Of awards with several contracts those after the first, which have no award's id: for an import.
SELECT contract_id, authority_id, supplier_ids, starts_on, ends_on, ocid, award_id, published_at,
    buyer_id, words
FROM contract
WHERE authority_id = :authority_id AND ocid = ANY(:ocids::text[]) AND award_id IS NULL;

-- name: add_contract(contract_id, authority_id, partition, version, inputs, wake_on, state, supplier_ids, starts_on, ends_on, ocid, award_id, published_at, buyer_id, words, words_salt)!
-- A new contract.
INSERT INTO contract (contract_id, authority_id, partition, version, inputs, wake_on, state,
    supplier_ids, starts_on, ends_on, ocid, award_id, published_at, buyer_id, words, words_salt)
VALUES (:contract_id, :authority_id, :partition, :version, :inputs, :wake_on, :state,
    :supplier_ids, :starts_on, :ends_on, :ocid, :award_id, :published_at, :buyer_id, :words,
    :words_salt);

-- name: change_contract(version, inputs, wake_on, state, supplier_ids, starts_on, ends_on, ocid, award_id, published_at, buyer_id, words, words_salt, contract_id)!
-- A contract registered again: later figures and words of the same award.
UPDATE contract SET version = :version, inputs = :inputs, wake_on = :wake_on, state = :state,
    supplier_ids = :supplier_ids, starts_on = :starts_on, ends_on = :ends_on, ocid = :ocid,
    award_id = :award_id, published_at = :published_at, buyer_id = :buyer_id, words = :words,
    words_salt = :words_salt
WHERE contract_id = :contract_id;

-- name: set_published_at(published_at, contract_id)!
-- A contract of which a later release says the same.
UPDATE contract SET published_at = :published_at WHERE contract_id = :contract_id;

-- name: move_contract(version, inputs, wake_on, state, contract_id)!
-- A contract whose commitments changed.
UPDATE contract SET version = :version, inputs = :inputs, wake_on = :wake_on, state = :state
WHERE contract_id = :contract_id;

-- name: list_commitments(contract_ids)
-- All versions of the commitments of contracts, in order.
SELECT contract_id, commitment_id, version, state, title, terms, words, reason, words_salt,
    proposed_by, proposed_at, approved_by, approved_at
FROM commitment WHERE contract_id = ANY(:contract_ids::text[])
ORDER BY contract_id, commitment_id, version;

-- name: add_commitment(contract_id, commitment_id, version, state, title, terms, words, reason, words_salt, proposed_by, proposed_at)!
-- A proposed version.
INSERT INTO commitment (contract_id, commitment_id, version, state, title, terms, words, reason,
    words_salt, proposed_by, proposed_at)
VALUES (:contract_id, :commitment_id, :version, :state, :title, :terms, :words, :reason,
    :words_salt, :proposed_by, :proposed_at);

-- name: replace_proposal(contract_id, commitment_id)!
-- A proposal that still waits is replaced by the next one.
UPDATE commitment SET state = 'replaced'
WHERE contract_id = :contract_id AND commitment_id = :commitment_id
    AND state IN ('needs_structuring', 'draft');

-- name: approve_commitment(terms, approved_by, approved_at, contract_id, commitment_id, version)!
-- A second person has agreed (rule P3).
UPDATE commitment SET state = 'active', terms = :terms, approved_by = :approved_by,
    approved_at = :approved_at
WHERE contract_id = :contract_id AND commitment_id = :commitment_id AND version = :version;

-- name: load_alerts(authority_id, alert_ids)
-- Those of these alerts that are an authority's: of which contract each is, and who acknowledged it.
SELECT a.event_id, a.contract_id, a.acknowledged_by, a.acknowledged_at
FROM alert AS a JOIN contract AS c USING (contract_id)
WHERE a.event_id = ANY(:alert_ids::uuid[]) AND c.authority_id = :authority_id
ORDER BY a.contract_id, a.event_id;

-- name: set_acknowledged(alert_ids, acknowledged_by, acknowledged_at)!
-- Officers have seen these alerts (rule L3).
UPDATE alert AS a SET acknowledged_by = n.acknowledged_by, acknowledged_at = n.acknowledged_at
FROM unnest(:alert_ids::uuid[], :acknowledged_by::text[], :acknowledged_at::timestamptz[])
    AS n (event_id, acknowledged_by, acknowledged_at)
WHERE a.event_id = n.event_id;
