-- When an account was last opened from the host, and for whom: every page of it says so for a day.
ALTER TABLE accounts ADD COLUMN rescued_at BIGINT;
ALTER TABLE accounts ADD COLUMN rescued_for TEXT_C;

-- How a session has proven its person; a proof by an identity provider, and one by a link from the host, name the one account
-- where they count. Made anew, as SQLite cannot let a CHECK know one more word.
CREATE TABLE session_proofs_anew (
    session_id TEXT_C NOT NULL REFERENCES sessions (id),
    kind       TEXT_C NOT NULL CHECK (kind IN ('password', 'factor', 'passkey', 'social', 'idp', 'rescue')),
    idp_id     TEXT_C NOT NULL DEFAULT '',
    account_id TEXT_C REFERENCES accounts (id),
    proven_at  BIGINT NOT NULL,
    CHECK (kind <> 'rescue' OR account_id IS NOT NULL),
    PRIMARY KEY (session_id, kind, idp_id)
);
INSERT INTO session_proofs_anew (session_id, kind, idp_id, account_id, proven_at)
    SELECT session_id, kind, idp_id, account_id, proven_at FROM session_proofs;
DROP TABLE session_proofs;
ALTER TABLE session_proofs_anew RENAME TO session_proofs;
