-- The council's people of each contract: who holds which part, from when and until when (rule P6).
-- Rows are never dropped. A part is held now while `until_at` is empty.
CREATE TABLE contract_officer (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT contract_officer_pk PRIMARY KEY,
    contract_id text COLLATE "C" NOT NULL,
    part text NOT NULL
        CONSTRAINT contract_officer_part CHECK (part IN ('owner', 'deputy', 'category_lead', 'director')),
    officer_id text COLLATE "C" NOT NULL,
    from_at timestamptz NOT NULL,
    set_by text NOT NULL,
    until_at timestamptz,
    ended_by text,
    CONSTRAINT contract_officer_order CHECK (until_at >= from_at),
    CONSTRAINT contract_officer_ended CHECK ((until_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX contract_officer_current ON contract_officer (contract_id, part)
    WHERE until_at IS NULL;
CREATE INDEX contract_officer_of_contract ON contract_officer (contract_id);

-- How many owners a contract had had when it was last said that it has none (rule L2); empty: never.
ALTER TABLE contract ADD COLUMN owners_told integer;
