-- What belongs to the store as a whole: one row.
CREATE TABLE state (
    only         INTEGER PRIMARY KEY CHECK (only = 1),
    purged_until INTEGER NOT NULL,
    secret       BLOB CHECK (length(secret) = 32)
) STRICT;
INSERT INTO state (only, purged_until) VALUES (1, 0);

-- Spent challenges. The expiry comes first, so that challenges of one time share a page and a purge is one range.
CREATE TABLE challenges (
    expires_at INTEGER NOT NULL,
    id         BLOB NOT NULL,
    PRIMARY KEY (expires_at, id)
) STRICT, WITHOUT ROWID;

-- What enrolment has written, and the latest claims. The receipt comes last: it is long and seldom read.
CREATE TABLE instances (
    id           BLOB PRIMARY KEY NOT NULL,
    app          TEXT NOT NULL,
    public_key   BLOB NOT NULL,
    key_id       BLOB NOT NULL,
    account      BLOB,
    confirmation BLOB,
    evidence     BLOB NOT NULL,
    enrolled_at  INTEGER NOT NULL,
    claims       TEXT NOT NULL,
    serials      TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    receipt      BLOB NOT NULL
) STRICT;

-- What every proof changes, in rows as short as can be; claims_at is the sign count of the proof that claims come from.
CREATE TABLE progress (
    instance  BLOB PRIMARY KEY NOT NULL,
    highest   INTEGER NOT NULL,
    seen      BLOB NOT NULL,
    proven_at INTEGER NOT NULL,
    claims_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- First answers to named calls, for a minute.
CREATE TABLE answers (
    call       BLOB PRIMARY KEY NOT NULL,
    request    BLOB NOT NULL,
    verdict    TEXT NOT NULL,
    written_at INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_age ON answers (written_at);
