-- IP policies: rules that allow or deny networks. A restriction applies policies to one surface of an account, as a warning first.
CREATE TABLE ip_policies (
    id                 TEXT_C NOT NULL PRIMARY KEY,
    account_id         TEXT_C NOT NULL REFERENCES accounts (id),
    description        TEXT_C NOT NULL,
    search_description TEXT_C NOT NULL,
    metadata           TEXT_C NOT NULL,
    created_at         BIGINT NOT NULL
);
CREATE INDEX ip_policies_by_id ON ip_policies (account_id, id);

-- What a policy does with the addresses of a network.
CREATE TABLE ip_policy_rules (
    id          TEXT_C NOT NULL PRIMARY KEY,
    account_id  TEXT_C NOT NULL REFERENCES accounts (id),
    policy_id   TEXT_C NOT NULL REFERENCES ip_policies (id),
    network     TEXT_C NOT NULL,
    action      TEXT_C NOT NULL CHECK (action IN ('allow', 'deny')),
    description TEXT_C NOT NULL,
    metadata    TEXT_C NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX ip_policy_rules_by_network ON ip_policy_rules (policy_id, network);
CREATE INDEX ip_policy_rules_by_id ON ip_policy_rules (account_id, id);

-- What applies to a surface, and since when it refuses.
CREATE TABLE ip_restrictions (
    id          TEXT_C NOT NULL PRIMARY KEY,
    account_id  TEXT_C NOT NULL REFERENCES accounts (id),
    surface     TEXT_C NOT NULL CHECK (surface IN ('dashboard', 'api', 'agent', 'endpoints')),
    enforced_at BIGINT,
    description TEXT_C NOT NULL,
    metadata    TEXT_C NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX ip_restrictions_by_surface ON ip_restrictions (account_id, surface);

-- Which policies apply.
CREATE TABLE ip_restriction_policies (
    restriction_id TEXT_C NOT NULL REFERENCES ip_restrictions (id),
    policy_id      TEXT_C NOT NULL REFERENCES ip_policies (id),
    PRIMARY KEY (restriction_id, policy_id)
);
CREATE INDEX ip_restriction_policies_by_policy ON ip_restriction_policies (policy_id);

-- A change that is undone unless somebody confirms it who came in after it: what stood before, and until when.
CREATE TABLE ip_provisional (
    account_id TEXT_C NOT NULL PRIMARY KEY REFERENCES accounts (id),
    before     TEXT_C NOT NULL,
    ends_at    BIGINT NOT NULL,
    begun_by   TEXT_C NOT NULL
);
CREATE INDEX ip_provisional_by_end ON ip_provisional (ends_at);

-- Counted up with every change of what restricts an account; 0 where nothing ever has. Processes keep what they have read under it.
ALTER TABLE accounts ADD COLUMN ip_version BIGINT NOT NULL DEFAULT 0;
-- Until when somebody has looked at what warning mode saw.
ALTER TABLE accounts ADD COLUMN warned_seen_at BIGINT NOT NULL DEFAULT 0;
-- When a restriction in warning mode first would have refused this visit.
ALTER TABLE visits ADD COLUMN warned_at BIGINT;
CREATE INDEX visits_warned ON visits (account_id, warned_at) WHERE warned_at IS NOT NULL;
