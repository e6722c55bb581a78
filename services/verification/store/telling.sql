-- Who is told of alerts, and what they are told. `telling.py` has the functions.

-- name: list_authorities(contract_ids)
-- Whose contracts these are.
SELECT contract_id, authority_id FROM contract WHERE contract_id = ANY(:contract_ids::text[]);

-- name: list_unanswered(partitions, steps, since, until, kinds, limit)
-- Alerts of these kinds, raised at these times for contracts of these partitions, that nobody has
-- acknowledged.
SELECT w.step, a.event_id, a.contract_id, a.kind, a.raised_at, a.body
FROM unnest(:partitions::integer[], :steps::text[], :since::timestamptz[], :until::timestamptz[])
    AS w (partition, step, since, until)
JOIN alert AS a ON a.raised_at >= w.since AND a.raised_at < w.until
JOIN contract AS c ON c.contract_id = a.contract_id AND c.partition = w.partition
WHERE a.acknowledged_at IS NULL AND a.kind = ANY(:kinds::text[])
ORDER BY a.raised_at, a.event_id
LIMIT :limit;

-- name: load_alerts(event_ids)
-- Alerts with what they are about as it is now.
SELECT a.event_id, a.body, a.acknowledged_at, c.words, s.missing, k.state AS case_state
FROM alert AS a
JOIN contract AS c USING (contract_id)
LEFT JOIN standing AS s USING (contract_id)
LEFT JOIN contract_case AS k ON k.contract_id = a.contract_id
    AND k.case_id::text = convert_from(a.body, 'UTF8')::json ->> 'subject'
WHERE a.event_id = ANY(:event_ids::uuid[]);

-- name: list_attained(contract_ids, commitment_ids, periods)
-- The attainment of commitments at the end of a period, as it was assessed last.
SELECT DISTINCT ON (w.contract_id, w.commitment_id, w.period)
    w.contract_id, w.commitment_id, w.period, each.made ->> 'attainment' AS attainment
FROM unnest(:contract_ids::text[], :commitment_ids::text[], :periods::text[])
    AS w (contract_id, commitment_id, period)
JOIN assessment AS a USING (contract_id)
CROSS JOIN LATERAL json_array_elements(convert_from(a.assessments, 'UTF8')::json) AS each (made)
WHERE each.made ->> 'commitment_id' = w.commitment_id AND each.made ->> 'period' = w.period
ORDER BY w.contract_id, w.commitment_id, w.period, a.inputs DESC;

-- name: find_newest()$
-- When the newest alert was raised.
SELECT max(raised_at) FROM alert;

-- name: list_operators()
-- The operators who have a name.
SELECT officer_id FROM officer WHERE role = 'operator' AND name IS NOT NULL ORDER BY officer_id;
