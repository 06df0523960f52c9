//! Verdicts kept in memory: weighed, each until it ends, loaded once however many ask.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

use super::Lease;
use crate::evidence::claims::Claims;
use crate::ids::{InstanceId, Position};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// The shortest time that an entry counts, so that asking about a lapsed instance again and again does not reach the store; and how
/// far a clock may be set back before what was weighed until then counts no more.
const LEAST: Duration = Duration::from_secs(1);
/// How long an entry that nobody asks about takes memory.
const IDLE: Duration = Duration::from_secs(3600);

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

/// A verdict on an instance, and what it rests on.
#[derive(Clone, Debug)]
pub struct Grounded {
    /// The verdict. Its claims, if it has any, take memory for as long as it is kept.
    pub verdict: Verdict,
    /// The sign count of the proof that the claims come from: no other claims of the instance have this one.
    pub claims_at: u32,
    /// The latest change when the instance's standing was read.
    pub seen: Position,
}

#[derive(Clone, Debug)]
struct Entry {
    era: Era,
    verdict: Arc<Verdict>,
    claims_at: u32,
    seen: Position,
    weighed_at: Timestamp,
    ends_at: Timestamp,
    /// When the store was about to be asked; `None` for what was not read from there.
    asked_at: Option<Instant>,
}

impl VerdictCache {
    /// A cache that holds verdicts of about `capacity` bytes.
    pub fn new(capacity: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, entry: &Entry| weight(&entry.verdict))
            .time_to_idle(IDLE)
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

    /// The cached verdict, while the lease is current. It may have lapsed a moment ago: its reader compares times.
    ///
    /// Never waits. While the cache tidies up there may be nothing to be had at once, and whoever asks has to ask [`Self::loaded`].
    pub fn cached(&self, id: InstanceId, now: Timestamp) -> Option<Arc<Verdict>> {
        if !self.lease.is_current() {
            return None;
        }
        let era = self.era();
        let entry = self.entries.get(&id).now_or_never().flatten()?;
        (entry.era == era && entry.holds_at(now)).then_some(entry.verdict)
    }

    /// The cached verdict, or the one that `load` gives. Whatever happens to one instance happens in turn, so that a slow
    /// load can never bring back what a newer proof, or a revocation, has made forgotten. Errors of `load`, and its `None`, are not kept.
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
        F: Future<Output = Result<Option<Grounded>, E>>,
        E: Send + Sync + 'static,
    {
        let arrived_at = Instant::now();
        // Without the lease, what was asked of the store since is as good as asking again, however many wait.
        let counts = |kept: &Entry| {
            kept.counts(era, now) && (self.lease.is_current() || kept.asked_at.is_some_and(|asked| asked >= arrived_at))
        };
        let put_if_absent = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            Some(kept) if counts(kept.value()) => Ok(Op::Nop),
            _ => {
                let asked_at = Some(Instant::now());
                let loaded = load.await?;
                Ok(loaded.map_or(Op::Remove, |loaded| Op::Put(Entry { asked_at, ..Entry::new(loaded, era, now) })))
            }
        };
        match self.entries.entry(id).and_try_compute_with(put_if_absent).await? {
            CompResult::StillNone(_) | CompResult::Removed(_) => Ok(None),
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
                Ok(Some(entry.into_value().verdict))
            }
        }
    }

    /// Lets a cached verdict last for a newer proof of the same claims. A verdict with another binding is forgotten, as is one that
    /// knows more than the newer one; one on other claims is left alone, and where there is none, none is put: proofs arrive here in
    /// any order, and only the store knows which claims count.
    ///
    /// `era` is the one in which the weighing of the verdict began: what was stated with less knowledge never takes the place of
    /// what was stated with more.
    pub async fn renew(&self, id: InstanceId, newer: Grounded, era: Era, now: Timestamp) {
        let newer = Entry::new(newer, era, now);
        let renewed = async |existing: Option<moka::Entry<InstanceId, Entry>>| match existing {
            // Which binding counts, only the store knows.
            Some(kept) if kept.value().verdict.bound != newer.verdict.bound => Op::Remove,
            Some(kept) if !kept.value().is_older(&newer, now) => Op::Nop,
            // What is kept has lapsed, or will before the newer proof does, and knows of changes that the newer one does not.
            Some(kept) if !kept.value().knows_no_more(&newer) => Op::Remove,
            Some(_) => Op::Put(newer),
            None => Op::Nop,
        };
        self.entries.entry(id).and_compute_with(renewed).await;
    }

    /// Forgets the verdict: the next one who asks hears what the store knows.
    pub async fn forget(&self, id: InstanceId) {
        self.entries.entry(id).and_compute_with(async |_| Op::Remove).await;
    }
}

impl Entry {
    fn counts(&self, era: Era, now: Timestamp) -> bool {
        self.era >= era && self.holds_at(now)
    }

    /// Whether the time is one that the verdict was weighed for. What a clock that was ahead has made of an instance ends with it.
    fn holds_at(&self, now: Timestamp) -> bool {
        now < self.ends_at && self.weighed_at <= now.plus(LEAST)
    }

    /// Whether another verdict on the same claims rests on a later proof, or this one has lapsed.
    fn is_older(&self, newer: &Self, now: Timestamp) -> bool {
        let is_later = self.verdict.issued_at < newer.verdict.issued_at || !self.verdict.holds_at(now);
        self.claims_at == newer.claims_at && is_later
    }

    fn knows_no_more(&self, newer: &Self) -> bool {
        self.era <= newer.era && self.seen <= newer.seen
    }

    fn new(Grounded { verdict, claims_at, seen }: Grounded, era: Era, now: Timestamp) -> Self {
        let ends_at = verdict.expires_at.max(now.plus(LEAST));
        Self { era, verdict: Arc::new(verdict), claims_at, seen, weighed_at: now, ends_at, asked_at: None }
    }
}

/// About how many bytes an entry takes: its parts, and what the map keeps beside them.
fn weight(verdict: &Verdict) -> u32 {
    const MAP: usize = 160;
    let reasons: usize = verdict.reasons.iter().map(|reason| size_of_val(reason) + reason.text.len()).sum();
    let reported: usize = verdict.reported.iter().map(|each| size_of_val(each) + each.code.len()).sum();
    let claims = verdict.claims.as_ref().map_or(0, |claims| size_of::<Claims>() + claims.heap_size());
    u32::try_from(MAP + size_of::<Verdict>() + reasons + reported + claims).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;
    use crate::appraisal::{Decisions, Policy, TrustVector};
    use crate::verdict::{Frame, Freshness};

    const ID: InstanceId = InstanceId([7; 16]);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_secs(seconds))
    }

    fn proved(seconds: u64, claims_at: u32) -> Grounded {
        let frame = Frame {
            app: "shop".parse().expect("a name"),
            policy: Policy::default().revision(),
            decisions: Decisions::CAREFUL,
            issued_at: at(seconds),
            lifetime: Duration::from_secs(600),
            until: None,
            freshness: Freshness::NEVER,
        };
        let verdict = Verdict::refusal(TrustVector::SILENT, Vec::new(), frame);
        Grounded { verdict: Verdict { expires_at: at(seconds + 600), ..verdict }, claims_at, seen: Position::START }
    }

    /// A cache that has loaded this at a time.
    async fn loaded(grounded: Grounded, now: Timestamp) -> VerdictCache {
        let cache = VerdictCache::new(1 << 20);
        cache.lease().renew(std::time::Instant::now());
        cache.loaded(ID, cache.era(), now, async { Ok::<_, ()>(Some(grounded)) }).await.expect("loads");
        cache
    }

    async fn kept_after(newer: Grounded) -> Option<Timestamp> {
        let cache = loaded(proved(0, 3), at(0)).await;
        cache.renew(ID, newer, cache.era(), at(60)).await;
        cache.cached(ID, at(60)).map(|verdict| verdict.issued_at)
    }

    #[tokio::test]
    async fn d05_what_a_clock_that_was_ahead_has_weighed_ends_with_it() {
        for ahead in [2, 300, 3_600, 86_400] {
            let cache = loaded(proved(0, 3), at(10 + ahead)).await;
            assert!(cache.cached(ID, at(10 + ahead)).is_some());
            assert!(cache.cached(ID, at(10)).is_none(), "weighed {ahead} s from now");
            let again = async { Ok::<_, ()>(Some(proved(5, 3))) };
            let verdict = cache.loaded(ID, cache.era(), at(10), again).await.expect("loads").expect("a verdict");
            assert_eq!(verdict.issued_at, at(5), "the store is asked again");
            assert!(cache.cached(ID, at(10)).is_some());
        }
    }

    /// The first load began before the others came, and they share the second one.
    #[tokio::test]
    async fn without_the_lease_those_who_wait_share_a_load() {
        let cache = VerdictCache::new(1_000_000);
        let (loads, gate) = (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (cache, loads, gate) = (cache.clone(), Arc::clone(&loads), Arc::clone(&gate));
            tokio::spawn(async move {
                let load = async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    drop(gate.acquire().await);
                    Ok::<_, ()>(Some(proved(0, 3)))
                };
                cache.loaded(ID, cache.era(), at(10), load).await.expect("loads").expect("a verdict").issued_at
            })
        };
        let mut waiting = vec![ask()];
        tokio::task::yield_now().await;
        assert_eq!(loads.load(Ordering::SeqCst), 1);
        waiting.extend((0..20).map(|_| ask()));
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        for waits in waiting {
            assert_eq!(waits.await.expect("an answer"), at(0));
        }
        assert_eq!(loads.load(Ordering::SeqCst), 2);
        cache.loaded(ID, cache.era(), at(10), async { Err(7) }).await.expect_err("whoever comes later asks again");
    }

    #[tokio::test]
    async fn a_proof_that_knows_less_than_what_is_kept_lets_the_store_decide() {
        let lapsed = Grounded { seen: Position(101), ..proved(0, 3) };
        let cache = loaded(lapsed.clone(), at(600)).await;
        let newer = Grounded { seen: Position(100), ..proved(600, 3) };
        cache.renew(ID, newer, cache.era(), at(600)).await;
        assert!(cache.cached(ID, at(600)).is_none());
        let cache = loaded(lapsed, at(10)).await;
        let older = Grounded { seen: Position(100), ..proved(0, 3) };
        cache.renew(ID, older, cache.era(), at(10)).await;
        assert!(cache.cached(ID, at(10)).is_some(), "nothing is forgotten for a proof that is no newer");
    }

    #[tokio::test]
    async fn a_newer_proof_renews_what_rests_on_the_same_claims_alone() {
        assert_eq!(kept_after(proved(60, 3)).await, Some(at(60)));
        for claims_at in [2, 4] {
            assert_eq!(kept_after(proved(60, claims_at)).await, Some(at(0)), "other claims are left alone");
        }
        let Grounded { verdict, claims_at, seen } = proved(60, 3);
        let bound = crate::verdict::Bound { tls: Some([1; 16]), ..verdict.bound };
        let rebound = Grounded { verdict: verdict.bound_to(bound), claims_at, seen };
        assert_eq!(kept_after(rebound).await, None, "which binding counts, the store knows");
    }
}
