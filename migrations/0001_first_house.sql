-- One text for both databases. The fence (head of src/store/mod.rs): ids, enums and names are TEXT_C, text that sorts by
-- bytes whatever the database's locale (a domain on PostgreSQL; on SQLite plain text, which sorts so anyway). Moments are
-- BIGINT milliseconds since 1970 in UTC. There are no booleans: a state is the moment it began, or nothing.

-- The instance itself, exactly one row. It binds the database to its key file, remembers for good that set-up is over,
-- and heads the log of what concerns nobody in particular.
CREATE TABLE instance (
    id              TEXT_C NOT NULL PRIMARY KEY CHECK (id = 'instance'),
    key_fingerprint TEXT_C NOT NULL,
    created_at      BIGINT NOT NULL,
    set_up_at       BIGINT,
    version         BIGINT NOT NULL DEFAULT 0,
    event_seq       BIGINT NOT NULL DEFAULT 0,
    event_hash      TEXT_C NOT NULL
);

-- People, owned by no account. The password stands here because it proves the person, not a membership.
CREATE TABLE users (
    id              TEXT_C NOT NULL PRIMARY KEY,
    name            TEXT_C NOT NULL,
    theme           TEXT_C NOT NULL DEFAULT 'auto' CHECK (theme IN ('auto', 'light', 'dark')),
    password_hash   TEXT_C,
    password_set_at BIGINT,
    created_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL DEFAULT 0,
    event_seq       BIGINT NOT NULL DEFAULT 0,
    event_hash      TEXT_C NOT NULL
);

-- The addresses of people. Only a verified address is anybody's for certain, so only there it is unique.
CREATE TABLE user_emails (
    user_id     TEXT_C NOT NULL REFERENCES users (id),
    address     TEXT_C NOT NULL,
    canonical   TEXT_C NOT NULL,
    verified_at BIGINT,
    source      TEXT_C NOT NULL CHECK (source IN ('setup', 'invitation', 'sign_up', 'change', 'idp', 'scim')),
    PRIMARY KEY (user_id, canonical)
);
CREATE UNIQUE INDEX user_emails_verified ON user_emails (canonical) WHERE verified_at IS NOT NULL;

-- Tenants. The first identity provider's moment is never reset: members from before keep their other ways in. The version
-- is what writers queue on; the details have one of their own, so that two people who edit them notice each other.
CREATE TABLE accounts (
    id              TEXT_C NOT NULL PRIMARY KEY,
    slug            TEXT_C NOT NULL UNIQUE,
    name            TEXT_C NOT NULL,
    created_at      BIGINT NOT NULL,
    first_idp_at    BIGINT,
    details_version BIGINT NOT NULL DEFAULT 0,
    version         BIGINT NOT NULL DEFAULT 0,
    event_seq       BIGINT NOT NULL DEFAULT 0,
    event_hash      TEXT_C NOT NULL
);

-- What an account has decided for itself; a missing row inherits from the instance.
CREATE TABLE account_settings (
    account_id TEXT_C NOT NULL REFERENCES accounts (id),
    name       TEXT_C NOT NULL,
    value      TEXT_C NOT NULL,
    set_by     TEXT_C NOT NULL,
    set_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
);

-- People in accounts: their roles and until when they may come in. The search columns are folded copies of name and
-- address, so that searching and sorting stay flat however many members there are.
CREATE TABLE members (
    id                  TEXT_C NOT NULL PRIMARY KEY,
    account_id          TEXT_C NOT NULL REFERENCES accounts (id),
    user_id             TEXT_C NOT NULL REFERENCES users (id),
    developer           TEXT_C NOT NULL CHECK (developer IN ('read_only', 'read_write')),
    team                TEXT_C NOT NULL CHECK (team IN ('read_only', 'invite', 'manager')),
    billing             TEXT_C NOT NULL CHECK (billing IN ('none', 'access')),
    administrator_since BIGINT,
    source              TEXT_C NOT NULL CHECK (source IN ('setup', 'created', 'invitation', 'idp', 'scim')),
    joined_at           BIGINT NOT NULL,
    disabled_at         BIGINT,
    access_until        BIGINT,
    search_name         TEXT_C NOT NULL,
    search_email        TEXT_C NOT NULL,
    last_seen_at        BIGINT,
    version             BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, user_id),
    CHECK (team = 'read_only' OR developer = 'read_write' OR administrator_since IS NOT NULL)
);
CREATE INDEX members_of_user ON members (user_id);
CREATE INDEX members_by_name ON members (account_id, search_name, id);
CREATE INDEX members_by_email ON members (account_id, search_email, id);
CREATE INDEX members_by_joining ON members (account_id, joined_at, id);

-- The words by which members are found, folded; found by their beginning.
CREATE TABLE member_words (
    account_id TEXT_C NOT NULL,
    word       TEXT_C NOT NULL,
    member_id  TEXT_C NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    PRIMARY KEY (account_id, word, member_id)
);
CREATE INDEX member_words_of ON member_words (member_id);

-- Who somebody is elsewhere: the subject at an identity provider or at GitHub and Google. Never found by address.
CREATE TABLE identities (
    provider  TEXT_C NOT NULL,
    subject   TEXT_C NOT NULL,
    user_id   TEXT_C NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_of_user ON identities (user_id);

-- What the cookie carries between requests, such as a message for the next page. It says nothing of who is signed in.
CREATE TABLE cookies (
    token_hash TEXT_C NOT NULL PRIMARY KEY,
    data       TEXT_C NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX cookies_by_expiry ON cookies (expires_at);

-- Who is signed in, and the only truth about it: asked on each request by the hash of the cookie's value.
CREATE TABLE sessions (
    id           TEXT_C NOT NULL PRIMARY KEY,
    token_hash   TEXT_C NOT NULL UNIQUE,
    user_id      TEXT_C NOT NULL REFERENCES users (id),
    address      TEXT_C NOT NULL,
    agent        TEXT_C NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at     BIGINT,
    ended_why    TEXT_C
);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

-- How a session has proven its person; a proof by an identity provider names the one account where it counts.
CREATE TABLE session_proofs (
    session_id TEXT_C NOT NULL REFERENCES sessions (id),
    kind       TEXT_C NOT NULL CHECK (kind IN ('password', 'factor', 'passkey', 'social', 'idp')),
    idp_id     TEXT_C NOT NULL DEFAULT '',
    account_id TEXT_C REFERENCES accounts (id),
    proven_at  BIGINT NOT NULL,
    PRIMARY KEY (session_id, kind, idp_id)
);

-- A session in an account: idle time, forced sign-in and "end sessions in this account" are counted per account.
CREATE TABLE entries (
    session_id   TEXT_C NOT NULL REFERENCES sessions (id),
    account_id   TEXT_C NOT NULL REFERENCES accounts (id),
    entered_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at     BIGINT,
    ended_why    TEXT_C,
    PRIMARY KEY (session_id, account_id)
);
CREATE INDEX entries_of_account ON entries (account_id, entered_at);

-- Things begun in one request and finished in another: set-up, half sign-ins, verification, reset, sign-on elsewhere.
-- Used once, short-lived, and bound to the browser that began.
CREATE TABLE flows (
    id_hash      TEXT_C NOT NULL PRIMARY KEY,
    kind         TEXT_C NOT NULL,
    browser_hash TEXT_C,
    user_id      TEXT_C REFERENCES users (id),
    account_id   TEXT_C REFERENCES accounts (id),
    idp_id       TEXT_C,
    return_to    TEXT_C,
    sealed       TEXT_C,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX flows_by_expiry ON flows (expires_at);

-- Who came from where on which day: what a draft of IP rules is replayed against, and what a review of stale access reads.
CREATE TABLE visits (
    account_id    TEXT_C NOT NULL REFERENCES accounts (id),
    principal     TEXT_C NOT NULL,
    credential_id TEXT_C NOT NULL DEFAULT '',
    surface       TEXT_C NOT NULL CHECK (surface IN ('dashboard', 'api', 'agent', 'endpoints')),
    address       TEXT_C NOT NULL,
    day           BIGINT NOT NULL,
    count         BIGINT NOT NULL,
    first_at      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    PRIMARY KEY (account_id, principal, credential_id, surface, address, day)
);
CREATE INDEX visits_by_day ON visits (day);

-- What happened: append-only, and a hash chain per log. The log is an account's, a user's, or the instance's own.
CREATE TABLE events (
    id             TEXT_C NOT NULL PRIMARY KEY,
    log            TEXT_C NOT NULL,
    account_id     TEXT_C,
    user_id        TEXT_C,
    seq            BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    type           TEXT_C NOT NULL,
    source         TEXT_C NOT NULL CHECK (source IN ('dashboard', 'api', 'scim', 'console', 'system')),
    principal      TEXT_C NOT NULL,
    principal_name TEXT_C NOT NULL,
    credential_id  TEXT_C,
    session_id     TEXT_C,
    address        TEXT_C NOT NULL,
    request_id     TEXT_C NOT NULL,
    outcome        TEXT_C NOT NULL CHECK (outcome IN ('done', 'refused')),
    before         TEXT_C,
    after          TEXT_C,
    prev_hash      TEXT_C NOT NULL,
    hash           TEXT_C NOT NULL,
    UNIQUE (log, seq)
);
CREATE INDEX events_by_type ON events (log, type, seq);
CREATE INDEX events_by_principal ON events (log, principal, seq);
CREATE INDEX events_by_principal_name ON events (log, principal_name, seq);
CREATE INDEX events_by_address ON events (log, address, seq);
CREATE INDEX events_by_time ON events (log, at, seq);

-- What an event is about, so that everything that ever happened to a thing is one look-up.
CREATE TABLE event_subjects (
    event_id   TEXT_C NOT NULL REFERENCES events (id),
    position   BIGINT NOT NULL,
    log        TEXT_C NOT NULL,
    seq        BIGINT NOT NULL,
    account_id TEXT_C,
    kind       TEXT_C NOT NULL,
    subject_id TEXT_C NOT NULL,
    label      TEXT_C NOT NULL,
    PRIMARY KEY (event_id, position)
);
CREATE INDEX event_subjects_by_id ON event_subjects (log, subject_id, seq);
CREATE INDEX event_subjects_by_label ON event_subjects (log, label, seq);

-- Offers to join an account. Open while closed_at is missing; one open offer per address and account.
CREATE TABLE invitations (
    id             TEXT_C NOT NULL PRIMARY KEY,
    account_id     TEXT_C NOT NULL REFERENCES accounts (id),
    kind           TEXT_C NOT NULL CHECK (kind IN ('email', 'link')),
    address        TEXT_C,
    canonical      TEXT_C,
    developer      TEXT_C NOT NULL CHECK (developer IN ('read_only', 'read_write')),
    team           TEXT_C NOT NULL CHECK (team IN ('read_only', 'invite', 'manager')),
    billing        TEXT_C NOT NULL CHECK (billing IN ('none', 'access')),
    administrator  TEXT_C CHECK (administrator = 'yes'),
    access_seconds BIGINT,
    max_uses       BIGINT,
    uses           BIGINT NOT NULL DEFAULT 0,
    invited_by     TEXT_C NOT NULL REFERENCES users (id),
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    closed_at      BIGINT,
    closed_why     TEXT_C,
    version        BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX invitations_open ON invitations (account_id, canonical) WHERE closed_at IS NULL;
CREATE INDEX invitations_by_creation ON invitations (account_id, created_at, id);

-- The secrets in invitation links. The mailed and the copied one differ, and old ones stay, to say that they are old.
CREATE TABLE invitation_tokens (
    hash          TEXT_C NOT NULL PRIMARY KEY,
    invitation_id TEXT_C NOT NULL REFERENCES invitations (id),
    purpose       TEXT_C NOT NULL CHECK (purpose IN ('mail', 'copy')),
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT
);
CREATE INDEX invitation_tokens_of ON invitation_tokens (invitation_id);

-- Who joined by which invitation.
CREATE TABLE invitation_uses (
    invitation_id TEXT_C NOT NULL REFERENCES invitations (id),
    user_id       TEXT_C NOT NULL REFERENCES users (id),
    used_at       BIGINT NOT NULL,
    PRIMARY KEY (invitation_id, user_id)
);

-- Principals that are not people and belong to one account.
CREATE TABLE bot_users (
    id          TEXT_C NOT NULL PRIMARY KEY,
    account_id  TEXT_C NOT NULL REFERENCES accounts (id),
    name        TEXT_C NOT NULL,
    search_name TEXT_C NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT_C NOT NULL,
    inactive_at BIGINT,
    version     BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, search_name),
    UNIQUE (account_id, id)
);

-- Authtokens, API keys and SSH public keys: each has exactly one owner, a member or a bot user, and never another.
-- Revoking wipes the hash and keeps the row, so that a pasted token still names what it was.
CREATE TABLE credentials (
    id          TEXT_C NOT NULL PRIMARY KEY,
    account_id  TEXT_C NOT NULL REFERENCES accounts (id),
    kind        TEXT_C NOT NULL CHECK (kind IN ('authtoken', 'api_key', 'ssh_key')),
    user_id     TEXT_C,
    bot_id      TEXT_C,
    secret_hash TEXT_C,
    sealed      TEXT_C,
    public_key  TEXT_C,
    acl         TEXT_C NOT NULL DEFAULT '[]',
    description TEXT_C NOT NULL DEFAULT '',
    metadata    TEXT_C NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    created_by  TEXT_C NOT NULL,
    revoked_at  BIGINT,
    version     BIGINT NOT NULL DEFAULT 0,
    CHECK ((user_id IS NULL) <> (bot_id IS NULL)),
    FOREIGN KEY (account_id, bot_id) REFERENCES bot_users (account_id, id)
);
CREATE INDEX credentials_by_kind ON credentials (account_id, kind, id);
CREATE INDEX credentials_of_user ON credentials (account_id, user_id);

-- Letters to be sent, written in the transaction that causes them.
CREATE TABLE outbox (
    id              TEXT_C NOT NULL PRIMARY KEY,
    account_id      TEXT_C,
    user_id         TEXT_C,
    subject_id      TEXT_C,
    kind            TEXT_C NOT NULL,
    recipient       TEXT_C NOT NULL,
    body            TEXT_C NOT NULL,
    created_at      BIGINT NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    last_error      TEXT_C,
    sent_at         BIGINT,
    failed_at       BIGINT
);
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;

-- How often something was tried in a window of time, the same for every instance on this database.
CREATE TABLE attempts (
    scope        TEXT_C NOT NULL,
    key          TEXT_C NOT NULL,
    window_start BIGINT NOT NULL,
    count        BIGINT NOT NULL,
    PRIMARY KEY (scope, key, window_start)
);
CREATE INDEX attempts_by_window ON attempts (window_start);
