-- Keys that sign tokens, each sealed under a secret that is not in this file. The number says which was added last.
CREATE TABLE signing_keys (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    created_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    sealed     BLOB NOT NULL
) STRICT;

-- What was used and may not be used again. The expiry comes first, so that a purge is one range.
CREATE TABLE consumed (
    expires_at INTEGER NOT NULL,
    id         BLOB NOT NULL CHECK (length(id) = 32),
    PRIMARY KEY (expires_at, id)
) STRICT, WITHOUT ROWID;
ALTER TABLE state ADD COLUMN consumed_until INTEGER NOT NULL DEFAULT 0;
