-- Bank holidays that were declared late. `holidays.py` has the functions.

-- name: add_holiday(authority_id, day, known_from, reason, entered_by, entered_at)^
-- A holiday, if there is none of this day yet.
INSERT INTO late_holiday (authority_id, day, known_from, reason, entered_by, entered_at)
VALUES (:authority_id, :day, :known_from, :reason, :entered_by, :entered_at)
ON CONFLICT ON CONSTRAINT late_holiday_pk DO NOTHING
RETURNING day;

-- name: list_holidays(authority_ids, after_day, after_authority, limit)
-- Those of these authorities, by day, from a key on.
SELECT authority_id, day, known_from, reason, entered_by, entered_at, published_at
FROM late_holiday
WHERE authority_id = ANY(:authority_ids::text[])
    AND (day, authority_id) > (:after_day::date, :after_authority::text)
ORDER BY day, authority_id LIMIT :limit;

-- name: list_unpublished()
-- Those that not all contracts have told intake of yet.
SELECT authority_id, day FROM late_holiday WHERE published_at IS NULL ORDER BY authority_id, day;

-- name: list_contract_ids(authority_id, installation)
-- The contracts that a holiday is for: the authority's, or all.
SELECT contract_id FROM contract
WHERE :authority_id::text = :installation::text OR authority_id = :authority_id
ORDER BY contract_id;

-- name: set_published(authority_id, day, published_at)!
-- All contracts have told intake of it.
UPDATE late_holiday SET published_at = :published_at
WHERE authority_id = :authority_id AND day = :day;
