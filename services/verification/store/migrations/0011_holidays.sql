-- Bank holidays that were declared late, as an operator entered them: for an authority, or for the
-- whole installation. Only what is counted on `known_from` or later is counted with them, so they
-- are never changed or deleted. `published_at` is when all contracts told intake of it.
CREATE TABLE late_holiday (
    authority_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    known_from date NOT NULL,
    reason text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    published_at timestamptz,
    CONSTRAINT late_holiday_pk PRIMARY KEY (authority_id, day),
    CONSTRAINT late_holiday_order CHECK (known_from < day)
);
