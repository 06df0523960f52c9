//! Every statement that runs on a store that is open. The tables are in `migrations/`.

pub(super) const PURGED_UNTIL: &str = "SELECT purged_until, latest, stated FROM state";
pub(super) const SET_PURGED_UNTIL: &str = "UPDATE state SET purged_until = ?1";

pub(super) const SECRET: &str = "SELECT secret FROM state";
pub(super) const SET_SECRET: &str = "UPDATE state SET secret = ?1";

pub(super) const IS_SPENT: &str = "SELECT 1 FROM challenges WHERE expires_at = ?1 AND id = ?2";
pub(super) const SPEND: &str = "INSERT INTO challenges (expires_at, id) VALUES (?1, ?2)";
pub(super) const LATEST_EXPIRED: &str = "SELECT max(expires_at) FROM challenges WHERE expires_at <= ?1";
pub(super) const FORGET_CHALLENGES: &str = "DELETE FROM challenges WHERE expires_at <= ?1";

pub(super) const ANSWER: &str = "SELECT request, verdict, written_at FROM answers WHERE call = ?1";
pub(super) const KEEP_ANSWER: &str =
    "INSERT OR REPLACE INTO answers (call, request, verdict, written_at) VALUES (?1, ?2, ?3, ?4)";
pub(super) const FORGET_ANSWERS: &str = "DELETE FROM answers WHERE written_at < ?1";

pub(super) const PROGRESS: &str = "
    SELECT highest, seen, proven_at, claims_at, bound_address, bound_tls, bound_session, tier
    FROM progress WHERE instance = ?1";
pub(super) const SET_PROGRESS: &str = "
    UPDATE progress SET
        highest = ?2, seen = ?3, proven_at = ?4, claims_at = ?5,
        bound_address = ?6, bound_tls = ?7, bound_session = ?8, tier = ?9
    WHERE instance = ?1";
pub(super) const ADD_PROGRESS: &str = "
    INSERT INTO progress
        (instance, highest, seen, proven_at, claims_at, bound_address, bound_tls, bound_session, tier)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

pub(super) const ENROLLED: &str = "SELECT account, evidence, verdict FROM instances WHERE id = ?1";
pub(super) const SET_CLAIMS: &str = "UPDATE instances SET claims = ?2 WHERE id = ?1";
pub(super) const ADD_INSTANCE: &str = "
    INSERT INTO instances
        (id, app, public_key, key_id, account, confirmation, evidence, enrolled_at, claims, serials, verdict, receipt,
         enrolled_after)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
pub(super) const INSTANCE: &str = "
    SELECT
        app, public_key, key_id, account, confirmation, claims, serials, receipt, enrolled_at,
        proven_at, highest, claims_at, enrolled_after, id, bound_address, bound_tls, bound_session
    FROM instances JOIN progress ON progress.instance = instances.id
    WHERE instances.id = ?1";
/// The receipt is long, and nobody lists it.
pub(super) const INSTANCES_OF_APP: &str = "
    SELECT
        app, public_key, key_id, account, confirmation, claims, serials, x'', enrolled_at,
        proven_at, highest, claims_at, enrolled_after, id, bound_address, bound_tls, bound_session
    FROM instances JOIN progress ON progress.instance = instances.id
    WHERE app = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
pub(super) const INSTANCES_OF_ACCOUNT: &str = "
    SELECT
        app, public_key, key_id, account, confirmation, claims, serials, x'', enrolled_at,
        proven_at, highest, claims_at, enrolled_after, id, bound_address, bound_tls, bound_session
    FROM instances JOIN progress ON progress.instance = instances.id
    WHERE account = ?4 AND app = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
pub(super) const APP_OF: &str = "SELECT app FROM instances WHERE id = ?1";
pub(super) const GROUPS: &str = "SELECT app, account, serials FROM instances WHERE id = ?1";

pub(super) const FEED: &str = "SELECT latest, forgotten FROM state";
pub(super) const START_FEED: &str = "UPDATE state SET latest = ?1, forgotten = ?1";
pub(super) const SET_FEED: &str = "UPDATE state SET latest = ?1, stated = ?2";
pub(super) const ADD_CHANGE: &str = "
    INSERT INTO changes (position, at, app, ruling, scope, subject, until, said_by, why)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
pub(super) const ADD_NEWS: &str = "
    INSERT INTO changes (position, at, app, ruling, scope, subject) VALUES (?1, ?2, ?3, 'announced', ?4, ?5)";
pub(super) const FORGET_NEWS: &str = "DELETE FROM changes WHERE scope = ?1 AND app = ?2 AND subject = ?3";
pub(super) const CHANGES_AFTER: &str = "
    SELECT position, at, app, ruling, scope, subject, until, said_by, why
    FROM changes WHERE position > ?1 ORDER BY position LIMIT ?2";
pub(super) const STATEMENTS: &str = "
    SELECT position, at, app, ruling, scope, subject, until, said_by, why
    FROM changes
    WHERE scope = ?1 AND app = ?2 AND subject = ?3 AND position >= coalesce((
        SELECT max(position) FROM changes
        WHERE scope = ?1 AND app = ?2 AND subject = ?3 AND ruling = 'reinstated'), 0)
    ORDER BY position";
pub(super) const STATEMENTS_ON_APP: &str = "
    SELECT position, at, app, ruling, scope, subject, until, said_by, why
    FROM changes WHERE app = ?1 AND position > ?2 AND ruling != 'announced' ORDER BY position LIMIT ?3";
pub(super) const STATEMENTS_ON_SCOPE: &str = "
    SELECT position, at, app, ruling, scope, subject, until, said_by, why
    FROM changes WHERE app = ?1 AND position > ?2 AND scope = ?4 AND subject = ?5 ORDER BY position LIMIT ?3";
pub(super) const ANNOUNCED: &str = "
    SELECT position, at, app, ruling, scope, subject, until, said_by, why
    FROM changes WHERE scope = ?1 AND app IS ?2 ORDER BY position DESC LIMIT 1";
pub(super) const LATEST_OLD: &str = "SELECT max(position) FROM changes WHERE ruling = 'announced' AND at < ?1";
pub(super) const SET_FORGOTTEN: &str = "UPDATE state SET forgotten = max(forgotten, ?1)";
pub(super) const FORGET_ANNOUNCEMENTS: &str = "DELETE FROM changes WHERE ruling = 'announced' AND at < ?1";

pub(super) const CLAIMS_AFTER: &str =
    "SELECT id, app, claims FROM instances WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2";
pub(super) const RECORD_APPRAISAL: &str = "INSERT INTO appraisals (appraisal) VALUES (?1)";
pub(super) const TRIM_APPRAISALS: &str =
    "DELETE FROM appraisals WHERE number <= (SELECT max(number) FROM appraisals) - ?1";
pub(super) const APPRAISALS_BEFORE: &str =
    "SELECT number, appraisal FROM appraisals WHERE number < ?1 ORDER BY number DESC LIMIT ?2";

pub(super) const DECODING: &str = "SELECT request, app, day, begun_at, decoded FROM decodings WHERE token = ?1";
pub(super) const ADD_DECODING: &str = "INSERT INTO decodings (token, request, challenge, app, day, begun_at, kept_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(super) const BEGUN_FOR: &str = "SELECT count(*) FROM decodings WHERE challenge = ?1";
pub(super) const SET_DECODED: &str = "UPDATE decodings SET decoded = ?2 WHERE token = ?1";
pub(super) const REMOVE_DECODING: &str = "DELETE FROM decodings WHERE token = ?1";
pub(super) const FORGET_DECODINGS: &str = "DELETE FROM decodings WHERE kept_until <= ?1";

pub(super) const QUOTA: &str = "SELECT used FROM quotas WHERE app = ?1 AND day = ?2";
pub(super) const SET_QUOTA: &str = "INSERT OR REPLACE INTO quotas (app, day, used) VALUES (?1, ?2, ?3)";
pub(super) const FORGET_QUOTAS: &str = "DELETE FROM quotas WHERE day < ?1";

pub(super) const STATUS_LIST_FETCHED_AT: &str = "SELECT fetched_at FROM status_list";
pub(super) const SET_STATUS_LIST: &str =
    "INSERT OR REPLACE INTO status_list (only, etag, fetched_at, fresh_until) VALUES (1, ?1, ?2, ?3)";
pub(super) const SET_STATUS_LIST_TIMES: &str = "UPDATE status_list SET fetched_at = ?1, fresh_until = ?2";
pub(super) const SET_STATUS_LIST_BODY: &str = "INSERT OR REPLACE INTO status_list_body (only, body) VALUES (1, ?1)";
pub(super) const STATUS_LIST: &str = "
    SELECT body, etag, fetched_at, fresh_until
    FROM status_list JOIN status_list_body ON status_list_body.only = status_list.only";

pub(super) const SIGNING_KEYS: &str = "SELECT id, created_at, signs_from, sealed FROM signing_keys ORDER BY number";
pub(super) const NEWEST_SIGNING_KEY: &str = "SELECT id FROM signing_keys ORDER BY number DESC LIMIT 1";
pub(super) const ADD_SIGNING_KEY: &str =
    "INSERT INTO signing_keys (id, created_at, signs_from, sealed) VALUES (?1, ?2, ?3, ?4)";
pub(super) const REMOVE_SIGNING_KEY: &str = "DELETE FROM signing_keys WHERE id = ?1";

pub(super) const WAS_CONSUMED: &str = "SELECT 1 FROM consumed WHERE kind = ?1 AND expires_at = ?2 AND id = ?3";
pub(super) const CONSUMED_UNTIL: &str = "SELECT until FROM consumed_until WHERE kind = ?1";
pub(super) const MARK_CONSUMED: &str = "INSERT INTO consumed (kind, expires_at, id) VALUES (?1, ?2, ?3)";
pub(super) const RAISE_CONSUMED_UNTIL: &str = "
    UPDATE consumed_until SET until = max(until, coalesce((
        SELECT max(expires_at) FROM consumed
        WHERE consumed.kind = consumed_until.kind AND expires_at <= ?1), 0))";
pub(super) const FORGET_CONSUMED: &str = "
    DELETE FROM consumed WHERE kind IN (SELECT kind FROM consumed_until) AND expires_at <= ?1";
