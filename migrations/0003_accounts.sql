-- Moments are shown in the viewer's zone: their own, or else the account's, or else UTC.
ALTER TABLE users ADD COLUMN time_zone TEXT_C;

-- An account says more of itself. A deleted one keeps its row, as the head of its log and for what still names it; all
-- else of it goes.
ALTER TABLE accounts ADD COLUMN company TEXT_C NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN address TEXT_C NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN website TEXT_C NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN time_zone TEXT_C NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN currency TEXT_C NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;

-- Every slug that an account has or had: links with an old one go on leading there, and nobody else gets it.
CREATE TABLE account_slugs (
    slug       TEXT_C NOT NULL PRIMARY KEY,
    account_id TEXT_C NOT NULL REFERENCES accounts (id),
    taken_at   BIGINT NOT NULL
);
CREATE INDEX account_slugs_of ON account_slugs (account_id);
INSERT INTO account_slugs (slug, account_id, taken_at) SELECT slug, id, created_at FROM accounts;

-- Where invoices go and what stands on them, for whoever has access to billing.
CREATE TABLE billing (
    account_id TEXT_C NOT NULL PRIMARY KEY REFERENCES accounts (id),
    contact    TEXT_C NOT NULL,
    recipients TEXT_C NOT NULL,
    address    TEXT_C NOT NULL,
    tax_id     TEXT_C NOT NULL,
    currency   TEXT_C NOT NULL,
    version    BIGINT NOT NULL
);

-- The address that a flow is about: one to be signed up with, confirmed, or given a new password.
ALTER TABLE flows ADD COLUMN address TEXT_C;
ALTER TABLE flows ADD COLUMN canonical TEXT_C;
CREATE INDEX flows_open_of ON flows (canonical) WHERE used_at IS NULL;
CREATE INDEX flows_of_user ON flows (user_id) WHERE used_at IS NULL;

-- The name as it is shown, beside its folded copy: a page of members is one walk along an index and one row for each.
ALTER TABLE members ADD COLUMN name TEXT_C NOT NULL DEFAULT '';
UPDATE members SET name = (SELECT u.name FROM users u WHERE u.id = members.user_id);

-- Whether a member has a word is asked of the index alone.
DROP INDEX member_words_of;
CREATE INDEX member_words_of ON member_words (member_id, word);

-- Whoever signs in is found by an address, which several may say is theirs.
CREATE INDEX user_emails_by_address ON user_emails (canonical);

-- Addresses that nobody has confirmed are few, and found without looking at all the others.
CREATE INDEX user_emails_unproven ON user_emails (user_id, canonical) WHERE verified_at IS NULL;
