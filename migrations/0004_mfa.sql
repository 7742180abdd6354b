-- The second factor of people: the secret that their authenticator shares with us, sealed. Until it is confirmed by a code it
-- does not count, and is shown to the session alone that asked for it. The last time step whose code was taken, so that no code is taken twice.
CREATE TABLE factors (
    user_id      TEXT_C NOT NULL PRIMARY KEY REFERENCES users (id),
    sealed       TEXT_C NOT NULL,
    offered_in   TEXT_C NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT
);

-- What stands in for a second factor that is lost, once each. Used ones stay, to say that they were used.
CREATE TABLE recovery_codes (
    user_id    TEXT_C NOT NULL REFERENCES users (id),
    hash       TEXT_C NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, hash)
);
