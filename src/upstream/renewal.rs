//! When to ask for the status list again, and whether what came may take the place of what is kept.

use std::sync::Arc;
use std::time::Duration;

use super::{EntityTag, Fetched};
use crate::endorsement::status_list::{KeptList, ListFault, Shrunk, StatusList};
use crate::time::Timestamp;

/// The shortest time between two questions.
const SHORTEST: Duration = Duration::from_secs(60);
/// The longest time between two questions.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// The longest time between two questions while answers fail.
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(15 * 60);

/// How long to wait before the next question, after an answer that is fresh for a while: half of that, more or less a tenth,
/// between a minute and twelve hours. `jitter` is random, so that a fleet does not ask all at once.
pub fn next_refresh(fresh_for: Duration, jitter: u32) -> Duration {
    jittered(fresh_for / 2, jitter).clamp(SHORTEST, LONGEST)
}

/// How long to wait before the next question, after `failures` failed ones in a row: a minute, doubled by each further one,
/// more or less a tenth, at most a quarter of an hour.
pub fn next_attempt(failures: u32, jitter: u32) -> Duration {
    let doubled = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(8));
    jittered(doubled.min(LONGEST_AFTER_FAILURE), jitter).clamp(SHORTEST, LONGEST_AFTER_FAILURE)
}

/// The span between nine and eleven tenths of itself.
fn jittered(span: Duration, jitter: u32) -> Duration {
    let share = f64::from(jitter) / f64::from(u32::MAX);
    span.min(LONGEST * 2).mul_f64(0.9 + 0.2 * share)
}

/// What is kept after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The list with its age.
    pub kept: KeptList,
    /// The tag to ask with next time.
    pub tag: Option<EntityTag>,
    /// The bytes of the list, for a store, when the source has sent any.
    pub body: Option<Vec<u8>>,
    /// Whether certificates may be on the list that were not before: what rests on them has to be looked at again.
    pub changed: bool,
}

/// Why an answer does not take the place of what is kept; that stays in force until it is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalFault {
    /// Not a list.
    #[error(transparent)]
    List(#[from] ListFault),
    /// A list that has lost too many entries.
    #[error(transparent)]
    Shrunk(#[from] Shrunk),
    /// Another list, from before the one that is kept: a cache on its way was late.
    #[error("the source sends a list that is older than the one in force")]
    Older,
    /// Nothing has changed, says the source, but nothing is kept.
    #[error("the source says that nothing has changed, but nothing is kept")]
    NothingKept,
}

/// Reads an answer and holds it against the list that is kept with its tag, if there is one.
///
/// A list may have lost at most `max_shrink_percent` of its entries. The age counts from `now`, less the time for which the
/// answer waited on its way.
pub fn renew(
    kept: Option<(&KeptList, Option<&EntityTag>)>,
    fetched: Fetched,
    now: Timestamp,
    max_shrink_percent: u8,
) -> Result<Renewal, RenewalFault> {
    match fetched {
        Fetched::Unchanged { fresh_for, age } => {
            let (kept, tag) = kept.ok_or(RenewalFault::NothingKept)?;
            let kept = dated(Arc::clone(&kept.list), now, fresh_for, age);
            Ok(Renewal { kept, tag: tag.cloned(), body: None, changed: false })
        }
        Fetched::New { body, fresh_for, age, tag } => {
            let list = StatusList::parse(&body)?;
            kept.map_or(Ok(()), |(older, _)| list.may_follow(&older.list, max_shrink_percent))?;
            let changed = kept.is_none_or(|(older, _)| older.list.digest() != list.digest());
            let list = dated(Arc::new(list), now, fresh_for, age);
            // A list of a time that has not come gives way to any.
            if changed && kept.is_some_and(|(newer, _)| newer.fetched_at > list.fetched_at && newer.fetched_at <= now) {
                return Err(RenewalFault::Older);
            }
            Ok(Renewal { kept: list, tag, body: Some(body), changed })
        }
    }
}

fn dated(list: Arc<StatusList>, now: Timestamp, fresh_for: Duration, age: Duration) -> KeptList {
    KeptList { list, fetched_at: now.minus(age), fresh_until: now.plus(fresh_for) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn body(count: usize) -> Vec<u8> {
        let each: Vec<_> = (0..count).map(|number| format!(r#""a{number:x}":{{"status":"REVOKED"}}"#)).collect();
        format!(r#"{{"entries":{{{}}}}}"#, each.join(",")).into_bytes()
    }

    fn new(body: Vec<u8>) -> Fetched {
        Fetched::New { body, fresh_for: HOUR, age: Duration::from_secs(60), tag: EntityTag::parse("\"1\"") }
    }

    #[test]
    fn a_list_is_renewed_with_its_age() {
        let first = renew(None, new(body(10)), NOW, 50).expect("a list");
        assert_eq!((first.kept.fetched_at, first.changed), (NOW.minus(Duration::from_secs(60)), true));
        assert_eq!(first.kept.fresh_until, NOW.plus(HOUR));
        let later = NOW.plus(HOUR);
        let kept = Some((&first.kept, first.tag.as_ref()));
        let same = Fetched::Unchanged { fresh_for: HOUR, age: Duration::ZERO };
        let confirmed = renew(kept, same.clone(), later, 50).expect("the same list");
        assert_eq!((confirmed.kept.fetched_at, confirmed.changed, &confirmed.tag), (later, false, &first.tag));
        assert!(!renew(kept, new(body(10)), later, 50).expect("the same bytes").changed);
        assert!(renew(kept, new(body(11)), later, 50).expect("more").changed);
        assert_eq!(renew(None, same, later, 50), Err(RenewalFault::NothingKept));
    }

    #[test]
    fn a12_an_emptied_or_halved_list_does_not_take_the_place_of_a_whole_one() {
        let first = renew(None, new(body(10)), NOW, 50).expect("a list");
        let kept = Some((&first.kept, None));
        assert_eq!(renew(kept, new(body(4)), NOW, 50), Err(RenewalFault::Shrunk(Shrunk { from: 10, to: 4 })));
        assert_eq!(renew(kept, new(body(0)), NOW, 50), Err(RenewalFault::List(ListFault::Empty)));
        assert_eq!(renew(None, new(body(0)), NOW, 50), Err(RenewalFault::List(ListFault::Empty)));
    }

    #[test]
    fn a09_an_older_list_does_not_take_the_place_of_a_newer_one() {
        let first = renew(None, new(body(10)), NOW, 50).expect("a list");
        let kept = Some((&first.kept, None));
        let late = |seconds| Fetched::New {
            body: body(11),
            fresh_for: HOUR,
            age: Duration::from_secs(seconds),
            tag: EntityTag::parse("\"2\""),
        };
        assert_eq!(renew(kept, late(61), NOW, 50), Err(RenewalFault::Older));
        assert!(renew(kept, late(59), NOW, 50).expect("a newer list").changed);
        let same = Fetched::New { body: body(10), fresh_for: HOUR, age: HOUR, tag: None };
        assert!(!renew(kept, same, NOW, 50).expect("the same list").changed);
        assert!(renew(kept, late(61), NOW.minus(HOUR), 50).expect("the clock was ahead").changed);
    }

    #[test]
    fn failures_are_answered_with_patience() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let middle = u32::MAX / 2;
        let waits =
            [0, 1, 2, 3, 4, 5, 6, u32::MAX].map(|failures| next_attempt(failures, middle).as_secs_f64().round());
        let wanted = [1, 1, 2, 4, 8, 15, 15, 15].map(|count| minutes(count).as_secs_f64());
        assert_eq!(waits, wanted);
    }

    proptest! {
        #[test]
        fn the_next_question_comes_at_half_life(seconds in 0_u64..200_000, jitter in any::<u32>()) {
            let next = next_refresh(Duration::from_secs(seconds), jitter);
            prop_assert!((SHORTEST..=LONGEST).contains(&next));
            let half = seconds as f64 / 2.0;
            let bounds = (half * 0.9).clamp(60.0, 43_200.0)..=(half * 1.1 + 0.001).clamp(60.0, 43_200.0);
            prop_assert!(bounds.contains(&next.as_secs_f64()));
        }
    }
}
