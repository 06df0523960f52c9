//! Verdicts kept in memory: weighed, each with its own expiry, loaded once however many ask.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    era: Arc<AtomicU64>,
}

/// A stretch of time in which everything that verdicts rest on, beside the instance itself, stayed the same. Whoever weighs asks
/// for the era first, and only then for what the verdict will rest on: a change in between makes the era old, never the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Era(u64);

#[derive(Clone, Debug)]
struct Entry {
    era: Era,
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
        Self { entries, era: Arc::default() }
    }

    /// The era that verdicts belong to which are weighed from now on. To be asked before the weighing begins.
    pub fn era(&self) -> Era {
        Era(self.era.load(Ordering::Acquire))
    }

    /// Ends an era: what verdicts rest on has changed for all instances, and no verdict that was weighed before counts any more,
    /// not even one that is still on its way here.
    pub fn end_era(&self) {
        self.era.fetch_add(1, Ordering::AcqRel);
    }

    /// The cached verdict. It may have lapsed: its reader compares times.
    pub async fn cached(&self, id: InstanceId) -> Option<Arc<Verdict>> {
        let era = self.era();
        self.entries.get(&id).await.filter(|entry| entry.era == era).map(|entry| entry.verdict)
    }

    /// The cached verdict, or the one that `load` gives. Whatever happens to one instance happens in turn, so that a slow
    /// load can never bring back what a newer proof has made forgotten. Errors of `load`, and its `None`, are not kept.
    ///
    /// `era` is the one in which the weighing began.
    pub async fn loaded<F, E>(
        &self,
        id: InstanceId,
        era: Era,
        now: Timestamp,
        load: F,
    ) -> Result<Option<Arc<Verdict>>, E>
    where
        F: Future<Output = Result<Option<Verdict>, E>>,
        E: Send + Sync + 'static,
    {
        let put_if_absent = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            Some(kept) if kept.value().era >= era => Ok(Op::Nop),
            _ => load.await.map(|loaded| loaded.map_or(Op::Remove, |verdict| Op::Put(Entry::new(verdict, era, now)))),
        };
        match self.entries.entry(id).and_try_compute_with(put_if_absent).await? {
            CompResult::StillNone(_) | CompResult::Removed(_) => Ok(None),
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
                Ok(Some(entry.into_value().verdict))
            }
        }
    }

    /// Lets a cached verdict last for a newer proof of the same claims. A verdict with another binding is forgotten, one on other
    /// claims is left alone, and where there is none, none is put: proofs arrive here in any order, and only the store knows which
    /// claims count.
    ///
    /// `era` is the one in which the weighing of the verdict began.
    pub async fn renew(&self, id: InstanceId, verdict: Verdict, era: Era, now: Timestamp) {
        let renewed = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            // Which binding counts, only the store knows.
            Some(kept) if kept.value().verdict.bound != verdict.bound => Op::Remove,
            Some(kept) if kept.value().is_renewed_by(&verdict, era, now) => Op::Put(Entry::new(verdict, era, now)),
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
    fn is_renewed_by(&self, newer: &Verdict, era: Era, now: Timestamp) -> bool {
        let later = self.verdict.issued_at < newer.issued_at || !self.verdict.holds_at(now);
        self.era <= era && self.verdict.claims == newer.claims && later
    }

    fn new(verdict: Verdict, era: Era, now: Timestamp) -> Self {
        Self { era, keep_for: verdict.expires_at.since(now).max(LEAST), verdict: Arc::new(verdict) }
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
    let reported: usize = verdict.reported.iter().map(|code| size_of_val(code) + code.len()).sum();
    let claims = verdict.claims.as_ref().map_or(0, Claims::heap_size);
    u32::try_from(MAP + size_of::<Verdict>() + reasons + reported + claims).unwrap_or(u32::MAX)
}
