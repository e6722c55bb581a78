-- Since when the month of a return has had one without a gap: the first revision after the last
-- withdrawal before this one; and that withdrawal. Whether a return is late follows from the two.
CREATE VIEW filled AS
SELECT a.return_id, f.received_at AS filled_at, g.withdrawn_at AS emptied_at
FROM accepted_return AS a
CROSS JOIN LATERAL (
    SELECT max(n.revision) AS revision, max(w.withdrawn_at) AS withdrawn_at
    FROM accepted_return AS n JOIN withdrawal AS w USING (return_id)
    WHERE (n.contract_id, n.party_id, n.period) = (a.contract_id, a.party_id, a.period)
        AND n.revision < a.revision
) AS g
JOIN accepted_return AS f ON (f.contract_id, f.party_id, f.period, f.revision)
    = (a.contract_id, a.party_id, a.period, coalesce(g.revision, 0) + 1);
