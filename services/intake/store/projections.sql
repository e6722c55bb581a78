-- What other services say, as intake keeps it. `projections.py` has the functions.

-- name: apply_contracts(contract_ids, event_ids, versions, bodies)!
-- Contracts as they were said last.
INSERT INTO contract (contract_id, event_id, version, body, authority_id, supplier_ids, names)
SELECT contract_id, event_id, version, body, said ->> 'authority_id',
    ARRAY(SELECT jsonb_array_elements_text(said -> 'supplier_ids')), said -> 'names'
FROM unnest(
    :contract_ids::text[], :event_ids::uuid[], :versions::integer[], :bodies::bytea[]
) AS n (contract_id, event_id, version, body)
CROSS JOIN LATERAL (SELECT convert_from(body, 'UTF8')::jsonb AS said) AS s
ORDER BY contract_id
ON CONFLICT ON CONSTRAINT contract_pk DO UPDATE SET
    event_id = excluded.event_id, version = excluded.version, body = excluded.body,
    authority_id = excluded.authority_id, supplier_ids = excluded.supplier_ids,
    names = excluded.names;

-- name: load_known(contract_ids)
-- Whose the contracts are that are known, and their versions.
SELECT contract_id, authority_id, version FROM contract
WHERE contract_id = ANY(:contract_ids::text[]);

-- name: drop_contract(contract_id)$
-- What is known of a contract. Its returns stay.
DELETE FROM contract WHERE contract_id = :contract_id RETURNING contract_id;

-- name: apply_line_statuses(return_ids, lines)!
-- The latest status of lines, by return. Other lines of the return keep theirs.
INSERT INTO last_said (return_id, lines)
SELECT return_id, lines::jsonb
FROM unnest(:return_ids::uuid[], :lines::text[]) AS n (return_id, lines)
ORDER BY return_id
ON CONFLICT ON CONSTRAINT last_said_pk DO UPDATE SET lines = last_said.lines || excluded.lines;

-- name: apply_entries(event_ids, indexes, own)
-- Which events became which entries. Of `own`, the events of intake's types, those that it never
-- posted.
WITH told AS (
    INSERT INTO entry (event_id, index)
    SELECT event_id, index FROM unnest(:event_ids::uuid[], :indexes::bigint[]) AS n (event_id, index)
    ORDER BY event_id
    ON CONFLICT DO NOTHING
)
SELECT n.event_id FROM unnest(:own::uuid[]) AS n (event_id)
WHERE NOT EXISTS (SELECT FROM outbox AS o WHERE o.event_id = n.event_id);

-- name: count_entries(first, last)$
-- How many events are known to be these entries.
SELECT count(*) FROM entry WHERE index BETWEEN :first AND :last;

-- name: list_contested(event_ids, indexes)
-- Of these, entries that are another event here, and events that are another entry here.
SELECT n.index, n.event_id FROM unnest(:event_ids::uuid[], :indexes::bigint[]) AS n (event_id, index)
WHERE EXISTS (SELECT FROM entry AS e WHERE e.index = n.index AND e.event_id <> n.event_id)
    OR EXISTS (SELECT FROM entry AS e WHERE e.event_id = n.event_id AND e.index <> n.index);

-- name: add_held(services, record_ids, return_ids)!
-- Records about returns that a service has parked. One may be parked again and again.
INSERT INTO held (service, record_id, return_id)
SELECT service, record_id, return_id
FROM unnest(:services::text[], :record_ids::uuid[], :return_ids::uuid[])
    AS n (service, record_id, return_id)
ORDER BY service, record_id
ON CONFLICT DO NOTHING;

-- name: drop_held(services, record_ids)!
-- Those of them that the service has taken up.
DELETE FROM held AS h
USING unnest(:services::text[], :record_ids::uuid[]) AS n (service, record_id)
WHERE (h.service, h.record_id) = (n.service, n.record_id);
