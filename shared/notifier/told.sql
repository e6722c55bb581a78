-- Who was told. `told.py` has the function.

-- name: load_known(event_ids, officer_ids, authority_ids)
-- The notifications of events with what became of them and what their recipients are called; and, as
-- rows without an event, what other officers are called.
SELECT n.event_id, n.step, n.recipient_id AS person, coalesce(d.state, 'planned') AS state, n.due_at,
    d.ended_at, o.name
FROM notification AS n
LEFT JOIN dispatch AS d USING (dispatch_id)
LEFT JOIN officer AS o ON o.officer_id = n.recipient_id AND o.authority_id = n.authority_id
WHERE n.event_id = ANY(:event_ids::uuid[]) AND n.authority_id = ANY(:authority_ids::text[])
UNION ALL
SELECT NULL, NULL, officer_id, NULL, NULL, NULL, name
FROM officer
WHERE officer_id = ANY(:officer_ids::text[]) AND authority_id = ANY(:authority_ids::text[])
ORDER BY due_at, person;
