-- An entry is one event: if the ledger tells of two, its log was taken back.
CREATE INDEX entry_by_index ON entry (index);
