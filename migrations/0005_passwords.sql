-- The passwords that people had before their present one, as hashes: where the instance asks for it, nobody chooses one of
-- their last ones again. No more are kept than are asked for, and none where nothing is.
CREATE TABLE password_history (
    user_id TEXT_C NOT NULL REFERENCES users (id),
    hash    TEXT_C NOT NULL,
    set_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, set_at, hash)
);
