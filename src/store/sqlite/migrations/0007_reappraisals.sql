-- The feed tells of instances whose newer proof is worth more or less: one more scope, which no statement has.
ALTER TABLE changes RENAME TO changes_before;
DROP INDEX changes_by_scope;
DROP INDEX announcements_by_age;

CREATE TABLE changes (
    position INTEGER PRIMARY KEY NOT NULL,
    at       INTEGER NOT NULL,
    app      TEXT,
    ruling   TEXT NOT NULL CHECK (ruling IN ('revoked', 'reinstated', 'announced')),
    scope    TEXT NOT NULL CHECK (scope IN ('instance', 'app', 'account', 'serial', 'policy', 'endorsement', 'reappraisal')),
    subject  BLOB NOT NULL,
    until    INTEGER,
    said_by  TEXT,
    why      TEXT
) STRICT;
INSERT INTO changes (position, at, app, ruling, scope, subject, until, said_by, why)
    SELECT position, at, app, ruling, scope, subject, until, said_by, why FROM changes_before;
DROP TABLE changes_before;
CREATE INDEX changes_by_scope ON changes (scope, app, subject, position);
CREATE INDEX announcements_by_age ON changes (at) WHERE ruling = 'announced';
