-- Identity providers: each of exactly one account, by which its people sign in (facts/ngrok.md §1.9). What is known of one by its
-- protocol stands in the columns after `protocol`: an issuer, a client and scopes by OpenID Connect, an entity, where to
-- send people, since when they may come unasked and what requests are signed with by SAML. A secret is sealed for its row and goes
-- when the issuer changes; so is the key that requests are signed with, whose certificate is public.
CREATE TABLE idps (
    id               TEXT_C NOT NULL PRIMARY KEY,
    account_id       TEXT_C NOT NULL REFERENCES accounts (id),
    protocol         TEXT_C NOT NULL CHECK (protocol IN ('oidc', 'saml')),
    description      TEXT_C NOT NULL,
    issuer           TEXT_C NOT NULL,
    client_id        TEXT_C NOT NULL DEFAULT '',
    sealed           TEXT_C,
    scopes           TEXT_C NOT NULL DEFAULT '',
    sso_url          TEXT_C NOT NULL DEFAULT '',
    sso_binding      TEXT_C NOT NULL DEFAULT '' CHECK (sso_binding IN ('', 'redirect', 'post')),
    metadata_url     TEXT_C NOT NULL DEFAULT '',
    initiates_since  BIGINT,
    signing_key      TEXT_C,
    signing_certificate TEXT_C,
    created_at       BIGINT NOT NULL,
    created_by       TEXT_C NOT NULL,
    disabled_at      BIGINT,
    tested_at        BIGINT,
    last_error       TEXT_C,
    last_error_at    BIGINT,
    version          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, id)
);
CREATE INDEX idps_of_account ON idps (account_id, created_at, id);
CREATE INDEX session_proofs_of_account ON session_proofs (account_id, idp_id) WHERE account_id IS NOT NULL;

-- The certificates by which what a SAML provider says is verified. Two at once while it changes from one to another.
CREATE TABLE idp_certificates (
    idp_id      TEXT_C NOT NULL REFERENCES idps (id),
    fingerprint TEXT_C NOT NULL,
    body        TEXT_C NOT NULL,
    not_after   BIGINT NOT NULL,
    added_at    BIGINT NOT NULL,
    PRIMARY KEY (idp_id, fingerprint)
);

-- Assertions that have let somebody in, until they would not any more by themselves: none does twice, on whichever machine.
CREATE TABLE assertions (
    idp_id       TEXT_C NOT NULL,
    assertion_id TEXT_C NOT NULL,
    until        BIGINT NOT NULL,
    PRIMARY KEY (idp_id, assertion_id)
);
CREATE INDEX assertions_by_end ON assertions (until);

-- Domains of which an account has shown, by a TXT record, that they are its own. Several accounts may ask for one; it is
-- verified for one at a time.
CREATE TABLE account_domains (
    account_id  TEXT_C NOT NULL REFERENCES accounts (id),
    domain      TEXT_C NOT NULL,
    token       TEXT_C NOT NULL,
    asked_at    BIGINT NOT NULL,
    verified_at BIGINT,
    checked_at  BIGINT,
    missing_since BIGINT,
    closes_since  BIGINT,
    PRIMARY KEY (account_id, domain)
);
CREATE UNIQUE INDEX account_domains_verified ON account_domains (domain) WHERE verified_at IS NOT NULL;
CREATE INDEX account_domains_due ON account_domains (checked_at) WHERE verified_at IS NOT NULL;

-- Which address a provider has last said of somebody, and when: shown where it is another than theirs, and never taken over.
ALTER TABLE identities ADD COLUMN said_email TEXT_C;
ALTER TABLE identities ADD COLUMN seen_at BIGINT;

-- When a provider was made to ask its person anew: what it says without that may be of this morning. Only this is a fresh proof.
ALTER TABLE session_proofs ADD COLUMN forced_at BIGINT;
