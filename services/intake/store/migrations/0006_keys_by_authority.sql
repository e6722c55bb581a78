-- An Idempotency-Key is a party's for one authority: councils do not see each other's.
ALTER TABLE idempotency ADD COLUMN authority_id text;

UPDATE idempotency AS i SET authority_id = a.authority_id
FROM accepted_return AS a WHERE a.return_id = i.return_id;

ALTER TABLE idempotency
    ALTER COLUMN authority_id SET NOT NULL,
    DROP CONSTRAINT idempotency_pk,
    ADD CONSTRAINT idempotency_pk PRIMARY KEY (party_id, key, authority_id);
