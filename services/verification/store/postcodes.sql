-- The postcode directory. `postcodes.py` has the function.

-- name: add_postcodes(postcodes, editions, districts, wards, introduced, terminated)!
-- Rows of an edition; those that are there already are updated.
INSERT INTO postcode (postcode, edition, district, ward, introduced, terminated)
SELECT postcode, edition, district, ward, introduced, terminated
FROM unnest(:postcodes::text[], :editions::text[], :districts::text[], :wards::text[],
            :introduced::text[], :terminated::text[])
    AS n (postcode, edition, district, ward, introduced, terminated)
ON CONFLICT ON CONSTRAINT postcode_pk DO UPDATE
SET district = excluded.district, ward = excluded.ward,
    introduced = excluded.introduced, terminated = excluded.terminated;
