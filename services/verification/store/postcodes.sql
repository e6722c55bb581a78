-- The postcode directory. `postcodes.py` has the functions.

-- name: add_incoming_table()!
-- The rows of a file on their way into the directory.
CREATE TEMPORARY TABLE incoming (
    line integer, postcode text COLLATE "C", edition text COLLATE "C", district text, ward text,
    introduced text, terminated text
);

-- name: list_twice()
-- Lines that repeat a postcode of the same edition: it could be in two places.
SELECT line, postcode, edition FROM (
    SELECT line, postcode, edition,
           row_number() OVER (PARTITION BY postcode, edition ORDER BY line) AS nth
    FROM incoming
) AS numbered
WHERE nth > 1
ORDER BY line;

-- name: apply_incoming()^
-- Takes the rows of a file into the directory; those that are there already are updated.
WITH applied AS (
    INSERT INTO postcode AS p (postcode, edition, district, ward, introduced, terminated)
    SELECT postcode, edition, district, ward, introduced, terminated FROM incoming
    ON CONFLICT ON CONSTRAINT postcode_pk DO UPDATE
    SET district = excluded.district, ward = excluded.ward,
        introduced = excluded.introduced, terminated = excluded.terminated
    WHERE (p.district, p.ward, p.introduced, p.terminated)
        IS DISTINCT FROM (excluded.district, excluded.ward, excluded.introduced, excluded.terminated)
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new) AS new, count(*) FILTER (WHERE NOT is_new) AS changed
FROM applied;

-- name: find_newest_month()$
-- The newest edition that is named by its month. It reads the whole directory, so it is asked rarely.
SELECT max(edition) FROM postcode WHERE edition ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$';
