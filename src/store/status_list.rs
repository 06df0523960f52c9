//! The vendor's list of revoked certificates, as it was fetched, so that a restart need not wait for the vendor.

use crate::time::Timestamp;

/// The longest list that is kept, in bytes.
pub const STATUS_LIST_LIMIT: usize = 16 * 1024 * 1024;

/// A list as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptStatusList {
    /// The body, as received.
    pub body: Vec<u8>,
    /// The vendor's name for this very body (RFC 9110 section 8.8.3), if there was one.
    pub etag: Option<String>,
    /// When the vendor last said that this is the list.
    pub fetched_at: Timestamp,
    /// Until when it need not be fetched again.
    pub fresh_until: Timestamp,
}

/// What became of a list that was fetched. Only [`StatusListOutcome::Kept`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusListOutcome {
    /// It is kept, in place of any other.
    Kept,
    /// The kept one was fetched later.
    Older,
    /// It is longer than [`STATUS_LIST_LIMIT`].
    TooLong,
}

/// The vendor's word that a kept list is still the list (status 304).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// [`KeptStatusList::fetched_at`] of the list that the vendor was asked about.
    pub of: Timestamp,
    /// When the vendor said so.
    pub fetched_at: Timestamp,
    /// Until when it need not be asked again.
    pub fresh_until: Timestamp,
}

/// What became of a confirmation. Only [`ConfirmOutcome::Confirmed`] changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmOutcome {
    /// The kept list has the new times.
    Confirmed,
    /// Another list has been kept since, or this one was confirmed by somebody else.
    OtherList,
    /// No list is kept.
    NoList,
}
