//! Verdicts kept in memory: weighed, each with its own expiry, loaded once however many ask.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

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

    /// The cached verdict, or the one that `load` gives. Loads and replacements of one instance follow each other, so that a slow
    /// load can never bring back what a newer proof has replaced. Errors of `load`, and its `None`, are not kept.
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

    /// Puts the verdict of a newer proof in place of an older one.
    pub async fn replace(&self, id: InstanceId, verdict: Verdict, now: Timestamp) {
        let newest = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            Some(kept) if kept.value().verdict.issued_at > verdict.issued_at => Op::Nop,
            _ => Op::Put(Entry::new(verdict, now)),
        };
        self.entries.entry(id).and_compute_with(newest).await;
    }
}

impl Entry {
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
    let claims = verdict.claims.as_ref().map_or(0, |claims| claims.app_id.len());
    u32::try_from(MAP + size_of::<Verdict>() + reasons + claims).unwrap_or(u32::MAX)
}
