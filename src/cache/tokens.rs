//! Tokens kept in memory: what was read of them once, so that no signature is verified twice.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use crate::crypto::digest::Digest;
use crate::ids::InstanceId;
use crate::verdict::ear::TokenClaims;

/// A token whose signature held. Whether it counts, and for whom, is asked each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// What it says.
    pub claims: TokenClaims,
    /// The instance behind its subject.
    pub instance: Option<InstanceId>,
}

/// The tokens that were brought lately, each by the SHA-256 of its bytes.
#[derive(Clone, Debug)]
pub struct TokenCache {
    entries: Cache<Digest, Arc<KnownToken>>,
}

impl TokenCache {
    /// A cache that holds tokens of about `capacity` bytes, each for as long as a token can count.
    pub fn new(capacity: u64, lifetime: Duration) -> Self {
        let weigher = |_: &Digest, known: &Arc<KnownToken>| weight(known);
        Self { entries: Cache::builder().max_capacity(capacity).weigher(weigher).time_to_live(lifetime).build() }
    }

    /// What was read of the token.
    pub fn known(&self, token: &Digest) -> Option<Arc<KnownToken>> {
        self.entries.get(token)
    }

    /// Keeps what was read, and gives it back.
    pub fn keep(&self, token: Digest, known: KnownToken) -> Arc<KnownToken> {
        let known = Arc::new(known);
        self.entries.insert(token, Arc::clone(&known));
        known
    }
}

/// About how many bytes an entry takes: its parts, and what the map keeps beside them.
fn weight(known: &KnownToken) -> u32 {
    const MAP: usize = 160;
    let claims = &known.claims;
    let texts = [claims.issuer.len(), claims.audience.as_str().len(), claims.app.as_str().len(), claims.id.len()];
    let reasons: usize = claims.reasons.iter().map(|code| size_of::<String>() + code.len()).sum();
    let rest = claims.subject.as_ref().map_or(0, String::len);
    u32::try_from(MAP + size_of::<KnownToken>() + texts.iter().sum::<usize>() + reasons + rest).unwrap_or(u32::MAX)
}
