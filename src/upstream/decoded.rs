//! What becomes of an integrity token that is sent to be opened, and what may be done next.

use std::fmt;
use std::time::Duration;

/// What became of a token.
#[derive(Clone, PartialEq, Eq)]
pub enum Decoded {
    /// It was opened. The bytes are a JSON object with the object `tokenPayloadExternal`, and nobody has judged them yet.
    Payload(Vec<u8>),
    /// It cannot be opened: the device's fault. Refuse the evidence; a new token may be better.
    Refused(Refusal),
    /// It certainly was not opened. The same token may be sent again, later.
    NotSent(NotSent),
    /// It may have been opened, and the payload is lost. Never send it again: a second opening would look like a bad device.
    /// Say that nothing is known, and ask for a new token.
    Indeterminate(Indeterminate),
    /// The quota is used up. The token was not opened. Say that nothing is known, and send nothing for a while.
    Quota {
        /// How long to wait, where the upstream says so; at most a day.
        retry_after: Option<Duration>,
    },
    /// The upstream will not serve this caller. The token was not opened. Say that nothing is known, and tell the operator.
    Misconfigured(Misconfiguration),
}

impl fmt::Debug for Decoded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload(body) => write!(out, "Payload({} bytes)", body.len()),
            Self::Refused(why) => write!(out, "Refused({why:?})"),
            Self::NotSent(why) => write!(out, "NotSent({why:?})"),
            Self::Indeterminate(why) => write!(out, "Indeterminate({why:?})"),
            Self::Quota { retry_after } => write!(out, "Quota({retry_after:?})"),
            Self::Misconfigured(why) => write!(out, "Misconfigured({why:?})"),
        }
    }
}

/// Why a token cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Empty, or longer than [`super::INTEGRITY_TOKEN_LIMIT`]; it was not sent.
    Size,
    /// The upstream says that it is not a token of this package, or too old (400 `INVALID_ARGUMENT`).
    NotDecodable,
}

/// Why a token was not sent, or certainly did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// So many calls have failed lately that nothing is sent for a while.
    BreakerOpen {
        /// How long that lasts at least; zero while a single call tries the upstream.
        retry_after: Duration,
    },
    /// There is no access token to send it with.
    NoAccessToken,
    /// No connection came about, twice.
    NotConnected,
    /// Too many calls were under way for all the time there was.
    Busy,
}

/// Why it is not known whether a token was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indeterminate {
    /// The answer did not come, or not to its end, in time.
    TimedOut,
    /// The connection ended after sending began, or what came is not HTTP.
    Cut,
    /// The answer has a status that does not say: 5xx, a redirect (not followed), or an unusual one.
    Status(u16),
    /// The answer says 200 and is longer than its limit.
    TooLarge,
    /// The answer says 200 and is not an object with the object `tokenPayloadExternal`.
    Form,
}

/// Why an upstream does not serve this caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misconfiguration {
    /// The access token is not accepted, and neither is a fresh one (401).
    Unauthenticated,
    /// The API is disabled, the project not linked to the app, or the scope missing (403).
    Forbidden,
    /// The package is not known (404).
    UnknownPackage,
    /// A condition of the upstream's is not met (400 `FAILED_PRECONDITION`).
    Precondition,
}
