-- Files that somebody was shown before they are imported. `previews.py` has the functions.

-- name: drop_previews(before)!
-- Those that are too old to be imported.
DELETE FROM import_preview WHERE made_at < :before;

-- name: set_preview(authority_id, actor_id, digest, name, body, told, made_at)!
-- What somebody was shown last.
INSERT INTO import_preview (authority_id, actor_id, digest, name, body, told, made_at)
VALUES (:authority_id, :actor_id, :digest, :name, :body, :told, :made_at)
ON CONFLICT ON CONSTRAINT import_preview_pk DO UPDATE SET digest = excluded.digest,
    name = excluded.name, body = excluded.body, told = excluded.told, made_at = excluded.made_at,
    counts = NULL;

-- name: find_preview(authority_id, actor_id, digest, since)^
-- What somebody was shown, if it is not too old.
SELECT digest, name, body, told, counts FROM import_preview
WHERE authority_id = :authority_id AND actor_id = :actor_id AND digest = :digest
    AND made_at >= :since;

-- name: set_imported(authority_id, actor_id, digest, counts)!
-- It was imported: the file is not needed any more.
UPDATE import_preview SET body = NULL, counts = :counts
WHERE authority_id = :authority_id AND actor_id = :actor_id AND digest = :digest;
