//! The upstreams, as ports: services of vendors that are asked while evidence is judged or to keep endorsements current.
//!
//! What an upstream does wrong ends in a variant that says what may be done next; none of them is ever good news about a
//! device.

mod config;
mod decoded;
mod endpoint;
mod fetched;
pub mod file;
pub mod google;
mod renewal;
mod service_account;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use config::{AccessConfig, AccessToken, GoogleConfig, ProxyAddress};
pub use decoded::{Decoded, Indeterminate, Misconfiguration, NotSent, Refusal};
pub use endpoint::{Endpoint, EndpointFault};
pub use fetched::{EntityTag, Fetched, UpstreamFault};
pub use renewal::{Renewal, RenewalFault, next_attempt, next_refresh, renew};
pub use service_account::{ServiceAccount, ServiceAccountFault};

/// The largest integrity token that is sent, in bytes.
pub const INTEGRITY_TOKEN_LIMIT: usize = 64 << 10;

/// What an upstream will answer.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the status list comes from.
pub trait StatusListSource: Send + Sync {
    /// Asks for the list; `known` is the tag of the list that the asker has.
    ///
    /// A fault leaves the list that is kept in force, until it is stale.
    fn fetch<'a>(&'a self, known: Option<&'a EntityTag>) -> Reply<'a, Result<Fetched, UpstreamFault>>;
}

/// Who opens integrity tokens.
pub trait IntegrityDecoder: Send + Sync {
    /// Sends a token to be opened, and answers after `within` at the latest.
    ///
    /// `package` is the configured name, never one that a device gave. A token may be sent once only: whoever asks has to keep
    /// that in mind before asking, because a second opening of the same token shows an empty payload, and a reply that is
    /// dropped half-way may have been one. The decoder itself sends a token a second time only when the first sending
    /// certainly did not open it.
    fn decode<'a>(&'a self, package: &'a str, token: &'a str, within: Duration) -> Reply<'a, Decoded>;
}
