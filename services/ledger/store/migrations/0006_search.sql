-- What a search finds by a SHA-256: an entry by its hash or by its leaf's commitment to the event, a
-- checkpoint by its root. Hash indexes, because nobody asks for an order of hashes: each is a third of
-- a tree's size, and cheaper to add to.
CREATE INDEX entry_by_leaf_hash ON entry USING hash (leaf_hash);
CREATE INDEX entry_by_commitment ON entry USING hash (commitment);
CREATE INDEX checkpoint_by_root ON checkpoint USING hash (root);
