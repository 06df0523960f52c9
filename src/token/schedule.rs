//! The life of a signing key, as a function of times.

use std::time::Duration;

use super::LIFETIME_LIMIT;
use crate::time::Timestamp;
use crate::verdict::CLOCK_SKEW;

/// When keys take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs before the next one does.
    pub rotate_every: Duration,
    /// How long a key is published before it signs; shorter than `rotate_every`.
    pub publish_ahead: Duration,
}

/// What a key is for at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Others can fetch it; nothing is signed with it yet.
    Published,
    /// It signs, unless a newer key does.
    Signing,
    /// Its successor signs; what it has signed may still count.
    Verifying,
    /// Nothing that it has signed counts any more.
    Retired,
}

impl Stage {
    /// The stage at `now` of a key that signs from `signs_from` until its successor does, if there is one.
    pub fn at(now: Timestamp, signs_from: Timestamp, successor: Option<Timestamp>) -> Self {
        match successor {
            Some(until) if now >= retires_at(until) => Self::Retired,
            Some(until) if now >= until => Self::Verifying,
            _ if now >= signs_from => Self::Signing,
            _ => Self::Published,
        }
    }
}

/// When the last token ends that a key can have signed which gave way at `until`. Another replica's clock may be slow.
fn retires_at(until: Timestamp) -> Timestamp {
    until.plus(LIFETIME_LIMIT).plus(CLOCK_SKEW)
}

impl Schedule {
    /// From when on a key signs that is made now; `None` when none is needed. `keys` are those there are: when each was made, and
    /// from when on it signs. The first one ever signs at once, since nobody can have fetched another.
    ///
    /// A key that was made while a clock was far ahead does not count: it would be waited for until that time has come.
    pub fn next(&self, keys: impl Iterator<Item = (Timestamp, Timestamp)>, now: Timestamp) -> Option<Timestamp> {
        let mut keys = keys.peekable();
        if keys.peek().is_none() {
            return Some(now);
        }
        let newest = keys.filter(|(made, _)| *made <= now.plus(CLOCK_SKEW)).map(|(_, signs_from)| signs_from).max();
        let ahead = now.plus(self.publish_ahead);
        newest.is_none_or(|signs_from| ahead >= signs_from.plus(self.rotate_every)).then_some(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAILY: Schedule = Schedule { rotate_every: Duration::from_secs(86_400), publish_ahead: HOUR };

    fn at(hours: u32) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).plus(HOUR * hours)
    }

    #[test]
    fn a_key_goes_through_its_stages() {
        let stage = |now, successor| Stage::at(now, at(1), successor);
        let just = Duration::from_millis(1);
        assert_eq!(stage(at(1).minus(just), None), Stage::Published);
        assert_eq!(stage(at(1), None), Stage::Signing);
        assert_eq!(stage(at(999), None), Stage::Signing, "without a successor it goes on");
        assert_eq!(stage(at(25).minus(just), Some(at(25))), Stage::Signing);
        assert_eq!(stage(at(25), Some(at(25))), Stage::Verifying);
        let end = at(26).plus(CLOCK_SKEW);
        assert_eq!(stage(end.minus(just), Some(at(25))), Stage::Verifying);
        assert_eq!(stage(end, Some(at(25))), Stage::Retired);
    }

    #[test]
    fn the_first_key_signs_at_once_and_the_next_is_published_in_time() {
        let next = |keys: &[(u32, u32)], now| {
            DAILY.next(keys.iter().map(|(made, signs_from)| (at(*made), at(*signs_from))), at(now))
        };
        assert_eq!(next(&[], 5), Some(at(5)));
        assert_eq!(next(&[(0, 0)], 22), None);
        assert_eq!(next(&[(0, 0)], 23), Some(at(24)));
        assert_eq!(next(&[(0, 0), (23, 24)], 30), None);
        assert_eq!(next(&[(0, 0)], 500), Some(at(501)), "after a long rest");
        assert_eq!(next(&[(900, 901)], 5), Some(at(6)), "made by a clock that was ahead");
    }
}
