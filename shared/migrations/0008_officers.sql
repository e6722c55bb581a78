-- What officers of councils are called, for display: as intake said last. Without a name, an officer
-- was forgotten; the row stays, so that an older name that comes late is not taken for a newer one.
CREATE TABLE officer (
    officer_id text COLLATE "C" CONSTRAINT officer_pk PRIMARY KEY,
    authority_id text NOT NULL,
    name text,
    role text,
    said_at timestamptz NOT NULL
);
