-- Returns that suppliers are filling in. `drafts.py` has the functions.

-- name: find_draft(authority_id, party_id, contract_id, period)^
-- The draft of one month.
SELECT authority_id, party_id, contract_id, period, key, body, answers::text AS answers, version,
    saved_by, saved_at, gone_on
FROM draft
WHERE (party_id, authority_id, contract_id, period)
    = (:party_id, :authority_id, :contract_id, :period);

-- name: lock_draft(authority_id, party_id, contract_id, period)^
-- The same, locked until the transaction ends.
SELECT authority_id, party_id, contract_id, period, key, body, answers::text AS answers, version,
    saved_by, saved_at, gone_on
FROM draft
WHERE (party_id, authority_id, contract_id, period)
    = (:party_id, :authority_id, :contract_id, :period)
FOR UPDATE;

-- name: list_drafts(authority_id, party_id, limit)
-- Which drafts a party has, the latest first, without what they say.
SELECT contract_id, period, saved_by, saved_at, gone_on
FROM draft
WHERE party_id = :party_id AND authority_id = :authority_id
ORDER BY saved_at DESC, contract_id, period LIMIT :limit;

-- name: count_drafts(authority_id, party_id)$
-- How many drafts a party has.
SELECT count(*) FROM draft WHERE party_id = :party_id AND authority_id = :authority_id;

-- name: add_draft(authority_id, party_id, contract_id, period, key, body, answers, version, saved_by, saved_at, gone_on)$
-- A new draft; nothing if somebody was faster.
INSERT INTO draft (authority_id, party_id, contract_id, period, key, body, answers, version, saved_by,
    saved_at, gone_on)
VALUES (:authority_id, :party_id, :contract_id, :period, :key, :body, :answers::text::jsonb, :version,
    :saved_by, :saved_at, :gone_on)
ON CONFLICT ON CONSTRAINT draft_pk DO NOTHING
RETURNING version;

-- name: set_draft(authority_id, party_id, contract_id, period, body, answers, version, saved_by, saved_at, gone_on)!
-- The next version of a draft, which is locked.
UPDATE draft SET body = :body, answers = :answers::text::jsonb, version = :version,
    saved_by = :saved_by, saved_at = :saved_at, gone_on = :gone_on
WHERE (party_id, authority_id, contract_id, period)
    = (:party_id, :authority_id, :contract_id, :period);

-- name: drop_draft(authority_id, party_id, contract_id, period, version)$
-- Deletes a draft, if it still has this version; any, without one.
DELETE FROM draft
WHERE (party_id, authority_id, contract_id, period)
    = (:party_id, :authority_id, :contract_id, :period)
    AND (:version::integer IS NULL OR version = :version)
RETURNING version;

-- name: drop_gone(today, limit)
-- Deletes drafts whose day has come, a bounded number of them.
DELETE FROM draft AS d
USING (
    SELECT party_id, authority_id, contract_id, period FROM draft
    WHERE gone_on <= :today ORDER BY gone_on LIMIT :limit FOR UPDATE SKIP LOCKED
) AS g
WHERE (d.party_id, d.authority_id, d.contract_id, d.period)
    = (g.party_id, g.authority_id, g.contract_id, g.period)
RETURNING d.period;

-- name: find_body(authority_id, party_id, contract_id, period)$
-- The bytes of the return that stands for a month, if one does.
SELECT a.body
FROM accepted_return AS a
WHERE (a.contract_id, a.party_id, a.period, a.authority_id)
    = (:contract_id, :party_id, :period, :authority_id)
    AND NOT EXISTS (SELECT FROM withdrawal AS w WHERE w.return_id = a.return_id)
    AND NOT EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    );
