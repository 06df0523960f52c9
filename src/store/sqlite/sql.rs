//! Every statement that runs on a store that is open. The tables are in `migrations/`.

pub(super) const PURGED_UNTIL: &str = "SELECT purged_until FROM state";
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

pub(super) const PROGRESS: &str = "SELECT highest, seen, proven_at, claims_at FROM progress WHERE instance = ?1";
pub(super) const SET_PROGRESS: &str =
    "UPDATE progress SET highest = ?2, seen = ?3, proven_at = ?4, claims_at = ?5 WHERE instance = ?1";
pub(super) const ADD_PROGRESS: &str =
    "INSERT INTO progress (instance, highest, seen, proven_at, claims_at) VALUES (?1, ?2, ?3, ?4, ?5)";

pub(super) const ENROLLED: &str = "SELECT account, evidence, verdict FROM instances WHERE id = ?1";
pub(super) const SET_CLAIMS: &str = "UPDATE instances SET claims = ?2 WHERE id = ?1";
pub(super) const ADD_INSTANCE: &str = "
    INSERT INTO instances
        (id, app, public_key, key_id, account, confirmation, evidence, enrolled_at, claims, serials, verdict, receipt)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
pub(super) const INSTANCE: &str = "
    SELECT
        app, public_key, key_id, account, confirmation, claims, serials, receipt, enrolled_at,
        proven_at, highest, claims_at
    FROM instances JOIN progress ON progress.instance = instances.id
    WHERE instances.id = ?1";
