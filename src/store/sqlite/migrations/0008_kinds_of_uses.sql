-- What may be used once is of a kind, and each kind has a mark of its own: a proof is remembered for minutes, a token for an hour.
-- Of what kind the uses of earlier versions were is not known; they are kept as both until they expire.
ALTER TABLE consumed RENAME TO consumed_before;

-- The kind and the expiry come first, so that a purge is one range for each kind.
CREATE TABLE consumed (
    kind       TEXT NOT NULL CHECK (kind IN ('proof', 'token')),
    expires_at INTEGER NOT NULL,
    id         BLOB NOT NULL CHECK (length(id) = 32),
    PRIMARY KEY (kind, expires_at, id)
) STRICT, WITHOUT ROWID;

-- The latest expiry among the uses of each kind that have been forgotten.
CREATE TABLE consumed_until (
    kind  TEXT PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO consumed_until (kind, until) SELECT 'proof', consumed_until FROM state;
INSERT INTO consumed_until (kind, until) SELECT 'token', consumed_until FROM state;
INSERT INTO consumed (kind, expires_at, id)
    SELECT consumed_until.kind, consumed_before.expires_at, consumed_before.id FROM consumed_before, consumed_until;
DROP TABLE consumed_before;
ALTER TABLE state DROP COLUMN consumed_until;
