-- Topics of outsiders that are not read, since nearly all that came there was refused.
CREATE TABLE shut_topic (
    topic text CONSTRAINT shut_topic_pk PRIMARY KEY,
    why text NOT NULL,
    shut_at timestamptz NOT NULL DEFAULT now()
);
