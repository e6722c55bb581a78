-- Whose a contract is and who its suppliers are, for credentials; and which event said it last, for
-- a contract may be said again under the same version.
ALTER TABLE contract
    ADD COLUMN event_id uuid,
    ADD COLUMN authority_id text,
    ADD COLUMN supplier_ids text[];

UPDATE contract AS c SET
    event_id = (said ->> 'event_id')::uuid,
    authority_id = said ->> 'authority_id',
    supplier_ids = ARRAY(SELECT jsonb_array_elements_text(said -> 'supplier_ids'))
FROM (SELECT contract_id, convert_from(body, 'UTF8')::jsonb AS said FROM contract) AS n
WHERE c.contract_id = n.contract_id;

ALTER TABLE contract
    ALTER COLUMN event_id SET NOT NULL,
    ALTER COLUMN authority_id SET NOT NULL,
    ALTER COLUMN supplier_ids SET NOT NULL;
CREATE INDEX contract_by_supplier ON contract USING gin (supplier_ids);
