-- What fsck compares. `checking.py` has the functions.

-- name: add_logged_table()!
-- What the log says of receipts, while fsck runs.
CREATE TEMPORARY TABLE logged (
    event_id uuid PRIMARY KEY,
    entry bigint NOT NULL,
    said text -- NULL where the leaf has only a digest
);

-- name: list_receipts()
-- Every receipt, with the digests of the stored bytes, what was posted, and the entry that the
-- ledger told of. A withdrawal's receipt has the digests of its return.
SELECT 'return' AS kind, a.return_id AS event_id, a.receipt_no, a.return_id, a.authority_id,
    a.contract_id, a.party_id, a.period, a.revision, a.sha256, a.salt, a.received_at, a.merge_by,
    a.signature, a.public_key, sha256(a.body) AS body_sha256,
    encode(sha256(a.salt || a.body), 'hex') AS words_digest, a.supersedes, o.body AS posted,
    e.index AS entry, a.merge_by < greatest(now(), d.latest_at) AS is_due
FROM accepted_return AS a
CROSS JOIN desk AS d
LEFT JOIN outbox AS o ON o.event_id = a.return_id
LEFT JOIN entry AS e ON e.event_id = a.return_id
UNION ALL
SELECT 'withdrawal', w.event_id, w.receipt_no, w.return_id, a.authority_id, a.contract_id,
    a.party_id, a.period, a.revision, a.sha256, a.salt, w.withdrawn_at, w.merge_by, w.signature,
    w.public_key, a.sha256, NULL, NULL, o.body, e.index, w.merge_by < greatest(now(), d.latest_at)
FROM withdrawal AS w
JOIN accepted_return AS a USING (return_id)
CROSS JOIN desk AS d
LEFT JOIN outbox AS o ON o.event_id = w.event_id
LEFT JOIN entry AS e ON e.event_id = w.event_id
ORDER BY receipt_no;

-- name: list_gaps(count)
-- Receipt numbers from 1 on that nothing has, as ranges, and numbers that two have.
SELECT number + 1 AS first, next - 1 AS last FROM (
    SELECT number, lead(number) OVER (ORDER BY number) AS next FROM (
        SELECT 0 AS number
        UNION ALL SELECT receipt_no FROM accepted_return
        UNION ALL SELECT receipt_no FROM withdrawal
        UNION ALL SELECT receipt_no + 1 FROM desk
    ) AS n
) AS n
WHERE next <> number + 1
ORDER BY 1 LIMIT :count;

-- name: list_lost(count)
-- Returns and withdrawals that were posted and are not stored.
SELECT o.event_id, o.type FROM outbox AS o
WHERE (o.type = 'ReturnReceived'
        AND NOT EXISTS (SELECT FROM accepted_return AS a WHERE a.return_id = o.event_id))
    OR (o.type = 'ReturnWithdrawn'
        AND NOT EXISTS (SELECT FROM withdrawal AS w WHERE w.event_id = o.event_id))
ORDER BY o.id LIMIT :count;

-- name: list_contested(count)
-- Entries of the log that two events are said to be.
SELECT index AS entry, count(*) AS events FROM entry GROUP BY index HAVING count(*) > 1
ORDER BY index LIMIT :count;

-- name: list_unlogged(count)
-- Receipts that are due, and that the log does not have.
SELECT r.receipt_no, r.merge_by FROM (
    SELECT return_id AS event_id, receipt_no, merge_by FROM accepted_return
    UNION ALL SELECT event_id, receipt_no, merge_by FROM withdrawal
) AS r CROSS JOIN desk AS d
WHERE r.merge_by < greatest(now(), d.latest_at)
    AND NOT EXISTS (SELECT FROM logged AS l WHERE l.event_id = r.event_id)
ORDER BY r.receipt_no LIMIT :count;

-- name: list_unlike(count)
-- What the log says of receipts, where intake says something else or nothing.
SELECT l.entry, l.said, r.said AS wanted, e.index AS told FROM logged AS l
LEFT JOIN (
    SELECT return_id AS event_id, concat_ws(' ', 'ReturnReceived', return_id, receipt_no,
        authority_id, contract_id, party_id, period, revision) AS said
    FROM accepted_return
    UNION ALL
    SELECT w.event_id, concat_ws(' ', 'ReturnWithdrawn', a.return_id, w.receipt_no,
        a.authority_id, a.contract_id, a.party_id, a.period, a.revision)
    FROM withdrawal AS w JOIN accepted_return AS a USING (return_id)
) AS r USING (event_id)
LEFT JOIN entry AS e USING (event_id)
WHERE r.said IS NULL OR r.said <> l.said OR e.index <> l.entry
ORDER BY l.entry LIMIT :count;
