//! The store, as a port: indivisible verbs, each with every outcome a variant. One behaviour suite says how every backend behaves.

mod changes;
mod decodings;
mod ledger;
mod memory;
mod open;
mod records;
mod rules;
mod sign_count;
mod sqlite;
mod status_list;
#[cfg(test)]
mod suite;
mod tokens;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

pub use changes::{
    ANNOUNCEMENTS_KEPT_FOR, AnnounceOutcome, Announcement, Change, Changes, DeclareOutcome, Found, InstanceList,
    Newcomer, News, Ruling, Scope, Statement, StatementList,
};
pub use decodings::{
    DECODED_LIMIT, DecodedOutcome, Decoding, DecodingOutcome, QUOTA_DAYS_KEPT, TOKENS_PER_CHALLENGE, WithdrawOutcome,
};
pub use memory::MemoryStore;
pub use open::{OpenFault, open, read_only};
pub use records::{KeptClaims, NumberedAppraisal, RecordedAppraisal, Records};
pub use sign_count::{SignCountMode, SignCountRefusal, SignCounts, WindowSize};
pub use sqlite::{SqliteStore, StoreReader};
pub use status_list::{ConfirmOutcome, Confirmation, KeptStatusList, STATUS_LIST_LIMIT, StatusListOutcome};
pub use tokens::{AddKeyOutcome, ConsumeOutcome, NewKey, StoredKey, Use, UseKind};

use crate::crypto::digest::Digest;
use crate::crypto::jwk::Thumbprint;
use crate::crypto::key::P256PublicKey;
use crate::crypto::secret::Secret;
use crate::crypto::serial::Serial;
use crate::evidence::claims::Claims;
use crate::ids::{AccountTag, AppName, InstanceId, KeyId, Position};
use crate::time::Timestamp;
use crate::verdict::{Bound, Verdict};

/// Where the store keeps what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreConfig {
    /// SQLite, in one file that this process alone may open.
    Sqlite {
        /// The file; it is made when it does not exist.
        path: PathBuf,
    },
    /// Memory: everything is forgotten when the process ends.
    Memory,
}

/// How long the first answer to a named call is kept for its retries.
pub const ANSWER_KEPT_FOR: Duration = Duration::from_secs(60);

/// Tells a verb the time once its turn has come.
pub type Now = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// What a verb will answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFault>> + Send + 'a>>;

/// The store cannot answer; nothing was changed, or the change is complete but its answer was lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// The backend failed.
    #[error("the store failed: {0}")]
    Backend(String),
    /// Too many calls wait already; nothing was changed.
    #[error("too many calls wait for the store")]
    Full,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// What the store holds cannot be read by this version.
    #[error("a stored record cannot be read: {0}")]
    Unreadable(String),
}

/// Keeps challenges spent, instances enrolled, sign counts advanced and tokens decoded. What it has answered survives `kill -9`.
pub trait Store: Records {
    /// Spends a challenge and enrols a new instance, both or neither. The appraisal behind the verdict is recorded with it.
    fn enrol(&self, enrolment: Enrolment) -> Answer<'_, EnrolOutcome>;

    /// Spends a challenge, advances an instance's sign count and keeps the new proof, all or nothing. The appraisal behind the
    /// verdict is recorded when the newest proof has changed claims or tier.
    fn advance(&self, advance: Advance) -> Answer<'_, AdvanceOutcome>;

    /// Spends a challenge for an answer that is about no instance, and keeps that answer for retries, both or neither. The
    /// appraisal behind it is recorded with it.
    fn redeem(&self, redemption: Redemption) -> Answer<'_, RedeemOutcome>;

    /// The instance, if it is enrolled, and its standing, both at one moment.
    fn instance(&self, id: InstanceId) -> Answer<'_, Option<Found>>;

    /// The standing of an instance of this app that is about to be enrolled, with these serial numbers in its chain.
    fn newcomer(&self, app: AppName, serials: Vec<Serial>) -> Answer<'_, Newcomer>;

    /// Instances in the order of their ids, each with its standing.
    fn instances(&self, list: InstanceList) -> Answer<'_, Vec<Found>>;

    /// Keeps what an operator says of instances. It counts for every verb that is answered later, however many instances it covers.
    ///
    /// The time is asked for when its turn has come: a proof that was kept while it waited is dated before it.
    fn declare(&self, statement: Statement, now: Now) -> Answer<'_, DeclareOutcome>;

    /// Keeps an announcement, unless the latest one of its kind, for a policy also of its app, says the same: of several replicas
    /// that bring one, one is told [`AnnounceOutcome::Announced`].
    fn announce(&self, announcement: Announcement, at: Timestamp) -> Answer<'_, AnnounceOutcome>;

    /// Statements, in order.
    fn statements(&self, list: StatementList) -> Answer<'_, Vec<Change>>;

    /// At most `limit` changes after a position, in order. A new store starts its positions somewhere: those before are a gap, as are
    /// those that have not come.
    fn changes_after(&self, position: Position, limit: u32) -> Answer<'_, Changes>;

    /// The position of the latest change.
    fn latest_position(&self) -> Answer<'_, Position>;

    /// The first answer to a call, while it is kept.
    fn first_answer(&self, call: CallId, now: Timestamp) -> Answer<'_, Option<FirstAnswer>>;

    /// The secret that belongs to this store, made by the first call ever.
    fn secret(&self) -> Answer<'_, Secret>;

    /// Remembers a token and counts it in the app's quota of the day, both or neither, before it is sent to the vendor. Of all who
    /// bring one token, at once or later, one is told [`DecodingOutcome::Begun`].
    fn begin_decoding(&self, decoding: Decoding) -> Answer<'_, DecodingOutcome>;

    /// Keeps the vendor's answer to a token.
    fn keep_decoded(&self, token: Digest, decoded: Vec<u8>) -> Answer<'_, DecodedOutcome>;

    /// Forgets a token and uncounts it, both or neither. Only whoever began may withdraw, once, and only when the token surely has
    /// not reached the vendor.
    fn withdraw_decoding(&self, token: Digest) -> Answer<'_, WithdrawOutcome>;

    /// How many tokens of the app were counted on this day: days since 1970 in the vendor's zone.
    fn quota_used(&self, app: AppName, day: u32) -> Answer<'_, u32>;

    /// Keeps a status list in place of any that was fetched before it, as a whole. A list that was fetched at a time which at `now`
    /// has not come gives way to any other.
    fn keep_status_list(&self, list: KeptStatusList, now: Timestamp) -> Answer<'_, StatusListOutcome>;

    /// Gives the kept status list new times; its body is neither read nor written.
    fn confirm_status_list(&self, confirmation: Confirmation) -> Answer<'_, ConfirmOutcome>;

    /// The kept status list with its whole body.
    fn status_list(&self) -> Answer<'_, Option<KeptStatusList>>;

    /// All keys that sign tokens, the one that was added first in front.
    fn signing_keys(&self) -> Answer<'_, Vec<StoredKey>>;

    /// Adds a key, if the newest one is still that which the caller has seen: replicas agree on one.
    fn add_signing_key(&self, key: NewKey) -> Answer<'_, AddKeyOutcome>;

    /// Removes keys, those that are there.
    fn remove_signing_keys(&self, ids: Vec<Thumbprint>) -> Answer<'_, ()>;

    /// Uses different things that may be used once each, all or none: of all who use one of them, at once or later, one is told
    /// [`ConsumeOutcome::Consumed`].
    fn consume(&self, uses: Vec<Use>) -> Answer<'_, ConsumeOutcome>;

    /// Whether it was used, or may have been and is forgotten. It stays as it is.
    fn is_consumed(&self, once: Use) -> Answer<'_, bool>;

    /// Forgets spent challenges that have expired, first answers that are no longer kept, tokens that need not be remembered any
    /// longer, uses of what has expired, quotas more than [`QUOTA_DAYS_KEPT`] days old, and announcements older than
    /// [`ANNOUNCEMENTS_KEPT_FOR`].
    ///
    /// No challenge that expired no later than one of those forgotten can be spent from then on, whatever the clock says later:
    /// a purge at a time that a wrong clock told costs no challenge that is still to be issued. Uses likewise.
    fn purge(&self, now: Timestamp) -> Answer<'_, Purged>;

    /// Forgets all recorded appraisals but the last `keep`; says how many it has forgotten.
    fn trim_appraisals(&self, keep: u32) -> Answer<'_, u64>;
}

/// A challenge to be spent. It is authenticated as a whole, so that one id never comes with two expiries: both together
/// are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The challenge's random part.
    pub id: [u8; 16],
    /// When it expires; the store remembers it until then.
    pub expires_at: Timestamp,
}

/// A caller's name for one call, hashed together with the caller, so that callers cannot meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallId(pub Digest);

/// A call that its caller has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedCall {
    /// The name.
    pub id: CallId,
    /// SHA-256 over everything the call says; a retry says the same.
    pub request: Digest,
}

/// The first answer to a named call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstAnswer {
    /// The digest of the call it answered.
    pub request: Digest,
    /// The answer.
    pub verdict: Verdict,
}

/// One installed app on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id, which follows from app, environment and key.
    pub id: InstanceId,
    /// The app.
    pub app: AppName,
    /// The attested key.
    pub key: P256PublicKey,
    /// The key's id.
    pub key_id: KeyId,
    /// The account it was enrolled for, if the caller named one.
    pub account: Option<AccountTag>,
    /// The key that tokens are bound to, if the client named one.
    pub confirmation: Option<Thumbprint>,
    /// What is known about app and device.
    pub claims: Claims,
    /// What its latest proof was bound to.
    pub bound: Bound,
    /// The serial numbers of its certificates, lower-case hexadecimal.
    pub serials: Vec<String>,
    /// The receipt, as received.
    pub receipt: Vec<u8>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it last gave proof.
    pub proven_at: Timestamp,
    /// The highest sign count that was accepted; zero before the first proof.
    pub sign_count: u32,
    /// The sign count of the proof that the claims come from; zero for the enrolment.
    pub claims_at: u32,
}

/// A new instance to be enrolled.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The challenge it answers.
    pub challenge: Spend,
    /// The instance.
    pub instance: Instance,
    /// SHA-256 over the evidence, so that the same evidence is known again.
    pub evidence: Digest,
    /// The answer to be given, now and to repetitions.
    pub verdict: Verdict,
    /// The call's name, if the caller gave one.
    pub call: Option<NamedCall>,
    /// [`Newcomer::seen`] of the standing that the verdict was stated with.
    pub seen: Position,
}

/// What became of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolOutcome {
    /// The instance is new.
    Enrolled,
    /// The same evidence for the same account was enrolled before; this was the answer. Nothing was spent.
    AlreadyEnrolled(Box<Verdict>),
    /// The key was enrolled with other evidence. Nothing was spent.
    OtherEvidence,
    /// The key was enrolled for another account. Nothing was spent.
    OtherAccount,
    /// The challenge was spent before.
    ChallengeSpent,
    /// The challenge expired no later than one that a purge has forgotten.
    ChallengeExpired,
    /// The call's name was used for another call within the last minute. Nothing was spent.
    CallNameTaken,
    /// Statements that cover it were made since its standing was read: read it and state the verdict again. Nothing was spent.
    Overtaken,
}

/// A new proof by an enrolled instance.
#[derive(Clone, Debug)]
pub struct Advance {
    /// The challenge it answers.
    pub challenge: Spend,
    /// The instance.
    pub instance: InstanceId,
    /// The sign count that the proof carries.
    pub sign_count: u32,
    /// Which sign counts are acceptable.
    pub mode: SignCountMode,
    /// The claims, when the proof has changed them. Only the newest proof may.
    pub claims: Option<Claims>,
    /// [`Instance::claims_at`] of the claims that the proof was weighed with.
    pub claims_at: u32,
    /// What the proof is bound to.
    pub binds: Binds,
    /// When the proof was given.
    pub proven_at: Timestamp,
    /// The answer to be given, now and to retries.
    pub verdict: Verdict,
    /// The call's name, if the caller gave one.
    pub call: Option<NamedCall>,
    /// [`Found::seen`], or a later change that is known not to concern the instance.
    pub seen: Position,
    /// What everybody has to hear of the proof.
    pub tells: Tells,
}

/// What has to be told of a proof to those who keep what was said of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// A tier that is not that of the proof before.
    Tier,
    /// The claims, whatever they are worth here: others may weigh them by another policy.
    Claims,
}

/// What a proof is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// What the instance was bound to when it was read: [`Instance::bound`].
    AsBefore(Bound),
    /// Something new, in place of what was bound before. A late arrival leaves that alone.
    Anew(Bound),
}

impl Binds {
    /// What the proof is bound to.
    pub const fn bound(self) -> Bound {
        match self {
            Self::AsBefore(bound) | Self::Anew(bound) => bound,
        }
    }
}

/// What became of a proof. Only [`AdvanceOutcome::Advanced`] changes anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdvanceOutcome {
    /// The challenge is spent and the sign count has been marked.
    Advanced,
    /// The same named call was answered before; this was the answer.
    Repeated(Box<Verdict>),
    /// The call's name was used for another call within the last minute.
    CallNameTaken,
    /// The challenge was spent before.
    ChallengeSpent,
    /// The challenge expired no later than one that a purge has forgotten.
    ChallengeExpired,
    /// The sign count is not acceptable.
    SignCount(SignCountRefusal),
    /// Other claims or another binding were kept since the instance was read, a newer proof was, or statements that cover it were
    /// made: read it and weigh the proof again.
    Overtaken,
    /// There is no such instance.
    UnknownInstance,
}

/// An answer that is about no instance.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The challenge it answers.
    pub challenge: Spend,
    /// The answer to be given, now and to retries.
    pub verdict: Verdict,
    /// The call's name, if the caller gave one.
    pub call: Option<NamedCall>,
    /// When it is given.
    pub now: Timestamp,
}

/// What became of a redemption. Only [`RedeemOutcome::Redeemed`] changes anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedeemOutcome {
    /// The challenge is spent.
    Redeemed,
    /// The same named call was answered before; this was the answer.
    Repeated(Box<Verdict>),
    /// The call's name was used for another call within the last minute.
    CallNameTaken,
    /// The challenge was spent before.
    ChallengeSpent,
    /// The challenge expired no later than one that a purge has forgotten.
    ChallengeExpired,
}

/// How much a purge has forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Spent challenges.
    pub challenges: u64,
    /// First answers.
    pub answers: u64,
    /// Tokens.
    pub decodings: u64,
    /// Quotas of one app and day.
    pub quotas: u64,
    /// Announcements.
    pub announcements: u64,
    /// Uses of what may be used once.
    pub uses: u64,
}
