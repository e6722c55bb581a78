-- What is sent, and what became of it. `dispatches.py` has the functions.

-- name: lock_planning(key)$
-- One plans at a time, until its transaction ends.
SELECT pg_advisory_xact_lock(:key::bigint)::text;

-- name: list_due(now, limit)
-- Notifications that are due and in no dispatch, the longest due first; with the channel of their
-- recipient.
SELECT n.event_id, n.step, n.recipient_id, n.authority_id, n.how, n.due_at,
    coalesce(r.channel, 'email') AS channel
FROM notification AS n LEFT JOIN recipient AS r USING (recipient_id)
WHERE n.dispatch_id IS NULL AND n.due_at <= :now
ORDER BY n.due_at, n.recipient_id, n.rank, n.event_id, n.step
LIMIT :limit;

-- name: list_before(recipient_ids, since)
-- When the dispatches to these recipients since a moment were due.
SELECT recipient_id, due_at FROM dispatch
WHERE recipient_id = ANY(:recipient_ids::text[]) AND due_at > :since
ORDER BY recipient_id, due_at;

-- name: add_dispatches(dispatch_ids, recipient_ids, authority_ids, channels, due_at)!
-- New dispatches, ready to be sent.
INSERT INTO dispatch (dispatch_id, recipient_id, authority_id, channel, due_at)
SELECT dispatch_id, recipient_id, authority_id, channel, due_at
FROM unnest(:dispatch_ids::uuid[], :recipient_ids::text[], :authority_ids::text[],
            :channels::text[], :due_at::timestamptz[])
    AS n (dispatch_id, recipient_id, authority_id, channel, due_at);

-- name: set_dispatches(event_ids, steps, recipient_ids, dispatch_ids)!
-- Which dispatch carries which notification.
UPDATE notification AS n SET dispatch_id = p.dispatch_id
FROM unnest(:event_ids::uuid[], :steps::text[], :recipient_ids::text[], :dispatch_ids::uuid[])
    AS p (event_id, step, recipient_id, dispatch_id)
WHERE n.event_id = p.event_id AND n.step = p.step AND n.recipient_id = p.recipient_id;

-- name: postpone(event_ids, steps, recipient_ids, due_at)!
-- Notifications that have to wait.
UPDATE notification AS n SET due_at = p.due_at
FROM unnest(:event_ids::uuid[], :steps::text[], :recipient_ids::text[], :due_at::timestamptz[])
    AS p (event_id, step, recipient_id, due_at)
WHERE n.event_id = p.event_id AND n.step = p.step AND n.recipient_id = p.recipient_id
    AND n.dispatch_id IS NULL;

-- name: list_ready(channel, limit)
-- Dispatches of a channel that can be sent now: they wait, or whoever was sending them is gone.
SELECT dispatch_id, recipient_id, due_at, planned_at, attempts, is_repeat, state
FROM dispatch
WHERE channel = :channel AND state IN ('waiting', 'sending') AND next_at <= now()
    AND (state = 'waiting' OR leased_until <= now())
ORDER BY next_at, dispatch_id
LIMIT :limit;

-- name: list_shown(dispatch_ids, shown_max)
-- What dispatches carry: of each the worst, and the number of all.
SELECT dispatch_id, event_id, step, contract_id, kind, due_at, total
FROM (
    SELECT dispatch_id, event_id, step, contract_id, kind, due_at, rank,
        count(*) OVER (PARTITION BY dispatch_id) AS total,
        row_number() OVER (PARTITION BY dispatch_id ORDER BY rank, due_at, event_id, step) AS place
    FROM notification WHERE dispatch_id = ANY(:dispatch_ids::uuid[])
) AS n
WHERE place <= :shown_max
ORDER BY dispatch_id, place;

-- name: advance(ended, lease, state, is_repeat, next_at, attempts, answer, begun, new_lease, lease_seconds)^
-- Writes what became of one dispatch and begins the next, in one commit; either may be none. Only who
-- holds the lease of a dispatch may end it. A dispatch that is begun after it had been left in sending
-- is a repeat; one that is left for the second time is doubtful, and is not begun.
WITH ended AS (
    UPDATE dispatch SET state = :state, is_repeat = :is_repeat, next_at = :next_at,
        attempts = :attempts, answer = :answer, lease = NULL, leased_until = NULL,
        ended_at = CASE WHEN :state = 'waiting' THEN NULL ELSE now() END
    WHERE dispatch_id = :ended::uuid AND lease = :lease::uuid
    RETURNING dispatch_id
), found AS (
    SELECT dispatch_id, state = 'sending' AS was_left, is_repeat
    FROM dispatch
    WHERE dispatch_id = :begun::uuid AND state IN ('waiting', 'sending') AND next_at <= now()
        AND (state = 'waiting' OR leased_until <= now())
    FOR UPDATE SKIP LOCKED
), begun AS (
    UPDATE dispatch AS d SET
        state = CASE WHEN f.was_left AND f.is_repeat THEN 'doubtful' ELSE 'sending' END,
        is_repeat = f.is_repeat OR f.was_left,
        lease = CASE WHEN f.was_left AND f.is_repeat THEN NULL ELSE :new_lease::uuid END,
        leased_until = CASE WHEN f.was_left AND f.is_repeat THEN NULL
            ELSE now() + make_interval(secs => :lease_seconds::double precision) END,
        ended_at = CASE WHEN f.was_left AND f.is_repeat THEN now() END
    FROM found AS f WHERE d.dispatch_id = f.dispatch_id
    RETURNING d.state, d.is_repeat
)
SELECT (SELECT count(*) FROM ended) AS ended, b.state, b.is_repeat
FROM (SELECT) AS one LEFT JOIN begun AS b ON true;

-- name: keep(leases, lease_seconds)!
-- Leases of dispatches that are still being sent.
UPDATE dispatch SET leased_until = now() + make_interval(secs => :lease_seconds::double precision)
WHERE lease = ANY(:leases::uuid[]);

-- name: drop_old(before)!
-- What was sent before a moment goes, and what it told.
WITH gone AS (
    DELETE FROM dispatch WHERE ended_at < :before RETURNING dispatch_id
)
DELETE FROM notification AS n USING gone AS g WHERE n.dispatch_id = g.dispatch_id;

-- name: measure()^
-- What waits, since when, and what a person has to look at: not what was for a recipient that is no
-- longer told anything.
SELECT (SELECT count(*) FROM dispatch WHERE state IN ('waiting', 'sending')) AS waiting,
    (SELECT extract(epoch FROM now() - min(planned_at)) FROM dispatch
        WHERE state IN ('waiting', 'sending')) AS oldest_seconds,
    (SELECT count(*) FROM dispatch AS d JOIN recipient AS r USING (recipient_id)
        WHERE d.state IN ('refused', 'given_up', 'doubtful') AND r.is_on) AS undelivered;
