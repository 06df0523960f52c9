//! Signed verdicts: the keys that sign them, what is signed, and what a token that comes back is worth.

mod checking;
mod introspection;
mod keys;
mod request;
mod session;
mod signing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use crate::token::JWKS_MAX_AGE;
pub use introspection::Introspected;
pub use keys::KeysFault;
pub use request::{SignedToken, TokenKind, TokenRequest};

use keys::SigningKeys;

use super::Verifier;
use crate::cache::TokenCache;
use crate::clock::Clock;
use crate::crypto::seal::SealKey;
use crate::ids::Name;
use crate::store::Store;
use crate::token::{LIFETIME_LIMIT, Schedule};
use crate::verdict::ear::EarProfile;

/// What the role needs to know to sign tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// The service's own name: an `https` URL.
    pub issuer: String,
    /// What the keys in the store are sealed under; without it, they are worth nothing once this process has ended.
    pub seal: Option<SealKey>,
    /// Whether others than its owner may read the file that the seal was made from.
    pub seal_is_exposed: bool,
    /// How long a token counts at most; never longer than [`LIFETIME_LIMIT`].
    pub lifetime: Duration,
    /// When keys take turns.
    pub schedule: Schedule,
    /// Which names the claims have.
    pub profile: EarProfile,
    /// The relying parties, beside its own, that each caller may have tokens signed for.
    pub audiences: HashMap<Name, Vec<Name>>,
}

/// Everything that tokens need.
pub(super) struct Tokens {
    issuer: Arc<str>,
    lifetime: Duration,
    profile: EarProfile,
    audiences: HashMap<Name, Vec<Name>>,
    keys: SigningKeys,
    cache: TokenCache,
}

impl TokenConfig {
    /// The usual times, under this name: tokens of five minutes, a new key every thirty days, published a day ahead.
    pub fn of(issuer: &str) -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        Self {
            issuer: issuer.to_owned(),
            seal: None,
            seal_is_exposed: false,
            lifetime: Duration::from_secs(300),
            schedule: Schedule { rotate_every: hours(720), publish_ahead: hours(24) },
            profile: EarProfile::Ear04,
            audiences: HashMap::new(),
        }
    }
}

impl Tokens {
    /// Takes up the keys of the store, and makes the first one.
    pub(super) async fn build(
        config: TokenConfig,
        store: &dyn Store,
        clock: &dyn Clock,
        cache_capacity: u64,
    ) -> Result<Self, KeysFault> {
        let keys = SigningKeys::new(config.seal, config.schedule)?;
        keys.renew(store, clock.now()).await?;
        Ok(Self {
            issuer: config.issuer.into(),
            lifetime: config.lifetime.min(LIFETIME_LIMIT),
            profile: config.profile,
            audiences: config.audiences,
            keys,
            cache: TokenCache::new(cache_capacity, LIFETIME_LIMIT),
        })
    }
}

impl Verifier {
    /// The name under which tokens are signed; `None` when none are.
    pub fn issuer(&self) -> Option<Arc<str>> {
        self.tokens.as_ref().map(|tokens| Arc::clone(&tokens.issuer))
    }

    /// The JSON Web Key Set that tokens verify under, those included that sign later; `None` when no tokens are signed.
    ///
    /// Others may keep it for [`crate::token::JWKS_MAX_AGE`].
    pub fn jwks(&self) -> Option<Arc<str>> {
        self.tokens.as_ref().map(|tokens| tokens.keys.ring().jwks(self.clock.now()).into())
    }

    /// Brings the signing keys up to date: takes up those that replicas have made, makes the next one in time, and removes those
    /// that nothing needs any more. To be called every minute or so.
    pub async fn renew_signing_keys(&self) -> Result<(), KeysFault> {
        match &self.tokens {
            Some(tokens) => tokens.keys.renew(&*self.store, self.clock.now()).await,
            None => Ok(()),
        }
    }
}
