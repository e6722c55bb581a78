-- What somebody was shown of a file before it is imported: the file itself, for an hour, and what it
-- would do, by digest. One for each person: the next one takes its place. `counts` (JSON) is what was
-- done, once it was; then the file is gone.
CREATE TABLE import_preview (
    authority_id text NOT NULL,
    actor_id text NOT NULL,
    digest bytea NOT NULL CONSTRAINT import_preview_digest_length CHECK (octet_length(digest) = 32),
    name text NOT NULL,
    body bytea,
    told bytea NOT NULL CONSTRAINT import_preview_told_length CHECK (octet_length(told) = 32),
    made_at timestamptz NOT NULL,
    counts json,
    CONSTRAINT import_preview_pk PRIMARY KEY (authority_id, actor_id),
    CONSTRAINT import_preview_done CHECK ((body IS NULL) = (counts IS NOT NULL))
);
CREATE INDEX import_preview_oldest ON import_preview (made_at);
