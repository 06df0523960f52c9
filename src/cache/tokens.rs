//! Tokens kept in memory: what was read of them once, so that no signature is verified twice.

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

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

/// The tokens that were brought lately, each by all of its bytes.
#[derive(Clone, Debug)]
pub struct TokenCache {
    entries: Cache<Arc<[u8]>, Arc<KnownToken>, ByEnd>,
}

/// Hashes the end of a token alone, which is a part of its signature: no two of those that are kept have it in common. What is
/// found is compared byte for byte.
#[derive(Clone, Debug, Default)]
struct ByEnd(RandomState);

/// See [`ByEnd`].
struct End(DefaultHasher);

impl BuildHasher for ByEnd {
    type Hasher = End;

    fn build_hasher(&self) -> End {
        End(self.0.build_hasher())
    }
}

impl Hasher for End {
    fn write(&mut self, bytes: &[u8]) {
        const END: usize = 32;
        self.0.write(bytes.last_chunk::<END>().map_or(bytes, |end| end));
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl TokenCache {
    /// A cache that holds tokens of about `capacity` bytes, each for as long as a token can count.
    pub fn new(capacity: u64, lifetime: Duration) -> Self {
        let entries = Cache::builder().max_capacity(capacity).time_to_live(lifetime);
        let entries = entries.weigher(|token: &Arc<[u8]>, known: &Arc<KnownToken>| weight(token, known));
        Self { entries: entries.build_with_hasher(ByEnd::default()) }
    }

    /// What was read of the token.
    pub fn known(&self, token: &[u8]) -> Option<Arc<KnownToken>> {
        self.entries.get(token)
    }

    /// Keeps what was read, and gives it back.
    pub fn keep(&self, token: &[u8], known: KnownToken) -> Arc<KnownToken> {
        let known = Arc::new(known);
        self.entries.insert(token.into(), Arc::clone(&known));
        known
    }
}

/// About how many bytes an entry takes: its parts, and what the map keeps beside them.
fn weight(token: &[u8], known: &KnownToken) -> u32 {
    const MAP: usize = 320;
    let claims = &known.claims;
    let texts = [claims.issuer.len(), claims.audience.as_str().len(), claims.app.as_str().len(), claims.id.len()];
    let reasons: usize = claims.reasons.iter().map(|code| size_of::<String>() + code.len()).sum();
    let rest = claims.subject.as_ref().map_or(0, String::len);
    u32::try_from(MAP + token.len() + size_of::<KnownToken>() + texts.iter().sum::<usize>() + reasons + rest)
        .unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::{Policy, Tier, TrustVector};
    use crate::time::Timestamp;
    use crate::verdict::ear::Confirmation;
    use crate::verdict::{Bound, Decision};

    fn known() -> KnownToken {
        let claims = TokenClaims {
            issuer: "https://verdicts.example".to_owned(),
            audience: "shop".parse().expect("a name"),
            subject: None,
            id: "id".to_owned(),
            issued_at: Timestamp::EPOCH,
            expires_at: Timestamp::EPOCH,
            confirmation: Confirmation::default(),
            app: "shop".parse().expect("a name"),
            decision: Decision::Allow,
            tier: Tier::Affirming,
            vector: TrustVector::SILENT,
            reasons: Vec::new(),
            policy: Policy::default().revision(),
            proven_at: Timestamp::EPOCH,
            single_use_until: None,
            session: None,
            bound: Bound::default(),
        };
        KnownToken { claims, instance: None }
    }

    #[test]
    fn a_token_is_known_again_by_every_byte() {
        let cache = TokenCache::new(1 << 20, Duration::from_secs(60));
        let token: Vec<u8> = (0..200).collect();
        cache.keep(&token, known());
        assert!(cache.known(&token).is_some());
        for at in 0..token.len() {
            let mut changed = token.clone();
            changed[at] ^= 1;
            assert!(cache.known(&changed).is_none(), "{at}");
            assert!(cache.known(&token[at + 1..]).is_none() && cache.known(&token[..at]).is_none(), "{at}");
        }
    }
}
