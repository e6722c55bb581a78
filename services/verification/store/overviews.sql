-- Contracts by their worst commitment. `overviews.py` has the function.

-- name: list_overviews(authority_id, party_id, contract, supplier, owner, actor_id, rating, is_missing, has_case, ends_from, ends_by, today, after_rank, after_ahead, after_contract, limit, behind_max, waiting, good)
-- Contracts that the caller may see, the worst first, from a key on, with the returns that are overdue
-- and the cases that are open; a supplier's own of both. Each row has the counts of all pages; if there
-- is no contract, one row has nothing else. `contract`: part of a reference or title; `supplier`: an
-- org-id, or part of a name; `owner`: `me`, whose owner or deputy `actor_id` is, or `none`. Suppliers
-- are told nothing of owners.
WITH found AS (
    SELECT s.contract_id, s.overview, o.rank, -o.behind AS ahead, o.promises_behind, m.overdue,
        m.overdue_since, o.shortfalls + m.cases AS cases
    FROM standing AS s
    JOIN contract AS c USING (contract_id)
    CROSS JOIN LATERAL json_to_record(s.overview)
        AS o (rank integer, behind numeric, rating text, shortfalls integer, promises_behind integer)
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE (each.owed ->> 2)::date < :today::date) AS overdue,
            min(each.owed ->> 0) FILTER (WHERE (each.owed ->> 2)::date < :today) AS overdue_since,
            count(each.owed ->> 3) AS cases
        FROM json_array_elements(s.missing) AS each (owed)
        WHERE :party_id::text IS NULL OR each.owed ->> 1 = :party_id
    ) AS m
    WHERE s.authority_id = :authority_id
        AND (:party_id IS NULL OR :party_id = ANY(c.supplier_ids))
        AND (:rating::text IS NULL OR o.rating = :rating)
        AND (:is_missing::boolean IS NULL OR (m.overdue > 0) = :is_missing)
        AND (:has_case::boolean IS NULL OR (o.shortfalls + m.cases > 0) = :has_case)
        AND (:ends_from::date IS NULL OR c.ends_on >= :ends_from)
        AND (:ends_by::date IS NULL OR c.ends_on <= :ends_by)
        AND (:contract::text IS NULL OR strpos(lower(s.contract_id), lower(:contract)) > 0
            OR strpos(lower(convert_from(c.words, 'UTF8')::json ->> 'title'), lower(:contract)) > 0)
        AND (:owner::text IS NULL OR (:party_id IS NULL AND (:owner = 'none') = NOT EXISTS (
            SELECT FROM contract_officer AS h
            WHERE h.contract_id = s.contract_id AND h.until_at IS NULL
                AND (h.part = 'owner' OR (:owner = 'me' AND h.part = 'deputy'))
                AND (:owner = 'none' OR h.officer_id = :actor_id::text))))
        AND (:supplier::text IS NULL OR :supplier = ANY(c.supplier_ids) OR EXISTS (
            SELECT FROM json_each_text(convert_from(c.words, 'UTF8')::json -> 'suppliers') AS n (id, name)
            WHERE strpos(lower(n.name), lower(:supplier)) > 0))
), page AS (
    SELECT contract_id, overview, rank, ahead, overdue, overdue_since, cases
    FROM found
    WHERE (rank, ahead, contract_id)
        > (:after_rank::integer, :after_ahead::numeric, :after_contract::text)
    ORDER BY rank, ahead, contract_id LIMIT :limit
), counts AS (
    SELECT count(*) AS all_contracts, count(*) FILTER (WHERE rank <= :behind_max::integer) AS all_behind,
        coalesce(sum(promises_behind), 0)::integer AS all_promises_behind,
        count(*) FILTER (WHERE rank = :waiting::integer) AS all_waiting,
        count(*) FILTER (WHERE rank = :good::integer) AS all_good,
        coalesce(sum(overdue), 0)::integer AS all_overdue
    FROM found
)
SELECT n.all_contracts, n.all_behind, n.all_promises_behind, n.all_waiting, n.all_good, n.all_overdue,
    p.contract_id, p.overview, p.rank, p.ahead, p.overdue, p.overdue_since, p.cases,
    c.words, c.supplier_ids, c.ends_on, w.title
FROM counts AS n
LEFT JOIN page AS p ON true
LEFT JOIN contract AS c USING (contract_id)
LEFT JOIN LATERAL (
    SELECT each.title FROM commitment AS each
    WHERE each.contract_id = p.contract_id AND each.commitment_id = p.overview ->> 'commitment_id'
    ORDER BY each.version DESC LIMIT 1
) AS w ON true
ORDER BY p.rank, p.ahead, p.contract_id;
