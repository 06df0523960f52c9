//! Tokens: verdicts that are carried by whoever they are about, signed with keys of the service's own.
//!
//! Keys are published before they sign and for as long as what they signed may count. Reading a token, and a proof that its
//! bearer holds the key it is bound to, are functions of bytes, keys and the time.

mod client_attestation;
pub mod dpop;
mod keys;
mod read;
mod rejection;
mod schedule;

use std::time::Duration;

pub use client_attestation::{CLIENT_ATTESTATION_TYPE, ClientAttestation};
pub use keys::{KeyRing, SigningKey};
pub use read::{EAR_TYPE, read};
pub use rejection::TokenRejection;
pub use schedule::{Schedule, Stage};

/// The longest time that a token may count. Keys are kept for it, however short tokens are configured to be.
pub const LIFETIME_LIMIT: Duration = Duration::from_secs(3600);

/// How long others may keep the published keys without asking again (`max-age`).
pub const JWKS_MAX_AGE: Duration = Duration::from_secs(300);

/// How far in the future a token may have been signed: replicas' clocks differ a little.
pub const SKEW: Duration = Duration::from_secs(60);

/// The longest token that is looked at, in bytes.
pub const TOKEN_LIMIT: usize = 8 * 1024;
