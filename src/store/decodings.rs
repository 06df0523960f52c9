//! Integrity tokens that a vendor decodes for us: each at most once, whoever asks, and so many a day.

use super::Spend;
use crate::crypto::digest::Digest;
use crate::ids::AppName;
use crate::time::Timestamp;

/// The longest answer of a vendor that is kept, in bytes.
pub const DECODED_LIMIT: usize = 64 * 1024;

/// How many tokens one challenge can carry: one, and what an outage or a mishap costs. Nothing is spent for a token that the vendor
/// refuses, and without a bound one challenge would use up a quota.
pub const TOKENS_PER_CHALLENGE: u32 = 4;

/// How many days before today a quota's count is kept, in whole days of UTC; a vendor's zone is at most one day away.
pub const QUOTA_DAYS_KEPT: u32 = 3;

/// A token that is about to be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// A keyed digest of the token.
    pub token: Digest,
    /// SHA-256 over the call that it came with; a retry says the same.
    pub request: Digest,
    /// The challenge that the call answers; no new token is decoded for one that cannot be spent any more.
    pub challenge: Spend,
    /// The app whose quota it costs.
    pub app: AppName,
    /// The day whose quota it costs: days since 1970 in the vendor's zone.
    pub day: u32,
    /// How many tokens of this app may be decoded on this day.
    pub limit: u32,
    /// The time.
    pub now: Timestamp,
    /// Until when the token is remembered at least: when nobody would believe it any more.
    pub kept_until: Timestamp,
}

/// What is known about a token that is about to be decoded. Only [`DecodingOutcome::Begun`] changes anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodingOutcome {
    /// The token is new: the caller, and nobody else, may now send it to the vendor.
    Begun {
        /// What the app has used of the day's quota, this token included.
        used: u32,
    },
    /// The same call has had it decoded; this was the vendor's answer.
    Decoded(Vec<u8>),
    /// The same call began to have it decoded and no answer was kept: it may be under way, or lost.
    Undecided {
        /// When that was.
        since: Timestamp,
    },
    /// Another call has brought the token before: a replay.
    OtherRequest,
    /// The token is new, and its call comes to nothing, or to what it came to before: the challenge is spent or has expired.
    ChallengeSpent,
    /// The token is new, and as many came with its challenge before as may.
    TooMany,
    /// The day's quota is used up.
    QuotaSpent {
        /// What the app has used of it.
        used: u32,
    },
}

/// What became of a vendor's answer. Only [`DecodedOutcome::Kept`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodedOutcome {
    /// It is kept for as long as the token is remembered.
    Kept,
    /// An answer was kept before, and stands.
    KeptBefore,
    /// Nobody has begun to decode this token, or it has been forgotten.
    Unknown,
    /// It is longer than [`DECODED_LIMIT`].
    TooLong,
}

/// What became of a decoding that is withdrawn. Only [`WithdrawOutcome::Withdrawn`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawOutcome {
    /// The token counts as new again, and its part of the quota as unused.
    Withdrawn,
    /// The vendor's answer has been kept: it did reach the vendor.
    Decoded,
    /// Nobody has begun to decode this token, or it has been forgotten.
    Unknown,
}
