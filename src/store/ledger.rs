//! What a backend must offer to the rules: plain reads and writes inside one transaction, without any judgement.

use super::{ANNOUNCEMENTS_KEPT_FOR, Announcement, Change, News, Scope};
use super::{
    ANSWER_KEPT_FOR, CallId, Confirmation, Decoding, KeptStatusList, QUOTA_DAYS_KEPT, StoredKey, Use, UseKind,
};
use super::{Enrolment, FirstAnswer, Instance, NamedCall, Purged, RecordedAppraisal, SignCounts, Spend, StoreFault};
use crate::appraisal::Tier;
use crate::crypto::digest::Digest;
use crate::crypto::jwk::Thumbprint;
use crate::crypto::secret::Secret;
use crate::evidence::claims::Claims;
use crate::ids::{AccountTag, AppName, InstanceId, Position};
use crate::time::Timestamp;
use crate::verdict::{Bound, Verdict};

/// One transaction. The rules read everything before they write anything, so that a record that cannot be read stops
/// one verb and leaves nothing half-written in a transaction that others share.
pub(super) trait Ledger {
    /// What was answered to a call of this name, however long ago.
    fn answer(&self, call: &CallId) -> Result<Option<KeptAnswer>, StoreFault>;

    /// How the instance was enrolled.
    fn enrolled(&self, instance: &InstanceId) -> Result<Option<Enrolled>, StoreFault>;

    /// The groups that the instance belongs to.
    fn groups(&self, instance: &InstanceId) -> Result<Option<Groups>, StoreFault>;

    /// How far the instance has come.
    fn progress(&self, instance: &InstanceId) -> Result<Option<Progress>, StoreFault>;

    /// Whether the challenge was spent.
    fn is_spent(&self, challenge: &Spend) -> Result<bool, StoreFault>;

    /// The latest expiry among the spent challenges that have been forgotten.
    fn purged_until(&self) -> Timestamp;

    /// The latest statement.
    fn stated(&self) -> Position;

    /// The store's secret, once there is one.
    fn secret(&self) -> Result<Option<Secret>, StoreFault>;

    /// Remembers a challenge as spent.
    fn spend(&mut self, challenge: &Spend) -> Result<(), StoreFault>;

    /// Adds an instance with new sign counts.
    fn add(&mut self, enrolment: &Enrolment) -> Result<(), StoreFault>;

    /// Replaces the progress of an instance that is there.
    fn set_progress(&mut self, instance: &InstanceId, progress: Progress) -> Result<(), StoreFault>;

    /// Replaces the claims of an instance that is there.
    fn set_claims(&mut self, instance: &InstanceId, claims: &Claims) -> Result<(), StoreFault>;

    /// Keeps the answer to a named call, in place of an older one.
    fn keep_answer(&mut self, call: &NamedCall, verdict: &Verdict, at: Timestamp) -> Result<(), StoreFault>;

    /// Keeps the store's secret.
    fn keep_secret(&mut self, secret: &Secret) -> Result<(), StoreFault>;

    /// Forgets what lies beyond the horizon, and raises the mark to the latest expiry among the challenges forgotten.
    fn forget(&mut self, horizon: &Horizon) -> Result<Purged, StoreFault>;
}

/// What was said of instances, as transactions and readers see it.
pub(super) trait Statements {
    /// The statements of exactly this scope, in order, from the latest reinstatement on.
    fn statements(&self, app: &AppName, scope: &Scope) -> Result<Vec<Change>, StoreFault>;
}

/// What a transaction can do with the feed of changes.
pub(super) trait ChangeLedger {
    /// The app of an instance.
    fn app_of(&self, instance: &InstanceId) -> Result<Option<AppName>, StoreFault>;

    /// The latest announcement of the same kind, for a policy also of the same app.
    fn announced(&self, like: &Announcement) -> Result<Option<Announcement>, StoreFault>;

    /// Forgets what was told of an instance's proofs. A later change has to tell of them: whoever has yet to read what is
    /// forgotten will read that.
    fn forget_reappraisals(&mut self, app: &AppName, instance: &InstanceId) -> Result<(), StoreFault>;

    /// Adds a change behind all others.
    fn append(&mut self, at: Timestamp, news: &News) -> Result<Position, StoreFault>;
}

/// What a transaction can do with tokens and quotas.
pub(super) trait DecodingLedger {
    /// How the token's decoding was begun, however long ago.
    fn decoding(&self, token: &Digest) -> Result<Option<Begun>, StoreFault>;

    /// How many tokens are remembered that came with this challenge.
    fn begun_for(&self, challenge: &Spend) -> Result<u32, StoreFault>;

    /// What the app has used of the day's quota.
    fn quota_used(&self, app: &AppName, day: u32) -> Result<u32, StoreFault>;

    /// Remembers a token that is new.
    fn add_decoding(&mut self, decoding: &Decoding) -> Result<(), StoreFault>;

    /// Keeps the answer to a token that is remembered.
    fn set_decoded(&mut self, token: &Digest, decoded: &[u8]) -> Result<(), StoreFault>;

    /// Forgets a token.
    fn remove_decoding(&mut self, token: &Digest) -> Result<(), StoreFault>;

    /// Replaces what the app has used of the day's quota.
    fn set_quota_used(&mut self, app: &AppName, day: u32, used: u32) -> Result<(), StoreFault>;
}

/// What a transaction can do with the record of appraisals.
pub(super) trait RecordLedger {
    /// Records an appraisal under a number greater than those of all that are recorded.
    fn record(&mut self, appraisal: &RecordedAppraisal) -> Result<(), StoreFault>;

    /// Forgets all but the last `keep`; says how many.
    fn trim_appraisals(&mut self, keep: u32) -> Result<u64, StoreFault>;
}

/// What a transaction can do with the status list. It never reads the body.
pub(super) trait StatusListLedger {
    /// When the kept list was fetched.
    fn status_list_fetched_at(&self) -> Result<Option<Timestamp>, StoreFault>;

    /// Replaces the list.
    fn set_status_list(&mut self, list: &KeptStatusList) -> Result<(), StoreFault>;

    /// Replaces the times of the list that is there.
    fn set_status_list_times(&mut self, confirmation: &Confirmation) -> Result<(), StoreFault>;
}

/// What a transaction can do with signing keys and with what may be used once.
pub(super) trait TokenLedger {
    /// The key that was added last.
    fn newest_key(&self) -> Result<Option<Thumbprint>, StoreFault>;

    /// Adds a key.
    fn add_key(&mut self, key: &StoredKey) -> Result<(), StoreFault>;

    /// Removes a key, if it is there.
    fn remove_key(&mut self, id: &Thumbprint) -> Result<(), StoreFault>;

    /// Whether this use is remembered.
    fn was_consumed(&self, once: &Use) -> Result<bool, StoreFault>;

    /// The latest expiry among the uses of this kind that have been forgotten.
    fn consumed_until(&self, kind: UseKind) -> Result<Timestamp, StoreFault>;

    /// Remembers a use that is new.
    fn mark_consumed(&mut self, once: &Use) -> Result<(), StoreFault>;

    /// Forgets uses that expire by then, how many, and raises the mark of each kind to the latest expiry among them.
    fn forget_consumed(&mut self, expired: Timestamp) -> Result<u64, StoreFault>;
}

/// How a token's decoding was begun, and what it gave.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) request: Digest,
    pub(super) app: AppName,
    pub(super) day: u32,
    pub(super) begun_at: Timestamp,
    pub(super) decoded: Option<Vec<u8>>,
}

/// What a purge forgets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Horizon {
    /// Challenges that expire by then, and tokens kept until then.
    pub(super) expired: Timestamp,
    /// Answers written before this.
    pub(super) unkept: Timestamp,
    /// Quotas of days before this.
    pub(super) day: u32,
    /// Announcements made before this.
    pub(super) announced: Timestamp,
}

impl Horizon {
    /// What no longer matters at `now`.
    pub(super) fn at(now: Timestamp) -> Self {
        let today = u32::try_from(now.as_secs() / DAY_SECONDS).unwrap_or(u32::MAX);
        let (unkept, announced) = (oldest_kept(now), now.minus(ANNOUNCEMENTS_KEPT_FOR));
        Self { expired: now, unkept, day: today.saturating_sub(QUOTA_DAYS_KEPT), announced }
    }
}

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// How an instance was enrolled.
#[derive(Clone, Debug)]
pub(super) struct Enrolled {
    pub(super) account: Option<AccountTag>,
    pub(super) evidence: Digest,
    pub(super) verdict: Verdict,
}

/// What operators may speak of when they mean an instance among others.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) app: AppName,
    pub(super) account: Option<AccountTag>,
    pub(super) serials: Vec<String>,
}

/// How far an instance has come, and which of its proofs its claims come from.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) counts: SignCounts,
    pub(super) proven_at: Timestamp,
    pub(super) claims_at: u32,
    pub(super) bound: Bound,
    /// What was stated on the newest proof, where that is known.
    pub(super) tier: Option<Tier>,
}

impl Progress {
    /// That of an instance that enrols now with a verdict of this tier.
    pub(super) fn new(instance: &Instance, tier: Tier) -> Self {
        let (proven_at, bound) = (instance.proven_at, instance.bound);
        Self { counts: SignCounts::new(), proven_at, claims_at: 0, bound, tier: Some(tier) }
    }
}

/// An answer and its age.
#[derive(Clone, Debug)]
pub(super) struct KeptAnswer {
    pub(super) answer: FirstAnswer,
    pub(super) written_at: Timestamp,
}

impl KeptAnswer {
    /// The answer, unless it is too old to count.
    pub(super) fn at(self, now: Timestamp) -> Option<FirstAnswer> {
        (self.written_at >= oldest_kept(now)).then_some(self.answer)
    }
}

/// Answers written before this are no longer kept.
fn oldest_kept(now: Timestamp) -> Timestamp {
    now.minus(ANSWER_KEPT_FOR)
}
