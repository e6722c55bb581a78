-- The number of the receipt that an entry keeps. Each number is of one return or withdrawal, and so
-- of one entry. Derived from events, like the rest of the row; here from the leaves that are stored.
ALTER TABLE entry_index ADD COLUMN receipt_no bigint;
UPDATE entry_index AS l
SET receipt_no = (convert_from(e.leaf, 'UTF8')::jsonb #>> '{facts,receipt_no}')::bigint
FROM entry AS e
WHERE e.idx = l.idx AND l.type IN ('ReturnReceived', 'ReturnWithdrawn');
CREATE INDEX entry_index_by_receipt ON entry_index (receipt_no) WHERE receipt_no IS NOT NULL;
