-- Tokens that a vendor decodes for us, each once. What it answered comes last: it is long, and a purge does not read it.
CREATE TABLE decodings (
    token      BLOB PRIMARY KEY NOT NULL,
    request    BLOB NOT NULL,
    challenge  BLOB NOT NULL,
    app        TEXT NOT NULL,
    day        INTEGER NOT NULL,
    begun_at   INTEGER NOT NULL,
    kept_until INTEGER NOT NULL,
    decoded    BLOB
) STRICT;
CREATE INDEX decodings_by_end ON decodings (kept_until);
CREATE INDEX decodings_by_challenge ON decodings (challenge);

-- How many tokens of an app were counted on a day of the vendor's zone.
CREATE TABLE quotas (
    app  TEXT NOT NULL,
    day  INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (app, day)
) STRICT, WITHOUT ROWID;

-- The latest list of revoked certificates: one row. Its body has a table of its own, so that new times do not rewrite it.
CREATE TABLE status_list (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    etag        TEXT,
    fetched_at  INTEGER NOT NULL,
    fresh_until INTEGER NOT NULL
) STRICT;
CREATE TABLE status_list_body (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    body BLOB NOT NULL
) STRICT;

-- Claims have a section for each format. Until now there was one format, and all but the anchor is its section; an anchor was a laboratory's or the vendor's. What is no
-- such JSON is left for the reader to refuse. One pass: the rows are long.
UPDATE instances SET claims = CASE
    WHEN NOT json_valid(claims) THEN claims
    WHEN claims ->> '$.format' = 'app_attest' THEN json_object(
        'labs', json(iif(claims ->> '$.anchor' = 'lab', '["app_attest"]', '[]')),
        'app_attest', json_remove(claims, '$.format', '$.anchor'))
    ELSE claims
END, verdict = CASE
    WHEN NOT json_valid(verdict) THEN verdict
    WHEN verdict ->> '$.claims.format' = 'app_attest' THEN json_set(verdict, '$.claims', json_object(
        'labs', json(iif(verdict ->> '$.claims.anchor' = 'lab', '["app_attest"]', '[]')),
        'app_attest', json_remove(verdict -> '$.claims', '$.format', '$.anchor')))
    ELSE verdict
END;

UPDATE answers SET verdict = CASE
    WHEN NOT json_valid(verdict) THEN verdict
    WHEN verdict ->> '$.claims.format' = 'app_attest' THEN json_set(verdict, '$.claims', json_object(
        'labs', json(iif(verdict ->> '$.claims.anchor' = 'lab', '["app_attest"]', '[]')),
        'app_attest', json_remove(verdict -> '$.claims', '$.format', '$.anchor')))
    ELSE verdict
END;
