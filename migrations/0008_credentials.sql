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

-- Credentials that are not revoked, with what their owners and whoever made them are called.
CREATE VIEW living_credentials AS
SELECT k.id, k.account_id, k.kind, k.user_id, k.bot_id, COALESCE(m.name, b.name) AS owner_name, m.search_email AS owner_email, k.public_key,
       k.fingerprint, k.acl, k.description, k.search_description, k.metadata, k.created_at, k.created_by, k.expires_at, k.default_since,
       k.last_used_at, k.last_used_from, k.refused_at, k.refused_from, k.refused_why, k.version,
       COALESCE((SELECT u.name FROM users u WHERE u.id = k.created_by), (SELECT c.name FROM bot_users c WHERE c.id = k.created_by)) AS made_by
FROM credentials k
LEFT JOIN members m ON m.account_id = k.account_id AND m.user_id = k.user_id
LEFT JOIN bot_users b ON b.account_id = k.account_id AND b.id = k.bot_id
WHERE k.revoked_at IS NULL;

-- Bot users that are not deleted, with what became of their credentials.
CREATE VIEW living_bot_users AS
SELECT b.id, b.account_id, b.name, b.search_name, b.created_at, b.inactive_at, b.version,
       (SELECT COUNT(*) FROM credentials k WHERE k.account_id = b.account_id AND k.bot_id = b.id AND k.revoked_at IS NULL) AS credentials,
       (SELECT MAX(k.last_used_at) FROM credentials k WHERE k.account_id = b.account_id AND k.bot_id = b.id AND k.revoked_at IS NULL) AS last_used_at,
       (SELECT MAX(k.refused_at) FROM credentials k WHERE k.account_id = b.account_id AND k.bot_id = b.id AND k.revoked_at IS NULL) AS refused_at
FROM bot_users b WHERE b.deleted_at IS NULL;
