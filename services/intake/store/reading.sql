-- What callers are shown: what they may see, page by page. `reading.py` has the functions.

-- name: list_returns(party_id, authority_id, contract_id, first, last, is_withdrawn, is_superseded, is_checked, is_held, before, limit)
-- The returns that the caller may see, the newest first, before a receipt number; of some months, and
-- of those of which some facts hold. Since when their months are filled is looked up for the page only, and
-- so are the holidays that were declared late.
SELECT r.*, g.filled_at, g.emptied_at,
    CASE WHEN position('"late_holidays"'::bytea IN c.body) > 0
        THEN convert_from(c.body, 'UTF8')::json #> '{obligations,late_holidays}' END AS late_holidays
FROM (
    SELECT * FROM (
        SELECT a.return_id, a.receipt_no, a.contract_id, a.party_id, a.period, a.revision,
            a.received_at, w.withdrawn_at, e.index AS entry,
            (
                SELECT n.return_id FROM accepted_return AS n
                WHERE (n.contract_id, n.party_id, n.period, n.revision)
                    = (a.contract_id, a.party_id, a.period, a.revision + 1)
            ) AS superseded_by,
            EXISTS (SELECT FROM last_said AS s WHERE s.return_id = a.return_id) AS is_checked,
            EXISTS (SELECT FROM held AS h WHERE h.return_id = a.return_id) AS is_held
        FROM accepted_return AS a
        LEFT JOIN withdrawal AS w USING (return_id)
        LEFT JOIN entry AS e ON e.event_id = a.return_id
        WHERE (:party_id::text IS NULL OR a.party_id = :party_id)
            AND a.authority_id = :authority_id
            AND (:contract_id::text IS NULL OR a.contract_id = :contract_id)
            AND (:first::text IS NULL OR a.period >= :first)
            AND (:last::text IS NULL OR a.period <= :last)
            AND (:before::bigint IS NULL OR a.receipt_no < :before)
    ) AS f
    WHERE (:is_withdrawn::boolean IS NULL OR (f.withdrawn_at IS NOT NULL) = :is_withdrawn)
        AND (:is_superseded::boolean IS NULL OR (f.superseded_by IS NOT NULL) = :is_superseded)
        AND (:is_checked::boolean IS NULL OR f.is_checked = :is_checked)
        AND (:is_held::boolean IS NULL OR f.is_held = :is_held)
    ORDER BY f.receipt_no DESC
    LIMIT :limit
) AS r
LEFT JOIN LATERAL (SELECT * FROM filled WHERE return_id = r.return_id OFFSET 0) AS g ON true
LEFT JOIN contract AS c ON c.contract_id = r.contract_id
ORDER BY r.receipt_no DESC;

-- name: list_refusals(party_id, authority_id, contract_id, first, last, before, before_id, limit)
-- The refusals that the caller may see, the newest first, before a moment and id. Those that were not
-- told by themselves are among them once their day has ended, as one.
SELECT event_id, refused_at, party_id, contract_id, period, route, rules, faults, details, count
FROM refusal
WHERE is_told AND authority_id = :authority_id
    AND (:party_id::text IS NULL OR party_id = :party_id)
    AND (:contract_id::text IS NULL OR contract_id = :contract_id)
    AND (:first::text IS NULL OR period >= :first)
    AND (:last::text IS NULL OR period <= :last)
    AND (:before::timestamptz IS NULL OR (refused_at, event_id) < (:before, :before_id::uuid))
ORDER BY refused_at DESC, event_id DESC
LIMIT :limit;

-- name: find_return(return_id, party_id, authority_id)^
-- One return that the caller may see, with its bytes, its receipt and its withdrawal. It is replaced
-- once a later revision is not held.
SELECT a.return_id, a.receipt_no, a.authority_id, a.contract_id, a.party_id, a.period, a.revision,
    a.supersedes, a.body, a.sha256, a.salt, a.received_at, a.merge_by, a.signature, a.public_key,
    w.receipt_no AS withdrawal_no, w.reason, w.withdrawn_at, e.index AS entry,
    we.index AS withdrawal_entry, g.filled_at, g.emptied_at,
    CASE WHEN position('"late_holidays"'::bytea IN c.body) > 0
        THEN convert_from(c.body, 'UTF8')::json #> '{obligations,late_holidays}' END AS late_holidays,
    (
        SELECT n.return_id FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period, n.revision)
            = (a.contract_id, a.party_id, a.period, a.revision + 1)
    ) AS superseded_by,
    EXISTS (SELECT FROM last_said AS s WHERE s.return_id = a.return_id) AS is_checked,
    EXISTS (SELECT FROM held AS h WHERE h.return_id = a.return_id) AS is_held,
    EXISTS (
        SELECT FROM accepted_return AS n
        WHERE (n.contract_id, n.party_id, n.period) = (a.contract_id, a.party_id, a.period)
            AND n.revision > a.revision
            AND NOT EXISTS (SELECT FROM held AS h WHERE h.return_id = n.return_id)
    ) AS is_replaced
FROM accepted_return AS a
LEFT JOIN withdrawal AS w USING (return_id)
LEFT JOIN entry AS e ON e.event_id = a.return_id
LEFT JOIN entry AS we ON we.event_id = w.event_id
LEFT JOIN filled AS g ON g.return_id = a.return_id
LEFT JOIN contract AS c ON c.contract_id = a.contract_id
WHERE a.return_id = :return_id
    AND (:party_id::text IS NULL OR a.party_id = :party_id)
    AND a.authority_id = :authority_id;

-- name: find_return_id(party_id, authority_id, key)$
-- The return that a party sent under an Idempotency-Key. Of nobody's key but its own.
SELECT return_id FROM idempotency
WHERE (party_id, authority_id, key) = (:party_id, :authority_id, :key);

-- name: load_line_statuses(return_id)
-- The latest status of each line of a return, and the entry that has the event which set it.
SELECT l.key AS line_id, l.value::text AS said, e.index AS entry
FROM last_said AS s
CROSS JOIN jsonb_each(s.lines) AS l
LEFT JOIN entry AS e ON e.event_id = (l.value ->> 0)::uuid
WHERE s.return_id = :return_id;

-- name: has_contract(contract_id, party_id, authority_id)$
-- Whether the caller may see a contract: it is the authority's, and names the party now or has
-- returns of it.
SELECT EXISTS (
    SELECT FROM contract
    WHERE contract_id = :contract_id AND authority_id = :authority_id
        AND (:party_id::text IS NULL OR supplier_ids @> ARRAY[:party_id::text])
) OR EXISTS (
    SELECT FROM accepted_return
    WHERE contract_id = :contract_id AND authority_id = :authority_id
        AND (:party_id::text IS NULL OR party_id = :party_id)
);

-- name: has_party(party_id, authority_id)$
-- Whether a party is, or was, a supplier of the authority.
SELECT EXISTS (
    SELECT FROM contract WHERE authority_id = :authority_id AND supplier_ids @> ARRAY[:party_id::text]
) OR EXISTS (
    SELECT FROM accepted_return WHERE party_id = :party_id AND authority_id = :authority_id
);

-- name: find_outbox_age_seconds()$
-- How long the oldest message has waited for the broker; 0 if none waits.
SELECT coalesce(extract(epoch FROM now() - min(since)), 0)::float8 FROM outbox_unsent;
