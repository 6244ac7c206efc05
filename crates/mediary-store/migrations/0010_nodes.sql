-- The processes that share this Postgres database. Empty on SQLite, which has one.
CREATE TABLE nodes (
    -- As in `lease_owner`.
    name TEXT NOT NULL,
    -- The advisory lock that a connection of the process holds; a new number each time it connects.
    presence BIGINT NOT NULL,
    -- When the others found that lock free.
    gone_at BIGINT,
    PRIMARY KEY (name)
) {strict};
