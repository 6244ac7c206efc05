-- What is written to find out whether anything can be: one row, written over each time.
CREATE TABLE write_probe (
    id BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (id)
);
