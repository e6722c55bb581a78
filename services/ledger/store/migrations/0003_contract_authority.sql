-- Whose a contract is, as its first registration in the log says. Until one is recorded nobody knows.
ALTER TABLE contract_chain ADD COLUMN authority_id text;

UPDATE contract_chain AS c SET authority_id = r.authority_id
FROM (
    SELECT DISTINCT ON (contract_id) contract_id, authority_id FROM entry_index
    WHERE type = 'ContractRegistered' ORDER BY contract_id, idx
) AS r
WHERE r.contract_id = c.contract_id;
