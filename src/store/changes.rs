//! What operators say of instances, and what else relying parties have to know: one feed, in one order.

use std::time::Duration;

use super::Instance;
use crate::appraisal::Standing;
use crate::crypto::digest::Digest;
use crate::crypto::secret::random;
use crate::crypto::serial::Serial;
use crate::ids::{AccountTag, AppName, InstanceId, Name, Position};
use crate::time::Timestamp;

/// How long announcements and reappraisals are kept. Statements are kept for as long as the store.
pub const ANNOUNCEMENTS_KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where the feed of a new store starts: somewhere, so that positions of one store are none of another's, and whoever resumes at the
/// wrong one learns of it. A metric shows positions as doubles, which hold 48 bits exactly.
pub(super) fn feed_start() -> Position {
    // Without random bytes no service starts.
    random().map_or(Position::START, |bytes| Position(u64::from_be_bytes(bytes) >> 16))
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the feed.
    pub position: Position,
    /// When it was made.
    pub at: Timestamp,
    /// What has changed.
    pub news: News,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The standing of instances.
    Statement(Statement),
    /// What verdicts rest on beside the instance.
    Announcement(Announcement),
    /// A newer proof of an instance is worth more or less than the one before, or says something else: what was told of it counts no
    /// longer.
    Reappraisal {
        /// The app.
        app: AppName,
        /// The instance.
        instance: InstanceId,
    },
}

/// What an operator says of instances of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The app.
    pub app: AppName,
    /// Which of its instances.
    pub scope: Scope,
    /// What is said of them.
    pub ruling: Ruling,
    /// The caller who said so.
    pub by: Name,
    /// Why, in the operator's words.
    pub why: String,
}

/// Which instances of an app a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One.
    Instance(InstanceId),
    /// All that were enrolled before the statement.
    App,
    /// All that were enrolled for this account before the statement.
    Account(AccountTag),
    /// All whose chain has a certificate with this serial number, those to come as well.
    Serial(Serial),
}

/// Which statements are asked for.
#[derive(Clone, Debug)]
pub struct StatementList {
    /// On instances of this app.
    pub app: AppName,
    /// Of exactly this scope; `None` for any.
    pub scope: Option<Scope>,
    /// Behind this position.
    pub after: Position,
    /// How many of them at most.
    pub limit: u32,
}

/// What is said of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ruling {
    /// They are not to be trusted.
    Revoked {
        /// When that ends; `None` is never.
        until: Option<Timestamp>,
    },
    /// Earlier revocations of the same scope count no longer; of one instance: earlier ones of any scope, for this instance.
    Reinstated,
}

/// What verdicts rest on beside the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// Another policy is in force.
    Policy {
        /// The app.
        app: AppName,
        /// The policy's revision.
        revision: String,
    },
    /// Another status list is in force.
    Endorsement {
        /// SHA-256 of the list.
        list: Digest,
    },
}

/// What became of a statement. Only [`DeclareOutcome::Declared`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclareOutcome {
    /// It counts from now on, and has this place in the feed.
    Declared(Position),
    /// The app has no such instance.
    UnknownInstance,
}

/// What became of an announcement. Only [`AnnounceOutcome::Announced`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnounceOutcome {
    /// It has this place in the feed.
    Announced(Position),
    /// The latest one of its kind says the same.
    Known,
}

/// The changes after a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The first of them, in order.
    Page {
        /// The changes.
        changes: Vec<Change>,
        /// The position of the latest change of all; there is more if the page does not reach it.
        latest: Position,
    },
    /// Some have been forgotten, or the position has not come yet: whoever asks knows too little.
    Gap {
        /// The position of the latest change of all.
        latest: Position,
    },
}

/// An instance as the store knows it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The instance.
    pub instance: Instance,
    /// Whether it still has the operator's trust.
    pub standing: Standing,
    /// The change that its standing comes from, if there was any.
    pub because: Option<Box<Change>>,
    /// The latest change of all at that moment.
    pub seen: Position,
}

/// What is known of an instance before it is enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Whether its chain has the operator's trust.
    pub standing: Standing,
    /// The latest change of all at that moment.
    pub seen: Position,
}

/// Which instances are listed: of one app, and for one account if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceList {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: Option<AccountTag>,
    /// Those whose id comes after this one, in the order of ids.
    pub after: Option<InstanceId>,
    /// How many at most.
    pub limit: u32,
}
