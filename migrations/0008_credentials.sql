-- Deleted bot users keep their row, as what old events and credentials name; their name is free again.
ALTER TABLE bot_users ADD COLUMN deleted_at BIGINT;

-- How long a credential lasts, when and from where it was last used, and when, from where and why it was last refused. The default
-- authtoken of a member is the one that can be shown again. The hash is that of a secret, or of the account and the fingerprint of an
-- SSH key: either way it is what a credential is found by, and no two have the same.
ALTER TABLE credentials ADD COLUMN search_description TEXT_C NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN expires_at BIGINT;
ALTER TABLE credentials ADD COLUMN fingerprint TEXT_C;
ALTER TABLE credentials ADD COLUMN default_since BIGINT;
ALTER TABLE credentials ADD COLUMN last_used_at BIGINT;
ALTER TABLE credentials ADD COLUMN last_used_from TEXT_C;
ALTER TABLE credentials ADD COLUMN refused_at BIGINT;
ALTER TABLE credentials ADD COLUMN refused_from TEXT_C;
ALTER TABLE credentials ADD COLUMN refused_why TEXT_C;
CREATE UNIQUE INDEX credentials_by_hash ON credentials (secret_hash);
CREATE UNIQUE INDEX credentials_default ON credentials (account_id, user_id) WHERE default_since IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX credentials_by_maker ON credentials (account_id, created_by) WHERE revoked_at IS NULL;
CREATE INDEX credentials_of_bot ON credentials (account_id, bot_id);
DROP INDEX credentials_by_kind;
CREATE INDEX credentials_by_kind ON credentials (account_id, kind, id) WHERE revoked_at IS NULL;
