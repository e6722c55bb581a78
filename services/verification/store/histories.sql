-- One whole contract: journal, and what follows from it. `histories.py` has the functions.

-- name: list_contract_ids()
-- All contracts, for a replay.
SELECT contract_id FROM contract ORDER BY contract_id;

-- name: list_entries(contract_id)
-- A contract's journal, in order.
SELECT seq, event_id, type, occurred_at, body, facts
FROM journal WHERE contract_id = :contract_id ORDER BY seq;

-- name: get_contract(contract_id)^
-- A contract, with its state.
SELECT authority_id, partition, version, inputs, wake_on, state, supplier_ids, starts_on, ends_on,
    ocid, award_id, buyer_id, words, words_salt
FROM contract WHERE contract_id = :contract_id;

-- name: list_lines(contract_id)
-- All current lines of a contract, return by return.
SELECT contract_id, period, party_id, outcomes, lines, queried
FROM checked_return WHERE contract_id = :contract_id ORDER BY period, party_id;

-- name: list_claims(contract_id)
-- All claims of a contract.
SELECT key, contract_id, party_id, period, line_id, claim
FROM claim WHERE contract_id = :contract_id;

-- name: list_assessments(contract_id)
-- All assessments of a contract, in the order in which they were made.
SELECT contract_id, inputs, event_id, assessed_at, assessments
FROM assessment WHERE contract_id = :contract_id ORDER BY inputs;

-- name: list_cases(contract_id)
-- A contract's cases.
SELECT case_id, contract_id, kind, commitment_id, party_id, period, state, reason, opened_at, moved_at
FROM contract_case WHERE contract_id = :contract_id;

-- name: list_alerts(contract_id)
-- All alerts of a contract.
SELECT event_id, contract_id, kind, raised_at, body, acknowledged_by, acknowledged_at
FROM alert WHERE contract_id = :contract_id;

-- name: load_messages(event_ids)
-- Messages that were posted, by id.
SELECT event_id, topic, body FROM outbox WHERE event_id = ANY(:event_ids::uuid[]);

-- name: list_standings(contract_id)
-- Where a contract stands.
SELECT contract_id, authority_id, missing, commitments, overview
FROM standing WHERE contract_id = :contract_id;
