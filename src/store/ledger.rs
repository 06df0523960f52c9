//! What a backend must offer to the rules: plain reads and writes inside one transaction, without any judgement.

use super::{ANSWER_KEPT_FOR, CallId};
use super::{Enrolment, FirstAnswer, NamedCall, Purged, SignCounts, Spend, StoreFault};
use crate::crypto::digest::Digest;
use crate::crypto::secret::Secret;
use crate::evidence::claims::Claims;
use crate::ids::{AccountTag, InstanceId};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// One transaction. The rules read everything before they write anything, so that a record that cannot be read stops
/// one verb and leaves nothing half-written in a transaction that others share.
pub(super) trait Ledger {
    /// What was answered to a call of this name, however long ago.
    fn answer(&self, call: &CallId) -> Result<Option<KeptAnswer>, StoreFault>;

    /// How the instance was enrolled.
    fn enrolled(&self, instance: &InstanceId) -> Result<Option<Enrolled>, StoreFault>;

    /// How far the instance has come.
    fn progress(&self, instance: &InstanceId) -> Result<Option<Progress>, StoreFault>;

    /// Whether the challenge was spent.
    fn is_spent(&self, challenge: &Spend) -> Result<bool, StoreFault>;

    /// The latest expiry among the spent challenges that have been forgotten.
    fn purged_until(&self) -> Timestamp;

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

    /// Forgets challenges that expire by `expired`, raises the mark to the latest expiry among them, and forgets answers written
    /// before `unkept`.
    fn forget(&mut self, expired: Timestamp, unkept: Timestamp) -> Result<Purged, StoreFault>;
}

/// How an instance was enrolled.
#[derive(Clone, Debug)]
pub(super) struct Enrolled {
    pub(super) account: Option<AccountTag>,
    pub(super) evidence: Digest,
    pub(super) verdict: Verdict,
}

/// How far an instance has come, and which of its proofs its claims come from.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) counts: SignCounts,
    pub(super) proven_at: Timestamp,
    pub(super) claims_at: u32,
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
pub(super) fn oldest_kept(now: Timestamp) -> Timestamp {
    now.minus(ANSWER_KEPT_FOR)
}
