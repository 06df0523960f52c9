//! The signing keys, as the store has them.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::crypto::seal::SealKey;
use crate::crypto::secret::NoRandomness;
use crate::store::{AddKeyOutcome, NewKey, Store, StoreFault, StoredKey};
use crate::time::Timestamp;
use crate::token::{KeyRing, Schedule, SigningKey};

/// Why the signing keys are not up to date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysFault {
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The keys in the store do not open: none is made in their place, since relying parties know them.
    #[error("the signing keys in the store were sealed under another secret than that of token.seal_key_file")]
    OtherSecret,
    /// Others kept adding keys.
    #[error("other replicas kept adding signing keys")]
    Overtaken,
}

/// How often another key is looked for while replicas add theirs. Each attempt that fails is another's success.
const ATTEMPTS: usize = 8;

pub(super) struct SigningKeys {
    ring: ArcSwap<KeyRing>,
    seal: SealKey,
    schedule: Schedule,
}

impl SigningKeys {
    /// No keys yet.
    pub(super) fn new(seal: Option<SealKey>, schedule: Schedule) -> Result<Self, NoRandomness> {
        let seal = seal.map_or_else(SealKey::ephemeral, Ok)?;
        Ok(Self { ring: ArcSwap::default(), seal, schedule })
    }

    /// All keys.
    pub(super) fn ring(&self) -> Arc<KeyRing> {
        self.ring.load_full()
    }

    /// Takes up the store's keys, adds the next one in time, and removes the retired ones. A fault leaves the ring as it was.
    pub(super) async fn renew(&self, store: &dyn Store, now: Timestamp) -> Result<(), KeysFault> {
        for _ in 0..ATTEMPTS {
            let stored = store.signing_keys().await?;
            let mut keys = stored.iter().map(|key| self.taken_up(key)).collect::<Result<Vec<_>, _>>()?;
            if let Some(signs_from) = KeyRing::new(keys.clone()).next(&self.schedule, now) {
                let key = SigningKey::generate(now, signs_from)?;
                let new = NewKey { key: self.kept(&key)?, after: stored.last().map(|key| key.id) };
                match store.add_signing_key(new).await? {
                    AddKeyOutcome::Added => keys.push(Arc::new(key)),
                    AddKeyOutcome::Overtaken => continue,
                }
            }
            let retired = KeyRing::new(keys.clone()).retired(now);
            keys.retain(|key| !retired.contains(&key.id));
            self.ring.store(Arc::new(KeyRing::new(keys)));
            return if retired.is_empty() { Ok(()) } else { Ok(store.remove_signing_keys(retired).await?) };
        }
        Err(KeysFault::Overtaken)
    }

    /// The key as memory has it, else unsealed.
    fn taken_up(&self, stored: &StoredKey) -> Result<Arc<SigningKey>, KeysFault> {
        if let Some(key) = self.ring.load().key(&stored.id) {
            return Ok(Arc::clone(key));
        }
        let times = (stored.created_at, stored.signs_from);
        let key = SigningKey::unsealed(stored.id, times, &stored.sealed, &self.seal);
        key.map(Arc::new).ok_or(KeysFault::OtherSecret)
    }

    fn kept(&self, key: &SigningKey) -> Result<StoredKey, NoRandomness> {
        let sealed = key.sealed(&self.seal)?;
        Ok(StoredKey { id: key.id, created_at: key.created_at, signs_from: key.signs_from, sealed })
    }
}
