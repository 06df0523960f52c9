//! How old a list is, as data: the clock stays with the caller.

use std::sync::Arc;
use std::time::Duration;

use super::StatusList;
use crate::time::Timestamp;

/// How far ahead of the clock a list may have been fetched: two clocks differ, but not by more than this.
pub const AHEAD_LIMIT: Duration = Duration::from_secs(300);

/// A list with its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptList {
    /// The list.
    pub list: Arc<StatusList>,
    /// When its source last said that it is the current one.
    pub fetched_at: Timestamp,
    /// Until when its source said that it need not be asked again.
    pub fresh_until: Timestamp,
}

impl KeptList {
    /// A list that was fetched now and is fresh for a while.
    pub fn new(list: Arc<StatusList>, now: Timestamp, fresh_for: Duration) -> Self {
        Self { list, fetched_at: now, fresh_until: now.plus(fresh_for) }
    }

    /// The same list, after its source said now that nothing has changed.
    pub fn confirmed(&self, now: Timestamp, fresh_for: Duration) -> Self {
        Self::new(Arc::clone(&self.list), now, fresh_for)
    }

    /// How long ago the list was fetched; zero when that was not before now.
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.fetched_at)
    }

    /// Whether its source may know a newer one by now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.fresh_until
    }

    /// Whether the list is too old to say that a certificate is good: older than `max_age`, or fetched at a time that, by
    /// more than [`AHEAD_LIMIT`], has not come yet.
    pub fn is_stale(&self, now: Timestamp, max_age: Duration) -> bool {
        self.age(now) > max_age || self.fetched_at > now.plus(AHEAD_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn kept(now: Timestamp) -> KeptList {
        let list = StatusList::parse(br#"{"entries":{"2a":{"status":"REVOKED"}}}"#).expect("a list");
        KeptList::new(Arc::new(list), now, HOUR)
    }

    #[test]
    fn a12_a_list_is_stale_beyond_its_greatest_age() {
        let fetched = Timestamp::from_millis(1_700_000_000_000);
        let kept = kept(fetched);
        let at = |span: Duration| kept.is_stale(fetched.plus(span), HOUR * 48);
        assert_eq!((at(Duration::ZERO), at(HOUR * 48), at(HOUR * 48 + Duration::from_millis(1))), (false, false, true));
        assert_eq!(kept.age(fetched.plus(HOUR)), HOUR);
        let confirmed = kept.confirmed(fetched.plus(HOUR * 48), HOUR);
        assert!(!confirmed.is_stale(fetched.plus(HOUR * 96), HOUR * 48));
    }

    #[test]
    fn a12_a_list_of_a_time_that_has_not_come_is_stale() {
        let fetched = Timestamp::from_millis(1_700_000_000_000);
        let kept = kept(fetched);
        assert!(!kept.is_stale(fetched.minus(AHEAD_LIMIT), HOUR));
        assert!(kept.is_stale(fetched.minus(AHEAD_LIMIT).minus(Duration::from_millis(1)), HOUR));
    }

    #[test]
    fn a_list_is_due_once_it_is_no_longer_fresh() {
        let fetched = Timestamp::from_millis(1_700_000_000_000);
        let kept = kept(fetched);
        assert!(!kept.is_due(fetched.plus(HOUR).minus(Duration::from_millis(1))));
        assert!(kept.is_due(fetched.plus(HOUR)));
    }
}
