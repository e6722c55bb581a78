-- Until when a token is valid; without a moment, until it is revoked.
ALTER TABLE token ADD COLUMN expires_at timestamptz;
