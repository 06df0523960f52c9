//! Verdicts kept in memory: weighed, each with its own expiry, loaded once however many ask.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

use super::Lease;
use crate::evidence::claims::Claims;
use crate::ids::{InstanceId, Position};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// The shortest time that an entry is kept, so that asking about a lapsed instance again and again does not reach the store.
const LEAST: Duration = Duration::from_secs(1);

/// The current verdict of each instance that was asked about lately.
#[derive(Clone, Debug)]
pub struct VerdictCache {
    entries: Cache<InstanceId, Entry>,
    era: Arc<AtomicU64>,
    lease: Lease,
}

/// A stretch of time in which everything that verdicts rest on, beside the instance itself, stayed the same. Whoever weighs asks
/// for the era first, and only then for what the verdict will rest on: a change in between makes the era old, never the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Era(u64);

#[derive(Clone, Debug)]
struct Entry {
    era: Era,
    verdict: Arc<Verdict>,
    /// The latest change when the instance's standing was read.
    seen: Position,
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
        Self { entries, era: Arc::default(), lease: Lease::new() }
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

    /// The lease, without which no kept verdict counts: it is renewed by whoever follows the feed of changes.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The cached verdict, while the lease is current. It may have lapsed: its reader compares times.
    pub async fn cached(&self, id: InstanceId) -> Option<Arc<Verdict>> {
        if !self.lease.is_current() {
            return None;
        }
        let era = self.era();
        self.entries.get(&id).await.filter(|entry| entry.era == era).map(|entry| entry.verdict)
    }

    /// The cached verdict, or the one that `load` gives. Whatever happens to one instance happens in turn, so that a slow
    /// load can never bring back what a newer proof, or a revocation, has made forgotten. Errors of `load`, and its `None`, are not kept.
    ///
    /// `era` is the one in which the weighing began; `load` tells beside the verdict the latest change when it read the standing.
    pub async fn loaded<F, E>(
        &self,
        id: InstanceId,
        era: Era,
        now: Timestamp,
        load: F,
    ) -> Result<Option<Arc<Verdict>>, E>
    where
        F: Future<Output = Result<Option<(Verdict, Position)>, E>>,
        E: Send + Sync + 'static,
    {
        let put_if_absent = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            Some(kept) if kept.value().era >= era && self.lease.is_current() => Ok(Op::Nop),
            _ => {
                let loaded = load.await?;
                Ok(loaded.map_or(Op::Remove, |(verdict, seen)| Op::Put(Entry::new(verdict, seen, era, now))))
            }
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
    /// `era` is the one in which the weighing of the verdict began, `seen` the latest change that it knew of: what was stated with
    /// less knowledge never takes the place of what was stated with more.
    pub async fn renew(&self, id: InstanceId, verdict: Verdict, seen: Position, era: Era, now: Timestamp) {
        let newer = Entry::new(verdict, seen, era, now);
        let renewed = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            // Which binding counts, only the store knows.
            Some(kept) if kept.value().verdict.bound != newer.verdict.bound => Op::Remove,
            Some(kept) if kept.value().is_renewed_by(&newer, now) => Op::Put(newer),
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
    fn is_renewed_by(&self, newer: &Self, now: Timestamp) -> bool {
        let later = self.verdict.issued_at < newer.verdict.issued_at || !self.verdict.holds_at(now);
        let informed = self.era <= newer.era && self.seen <= newer.seen;
        informed && self.verdict.claims == newer.verdict.claims && later
    }

    fn new(verdict: Verdict, seen: Position, era: Era, now: Timestamp) -> Self {
        Self { era, seen, keep_for: verdict.expires_at.since(now).max(LEAST), verdict: Arc::new(verdict) }
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
