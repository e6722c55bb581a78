-- Withdrawals. `withdrawals.py` has the functions.

-- name: find_return(return_id, authority_id, party_id)^
-- A party's own return, what its status follows from, and its withdrawal, if any.
SELECT a.return_id, a.authority_id, a.contract_id, a.party_id, a.period, a.revision,
    a.sha256, a.salt, w.receipt_no AS withdrawal_no, w.withdrawn_at, w.merge_by, w.signature,
    w.public_key,
    EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    ) AS is_superseded,
    EXISTS (SELECT FROM last_said AS s WHERE s.return_id = a.return_id) AS is_checked
FROM accepted_return AS a LEFT JOIN withdrawal AS w USING (return_id)
WHERE a.return_id = :return_id AND a.authority_id = :authority_id
    AND a.party_id = :party_id;

-- name: add_withdrawal(return_id, event_id, receipt_no, reason, withdrawn_at, merge_by, signature, public_key)!
-- A withdrawal with its receipt.
INSERT INTO withdrawal (
    return_id, event_id, receipt_no, reason, withdrawn_at, merge_by, signature, public_key
) VALUES (
    :return_id, :event_id, :receipt_no, :reason, :withdrawn_at, :merge_by, :signature, :public_key
);
