-- Where each contract stands, by its worst commitment (JSON, as `domain/standing.py` makes it of the
-- state), so that a list of contracts need not read the standings of 15,000 commitments. Of the
-- contracts that are there already it is made here, to the byte, since a replay compares it.
ALTER TABLE standing ADD COLUMN overview json;

WITH each AS (
    SELECT s.contract_id, e.standing, r.rank, r.behind, r.commitment_id, r.case_id
    FROM standing AS s
    CROSS JOIN LATERAL json_array_elements(s.commitments) AS e (standing)
    CROSS JOIN LATERAL json_to_record(e.standing)
        AS r (rank integer, behind numeric, commitment_id text COLLATE "C", case_id uuid)
), worst AS (
    SELECT DISTINCT ON (contract_id) contract_id, standing
    FROM each ORDER BY contract_id, rank, behind DESC, commitment_id
), total AS (
    SELECT contract_id, count(*) AS promises, count(*) FILTER (WHERE rank <= 3) AS promises_behind,
        count(case_id) AS shortfalls
    FROM each GROUP BY contract_id
), waiting AS (
    SELECT c.contract_id, k.key COLLATE "C" AS commitment_id, max(r.key) AS period
    FROM contract AS c
    CROSS JOIN LATERAL json_each(convert_from(c.state, 'UTF8')::json -> 10) AS k
    CROSS JOIN LATERAL json_each(k.value -> 5) AS r
    WHERE r.value ->> 1 = 'awaiting_council'
    GROUP BY c.contract_id, k.key COLLATE "C"
), holding AS (
    SELECT contract_id,
        string_agg(concat(to_json(commitment_id), ':', to_json(period)), ',' ORDER BY commitment_id) AS held
    FROM waiting GROUP BY contract_id
)
UPDATE standing AS s
SET overview = concat(
    '{"rank":', coalesce((w.standing -> 'rank')::text, '6'),
    ',"behind":', coalesce((w.standing -> 'behind')::text, '"0"'),
    ',"commitment_id":', coalesce((w.standing -> 'commitment_id')::text, 'null'),
    ',"unit":', coalesce((w.standing -> 'unit')::text, 'null'),
    ',"rating":', coalesce((w.standing -> 'rating')::text, 'null'),
    ',"reason":', coalesce((w.standing -> 'reason')::text, 'null'),
    ',"gap":', coalesce((w.standing -> 'gap')::text, '"0"'),
    ',"promises":', coalesce(t.promises, 0),
    ',"promises_behind":', coalesce(t.promises_behind, 0),
    ',"shortfalls":', coalesce(t.shortfalls, 0),
    ',"held":{', h.held, '}}')::json
FROM standing AS own
LEFT JOIN worst AS w USING (contract_id)
LEFT JOIN total AS t USING (contract_id)
LEFT JOIN holding AS h USING (contract_id)
WHERE own.contract_id = s.contract_id;

ALTER TABLE standing ALTER COLUMN overview SET NOT NULL;

-- How many lines of a return wait for the council, by commitment (JSON).
ALTER TABLE checked_return ADD COLUMN queried json;

UPDATE checked_return AS r
SET queried = (
    SELECT concat('{', string_agg(concat(q.commitment, ':', q.lines), ',' ORDER BY q.first), '}')::json
    FROM (
        SELECT (l.line -> 5)::text AS commitment, count(*) AS lines, min(l.place) AS first
        FROM json_array_elements(convert_from(r.lines, 'UTF8')::json) WITH ORDINALITY AS l (line, place)
        WHERE CASE WHEN json_typeof(l.line -> 10) = 'array' THEN l.line -> 10 ->> 0
            ELSE l.line -> 9 ->> 0 END = 'queried'
        GROUP BY (l.line -> 5)::text
    ) AS q
)
WHERE r.outcomes <> 'counted' AND 'queried' = ANY(string_to_array(r.outcomes, ' '));
