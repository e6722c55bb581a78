-- What could not be delivered, for the operator's list and its first sentence: a few of very many.
CREATE INDEX dispatch_failed ON dispatch (authority_id, planned_at DESC, dispatch_id DESC)
    WHERE state IN ('refused', 'given_up', 'doubtful');
