-- What was sent, for operators. `resending.py` has the functions.

-- name: list_dispatches(authority_id, states, recipient_id, before, before_id, limit)
-- The dispatches of an authority, the newest first, from a key on; with their recipients, and how many
-- notifications of each kind they carry.
SELECT d.dispatch_id, d.recipient_id, d.channel, d.planned_at, d.due_at, d.state, d.is_repeat,
    d.attempts, d.ended_at, d.answer, o.name, r.address, n.kinds
FROM (
    SELECT *
    FROM dispatch
    WHERE authority_id = :authority_id AND state = ANY(:states::text[])
        AND (:recipient_id::text IS NULL OR recipient_id = :recipient_id)
        AND (:before::timestamptz IS NULL OR (planned_at, dispatch_id) < (:before, :before_id::uuid))
    ORDER BY planned_at DESC, dispatch_id DESC LIMIT :limit
) AS d
LEFT JOIN recipient AS r USING (recipient_id)
LEFT JOIN officer AS o ON o.officer_id = d.recipient_id AND o.authority_id = d.authority_id
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(kind, number) AS kinds
    FROM (
        SELECT kind, count(*) AS number FROM notification
        WHERE dispatch_id = d.dispatch_id GROUP BY kind
    ) AS counted
) AS n ON true
ORDER BY d.planned_at DESC, d.dispatch_id DESC;

-- name: count_undelivered(authority_id)$
-- How many of an authority's dispatches a person has to look at.
SELECT count(*) FROM dispatch
WHERE authority_id = :authority_id AND state IN ('refused', 'given_up', 'doubtful');

-- name: lock_dispatch(dispatch_id, authority_id)^
-- A dispatch of an authority, and whether its recipient can be told; locked until the transaction ends.
SELECT d.state, r.is_on
FROM dispatch AS d LEFT JOIN recipient AS r USING (recipient_id)
WHERE d.dispatch_id = :dispatch_id AND d.authority_id = :authority_id
FOR UPDATE OF d;

-- name: set_waiting(dispatch_id)!
-- It is sent once more, as a repeat; the days in which it is tried begin anew.
UPDATE dispatch SET state = 'waiting', is_repeat = true, attempts = 0, planned_at = now(),
    next_at = now(), ended_at = NULL, answer = NULL
WHERE dispatch_id = :dispatch_id;
