-- How parties reach intake. `parties.py` has the functions.

-- name: load_inbound_topics(topics)
-- Which party an inbound topic belongs to, and whether the party is answered.
SELECT topic, party_id, authority_id, has_replies FROM inbound_topic WHERE topic = ANY(:topics::text[]);

-- name: add_inbound_topic(topic, party_id, authority_id)!
-- A party's inbound topic, with one for replies beside it.
INSERT INTO inbound_topic (topic, party_id, authority_id, has_replies)
VALUES (:topic, :party_id, :authority_id, true)
ON CONFLICT ON CONSTRAINT inbound_topic_pk DO UPDATE SET has_replies = true;

-- name: is_supplier(party_id, authority_id)$
-- Whether a contract of the authority names the party.
SELECT EXISTS (
    SELECT FROM contract WHERE authority_id = :authority_id AND supplier_ids @> ARRAY[:party_id::text]
);

-- name: list_credentials(party_id, authority_id)
-- Who holds tokens of a party, and since when; never the tokens.
SELECT actor_id, authority_id, created_at, revoked_at FROM token
WHERE party_id = :party_id AND (:authority_id::text IS NULL OR authority_id = :authority_id)
ORDER BY created_at;
