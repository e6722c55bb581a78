-- The postcode directory. `postcodes.py` has one function for each query.

-- name: add_postcodes(postcodes, editions, districts, wards, introduced, terminated)!
-- An edition of the directory; loaded again, it says what the file says.
INSERT INTO postcode (postcode, edition, district, ward, introduced, terminated)
SELECT postcode, edition, district, ward, introduced, terminated
FROM unnest(:postcodes::text[], :editions::text[], :districts::text[], :wards::text[],
            :introduced::text[], :terminated::text[])
    AS n (postcode, edition, district, ward, introduced, terminated)
ON CONFLICT ON CONSTRAINT postcode_pk DO UPDATE
SET district = excluded.district, ward = excluded.ward,
    introduced = excluded.introduced, terminated = excluded.terminated;
