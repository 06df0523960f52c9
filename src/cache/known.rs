//! Instances kept in memory: what weighing a proof needs to know of them.

use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;

use crate::appraisal::Standing;
use crate::crypto::jwk::Thumbprint;
use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::Claims;
use crate::ids::{AppName, InstanceId, Position};
use crate::verdict::Bound;

/// An instance as it was read last. The store keeps a proof only if it was weighed with the claims and the standing that the store
/// still has, so that an old copy costs a second look and nothing else.
#[derive(Clone, Debug)]
pub struct KnownInstance {
    /// Its id.
    pub id: InstanceId,
    /// The app.
    pub app: AppName,
    /// The attested key.
    pub key: P256PublicKey,
    /// The key that tokens are bound to, if the client named one.
    pub confirmation: Option<Thumbprint>,
    /// What is known about app and device.
    pub claims: Claims,
    /// The sign count of the proof that the claims come from.
    pub claims_at: u32,
    /// What its latest proof was bound to.
    pub bound: Bound,
    /// The highest sign count that was accepted.
    pub sign_count: u32,
    /// Whether it still has the operator's trust.
    pub standing: Standing,
    /// The latest change when this was read.
    pub seen: Position,
}

/// The instances that signed lately.
#[derive(Clone, Debug)]
pub struct InstanceCache {
    entries: Cache<InstanceId, Arc<KnownInstance>>,
    obeyed: Arc<RwLock<Obeyed>>,
}

/// How far the cache has followed the feed of changes.
#[derive(Debug, Default)]
struct Obeyed {
    /// Every change up to here has been obeyed: what is kept is known to be untouched by them.
    until: Position,
    /// What was read before this change does not count.
    floor: Position,
}

impl InstanceCache {
    /// A cache that holds instances of about `capacity` bytes.
    pub fn new(capacity: u64) -> Self {
        let entries =
            Cache::builder().max_capacity(capacity).weigher(|_, known: &Arc<KnownInstance>| weight(known)).build();
        Self { entries, obeyed: Arc::default() }
    }

    /// The instance as it was read last, and the latest change of which it is known that its standing is still this one.
    pub fn known(&self, id: InstanceId) -> Option<(Arc<KnownInstance>, Position)> {
        let obeyed = self.obeyed.read().unwrap_or_else(PoisonError::into_inner);
        let known = self.entries.get(&id).filter(|known| known.seen >= obeyed.floor)?;
        let seen = known.seen.max(obeyed.until);
        Some((known, seen))
    }

    /// Keeps what was just read, unless changes that it does not know of have been obeyed, and gives it back.
    pub fn keep(&self, known: KnownInstance) -> Arc<KnownInstance> {
        let known = Arc::new(known);
        let obeyed = self.obeyed.read().unwrap_or_else(PoisonError::into_inner);
        if known.seen >= obeyed.until {
            self.entries.insert(known.id, Arc::clone(&known));
        }
        known
    }

    /// Obeys a change that concerns one instance, or `None`.
    pub fn obey(&self, position: Position, concerned: Option<InstanceId>) {
        let mut obeyed = self.obeyed.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = concerned {
            self.entries.invalidate(&id);
        }
        obeyed.until = position;
    }

    /// Obeys changes up to `position` that may concern any instance.
    pub fn forget_before(&self, position: Position) {
        let mut obeyed = self.obeyed.write().unwrap_or_else(PoisonError::into_inner);
        *obeyed = Obeyed { until: position, floor: position };
    }
}

/// About how many bytes an entry takes: its parts, and what the map keeps beside them.
fn weight(known: &KnownInstance) -> u32 {
    const MAP: usize = 160;
    u32::try_from(MAP + size_of::<KnownInstance>() + known.claims.heap_size()).unwrap_or(u32::MAX)
}
