-- Who is locked out after wrong passwords, whether anybody has the address or not: from one network, from one browser that signed
-- in before, or from everywhere (an empty place).
CREATE TABLE lockouts (
    canonical TEXT_C NOT NULL,
    place     TEXT_C NOT NULL,
    began_at  BIGINT NOT NULL,
    until     BIGINT NOT NULL,
    PRIMARY KEY (canonical, place)
);
CREATE INDEX lockouts_by_end ON lockouts (until);

-- Browsers in which people have signed in: each has attempts of its own, so that nobody else can use them up. They are counted by
-- place, which stays what it is when the browser gets another token.
CREATE TABLE known_browsers (
    user_id    TEXT_C NOT NULL REFERENCES users (id),
    token_hash TEXT_C NOT NULL,
    place      TEXT_C NOT NULL,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (user_id, token_hash)
);
CREATE INDEX known_browsers_by_hash ON known_browsers (token_hash);
CREATE INDEX known_browsers_by_age ON known_browsers (seen_at);
