-- The council's people of contracts. `people.py` has the functions.

-- name: load_officers(contract_ids)
-- Who holds which part of these contracts now: they are told of alerts.
SELECT contract_id, part, officer_id
FROM contract_officer WHERE contract_id = ANY(:contract_ids::text[]) AND until_at IS NULL;

-- name: load_managers(authority_ids)
-- The managers of these authorities who have a name: they are told where there is no owner.
SELECT authority_id, officer_id
FROM officer
WHERE authority_id = ANY(:authority_ids::text[]) AND role = 'manager' AND name IS NOT NULL
ORDER BY authority_id, officer_id;

-- name: lock_ownerless(partitions, days, limit)
-- Contracts with an active commitment that have no owner at the end of the day of their partition, and
-- of which that was not said since the last owner: locked, but for those that somebody is changing.
SELECT c.contract_id, c.authority_id, c.partition, c.supplier_ids, n.owners
FROM unnest(:partitions::integer[], :days::date[]) AS d (partition, day)
JOIN contract AS c ON c.partition = d.partition AND c.ends_on >= d.day
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS owners, count(*) FILTER (WHERE h.until_at IS NULL) AS owns
    FROM contract_officer AS h WHERE h.contract_id = c.contract_id AND h.part = 'owner'
) AS n
WHERE n.owns = 0 AND (c.owners_told IS NULL OR c.owners_told < n.owners)
    AND EXISTS (
        SELECT FROM commitment AS m WHERE m.contract_id = c.contract_id AND m.state = 'active'
    )
ORDER BY c.contract_id LIMIT :limit
FOR UPDATE OF c SKIP LOCKED;

-- name: set_owners_told(contract_ids, owners)!
-- That these contracts have no owner was said, after so many.
UPDATE contract AS c SET owners_told = n.owners
FROM unnest(:contract_ids::text[], :owners::integer[]) AS n (contract_id, owners)
WHERE c.contract_id = n.contract_id;

-- name: load_known(officer_ids)
-- What is known of officers who are to hold a part, of any authority: nothing of it may be shown.
SELECT officer_id, authority_id, name, role
FROM officer WHERE officer_id = ANY(:officer_ids::text[]);

-- name: set_ended(contract_id, parts, at, ended_by)!
-- Parts of a contract that are no longer held by those who held them.
UPDATE contract_officer SET until_at = greatest(from_at, :at::timestamptz), ended_by = :ended_by
WHERE contract_id = :contract_id AND part = ANY(:parts::text[]) AND until_at IS NULL;

-- name: add_held(contract_id, parts, officer_ids, at, set_by)!
-- Parts of a contract, and who holds them from now on.
INSERT INTO contract_officer (contract_id, part, officer_id, from_at, set_by)
SELECT :contract_id, part, officer_id, :at::timestamptz, :set_by
FROM unnest(:parts::text[], :officer_ids::text[]) AS n (part, officer_id);

-- name: list_held(authority_id, contract_id, since, till, limit)
-- Who held which part of a contract at any time from :since until :till, with names: what is held now
-- first, then the newest. Without :since only what is held now; without :till what came later too.
SELECT h.part, h.officer_id, h.from_at, h.until_at, h.set_by, h.ended_by,
    o.name AS officer_name, s.name AS set_by_name, e.name AS ended_by_name
FROM contract_officer AS h
JOIN contract AS c USING (contract_id)
LEFT JOIN officer AS o ON o.officer_id = h.officer_id AND o.authority_id = c.authority_id
LEFT JOIN officer AS s ON s.officer_id = h.set_by AND s.authority_id = c.authority_id
LEFT JOIN officer AS e ON e.officer_id = h.ended_by AND e.authority_id = c.authority_id
WHERE c.contract_id = :contract_id AND c.authority_id = :authority_id
    AND (h.until_at IS NULL OR h.until_at > :since::timestamptz)
    AND (:till::timestamptz IS NULL OR h.from_at < :till)
ORDER BY h.until_at IS NOT NULL, h.from_at DESC, h.id DESC
LIMIT :limit;

-- name: list_choices(authority_id, roles, limit)
-- The officers of an authority who can hold a part of a contract, by name.
SELECT officer_id, name, role
FROM officer
WHERE authority_id = :authority_id AND name IS NOT NULL AND role = ANY(:roles::text[])
ORDER BY name, officer_id LIMIT :limit;
