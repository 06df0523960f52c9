//! Instances kept in memory: what weighing a proof needs to know of them.

use std::sync::Arc;

use moka::sync::Cache;

use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::Claims;
use crate::ids::{AppName, InstanceId};
use crate::verdict::Bound;

/// An instance as it was read last. The store keeps a proof only if it was weighed with the claims that the store still has, so
/// that an old copy costs a second look and nothing else.
#[derive(Clone, Debug)]
pub struct KnownInstance {
    /// Its id.
    pub id: InstanceId,
    /// The app.
    pub app: AppName,
    /// The attested key.
    pub key: P256PublicKey,
    /// What is known about app and device.
    pub claims: Claims,
    /// The sign count of the proof that the claims come from.
    pub claims_at: u32,
    /// What its latest proof was bound to.
    pub bound: Bound,
    /// The highest sign count that was accepted.
    pub sign_count: u32,
}

/// The instances that signed lately.
#[derive(Clone, Debug)]
pub struct InstanceCache {
    entries: Cache<InstanceId, Arc<KnownInstance>>,
}

impl InstanceCache {
    /// A cache that holds instances of about `capacity` bytes.
    pub fn new(capacity: u64) -> Self {
        let entries =
            Cache::builder().max_capacity(capacity).weigher(|_, known: &Arc<KnownInstance>| weight(known)).build();
        Self { entries }
    }

    /// The instance as it was read last.
    pub fn known(&self, id: InstanceId) -> Option<Arc<KnownInstance>> {
        self.entries.get(&id)
    }

    /// Keeps what was just read, and gives it back.
    pub fn keep(&self, known: KnownInstance) -> Arc<KnownInstance> {
        let known = Arc::new(known);
        self.entries.insert(known.id, Arc::clone(&known));
        known
    }
}

/// About how many bytes an entry takes: its parts, and what the map keeps beside them.
fn weight(known: &KnownInstance) -> u32 {
    const MAP: usize = 160;
    u32::try_from(MAP + size_of::<KnownInstance>() + known.claims.heap_size()).unwrap_or(u32::MAX)
}
