//! The lease: for how long what is kept in memory counts without looking at the feed of changes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long after the beginning of the last look at the feed verdicts are taken from memory. A revocation is refused everywhere
/// within a second: what is left of it is for the answer.
pub const LEASE: Duration = Duration::from_millis(800);

/// When the feed was last seen to its end. Whoever asks waits for nobody.
#[derive(Clone, Debug)]
pub struct Lease {
    start: Instant,
    /// Microseconds between the start and the last look; zero for none.
    looked: Arc<AtomicU64>,
}

impl Lease {
    /// A lease that has to be renewed before it counts.
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), looked: Arc::default() }
    }

    /// Renews the lease after a look that began at `begun`: every change made before then has been obeyed.
    pub fn renew(&self, begun: Instant) {
        self.looked.fetch_max(self.since_start(begun).max(1), Ordering::AcqRel);
    }

    /// How long ago the last look began; `None` before the first.
    pub fn age(&self) -> Option<Duration> {
        let looked = self.looked.load(Ordering::Acquire);
        let age = self.since_start(Instant::now()).saturating_sub(looked);
        (looked > 0).then(|| Duration::from_micros(age))
    }

    /// Whether what is kept in memory counts.
    pub fn is_current(&self) -> bool {
        self.age().is_some_and(|age| age < LEASE)
    }

    fn since_start(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d07_a_lease_counts_from_the_beginning_of_the_look() {
        let lease = Lease::new();
        assert!(!lease.is_current());
        lease.renew(lease.start);
        assert!(lease.is_current());
        let old = Lease { start: Instant::now().checked_sub(2 * LEASE).expect("an earlier time"), ..Lease::new() };
        old.renew(old.start);
        assert!(!old.is_current());
        old.renew(Instant::now());
        assert!(old.is_current());
        old.renew(old.start);
        assert!(old.is_current(), "an older look takes nothing back");
    }
}
