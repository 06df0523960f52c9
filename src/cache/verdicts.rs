//! Verdicts kept in memory: weighed, each with its own expiry, loaded once however many ask.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

use crate::evidence::claims::Claims;
use crate::ids::InstanceId;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// The shortest time that an entry is kept, so that asking about a lapsed instance again and again does not reach the store.
const LEAST: Duration = Duration::from_secs(1);

/// The current verdict of each instance that was asked about lately.
#[derive(Clone, Debug)]
pub struct VerdictCache {
    entries: Cache<InstanceId, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    verdict: Arc<Verdict>,
    keep_for: Duration,
}

impl VerdictCache {
    /// A cache that holds verdicts of about `capacity` bytes.
    pub fn new(capacity: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, entry: &Entry| weight(&entry.verdict))
            .expire_after(KeepFor)
            .build();
        Self { entries }
    }

    /// The cached verdict. It may have lapsed: its reader compares times.
    pub async fn cached(&self, id: InstanceId) -> Option<Arc<Verdict>> {
        self.entries.get(&id).await.map(|entry| entry.verdict)
    }

    /// The cached verdict, or the one that `load` gives. Whatever happens to one instance happens in turn, so that a slow
    /// load can never bring back what a newer proof has made forgotten. Errors of `load`, and its `None`, are not kept.
    pub async fn loaded<F, E>(&self, id: InstanceId, now: Timestamp, load: F) -> Result<Option<Arc<Verdict>>, E>
    where
        F: Future<Output = Result<Option<Verdict>, E>>,
        E: Send + Sync + 'static,
    {
        let put_if_absent = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            Some(_) => Ok(Op::Nop),
            None => load.await.map(|loaded| loaded.map_or(Op::Nop, |verdict| Op::Put(Entry::new(verdict, now)))),
        };
        match self.entries.entry(id).and_try_compute_with(put_if_absent).await? {
            CompResult::StillNone(_) | CompResult::Removed(_) => Ok(None),
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
                Ok(Some(entry.into_value().verdict))
            }
        }
    }

    /// Lets a cached verdict last for a newer proof of the same claims. A verdict on other claims is left alone, and where there
    /// is none, none is put: proofs arrive here in any order, and only the store knows which claims count.
    pub async fn renew(&self, id: InstanceId, verdict: Verdict, now: Timestamp) {
        let renewed = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            Some(kept) if kept.value().is_renewed_by(&verdict, now) => Op::Put(Entry::new(verdict, now)),
            _ => Op::Nop,
        };
        self.entries.entry(id).and_compute_with(renewed).await;
    }

    /// Forgets the verdict: the next one who asks hears what the store knows.
    pub async fn forget(&self, id: InstanceId) {
        self.entries.entry(id).and_compute_with(async |_| Op::Remove).await;
    }
}

impl Entry {
    fn is_renewed_by(&self, newer: &Verdict, now: Timestamp) -> bool {
        let later = self.verdict.issued_at < newer.issued_at || !self.verdict.holds_at(now);
        self.verdict.claims == newer.claims && later
    }

    fn new(verdict: Verdict, now: Timestamp) -> Self {
        Self { keep_for: verdict.expires_at.since(now).max(LEAST), verdict: Arc::new(verdict) }
    }
}

struct KeepFor;

impl Expiry<InstanceId, Entry> for KeepFor {
    fn expire_after_create(&self, _: &InstanceId, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.keep_for)
    }

    fn expire_after_update(&self, _: &InstanceId, entry: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.keep_for)
    }
}

/// About how many bytes an entry takes: its parts, and what the map keeps beside them.
fn weight(verdict: &Verdict) -> u32 {
    const MAP: usize = 160;
    let reasons: usize = verdict.reasons.iter().map(|reason| size_of_val(reason) + reason.text.len()).sum();
    let claims = verdict.claims.as_ref().map_or(0, Claims::heap_size);
    u32::try_from(MAP + size_of::<Verdict>() + reasons + claims).unwrap_or(u32::MAX)
}
