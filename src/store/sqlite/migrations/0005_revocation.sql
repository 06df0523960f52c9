-- The latest change, the latest statement among the changes, and the latest change that was forgotten.
ALTER TABLE state ADD COLUMN latest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN stated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;

-- The latest change before the enrolment: statements on all instances of an app or account cover those that were there.
ALTER TABLE instances ADD COLUMN enrolled_after INTEGER NOT NULL DEFAULT 0;
CREATE INDEX instances_by_app ON instances (app, id);
CREATE INDEX instances_by_account ON instances (account, app, id) WHERE account IS NOT NULL;

-- What has changed, in order. Statements stay; announcements are forgotten after a while.
CREATE TABLE changes (
    position INTEGER PRIMARY KEY NOT NULL,
    at       INTEGER NOT NULL,
    app      TEXT,
    ruling   TEXT NOT NULL CHECK (ruling IN ('revoked', 'reinstated', 'announced')),
    scope    TEXT NOT NULL CHECK (scope IN ('instance', 'app', 'account', 'serial', 'policy', 'endorsement')),
    subject  BLOB NOT NULL,
    until    INTEGER,
    said_by  TEXT,
    why      TEXT
) STRICT;
CREATE INDEX changes_by_scope ON changes (scope, app, subject, position);
CREATE INDEX announcements_by_age ON changes (at) WHERE ruling = 'announced';
