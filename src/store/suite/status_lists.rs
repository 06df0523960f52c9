//! The status list that is kept across restarts.

use std::sync::Arc;
use std::time::Duration;

use super::{at, status_list};
use crate::store::{ConfirmOutcome, Confirmation, KeptStatusList, STATUS_LIST_LIMIT, StatusListOutcome, Store};
use crate::verdict::CLOCK_SKEW;

behaviours!(
    a_list_is_replaced_as_a_whole,
    an_older_list_never_replaces_a_newer_one,
    d05_a_list_of_a_time_that_has_not_come_gives_way,
    a_list_of_the_longest_length_is_kept_and_no_longer_one,
    a_confirmed_list_has_new_times,
    only_the_list_that_was_asked_about_is_confirmed,
);

async fn kept(store: &Arc<dyn Store>, list: &KeptStatusList) {
    assert_eq!(store.keep_status_list(list.clone(), list.fetched_at).await, Ok(StatusListOutcome::Kept));
    assert_eq!(store.status_list().await, Ok(Some(list.clone())));
}

async fn a_list_is_replaced_as_a_whole(store: Arc<dyn Store>) {
    assert_eq!(store.status_list().await, Ok(None));
    kept(&store, &status_list(10, b"first, and longer")).await;
    kept(&store, &KeptStatusList { etag: None, fresh_until: at(0), ..status_list(20, b"second") }).await;
    kept(&store, &status_list(20, b"at the same time")).await;
    kept(&store, &status_list(21, b"")).await;
}

async fn an_older_list_never_replaces_a_newer_one(store: Arc<dyn Store>) {
    let newer = status_list(20, b"newer");
    kept(&store, &newer).await;
    let older = KeptStatusList { fetched_at: at(20).minus(Duration::from_millis(1)), ..status_list(20, b"older") };
    for now in [at(19), at(20), at(900)] {
        assert_eq!(store.keep_status_list(older.clone(), now).await, Ok(StatusListOutcome::Older));
    }
    assert_eq!(store.status_list().await, Ok(Some(newer)));
}

async fn d05_a_list_of_a_time_that_has_not_come_gives_way(store: Arc<dyn Store>) {
    kept(&store, &status_list(9999, b"while a clock was ahead")).await;
    let now = at(9999).minus(CLOCK_SKEW);
    let list = KeptStatusList { fetched_at: now, ..status_list(0, b"today") };
    assert_eq!(store.keep_status_list(list.clone(), now).await, Ok(StatusListOutcome::Older));
    let now = now.minus(Duration::from_millis(1));
    assert_eq!(store.keep_status_list(list.clone(), now).await, Ok(StatusListOutcome::Kept));
    assert_eq!(store.status_list().await, Ok(Some(list)));
}

async fn a_list_of_the_longest_length_is_kept_and_no_longer_one(store: Arc<dyn Store>) {
    let longest = status_list(10, &vec![b'x'; STATUS_LIST_LIMIT]);
    kept(&store, &longest).await;
    let longer = status_list(20, &vec![b'y'; STATUS_LIST_LIMIT + 1]);
    assert_eq!(store.keep_status_list(longer, at(20)).await, Ok(StatusListOutcome::TooLong));
    assert!(store.status_list().await == Ok(Some(longest)), "nothing was changed");
}

async fn a_confirmed_list_has_new_times(store: Arc<dyn Store>) {
    let list = status_list(10, b"a list");
    kept(&store, &list).await;
    let (fetched_at, fresh_until) = (at(70), at(500));
    let confirmation = Confirmation { of: at(10), fetched_at, fresh_until };
    assert_eq!(store.confirm_status_list(confirmation).await, Ok(ConfirmOutcome::Confirmed));
    let expected = KeptStatusList { fetched_at, fresh_until, ..list };
    assert_eq!(store.status_list().await, Ok(Some(expected)));
    let older = store.keep_status_list(status_list(69, b"older"), at(70)).await;
    assert_eq!(older, Ok(StatusListOutcome::Older), "a confirmed list is as new as its confirmation");
}

async fn only_the_list_that_was_asked_about_is_confirmed(store: Arc<dyn Store>) {
    let confirmation = Confirmation { of: at(10), fetched_at: at(70), fresh_until: at(500) };
    assert_eq!(store.confirm_status_list(confirmation).await, Ok(ConfirmOutcome::NoList));
    assert_eq!(store.status_list().await, Ok(None));
    for seconds in [9, 11] {
        let list = status_list(seconds, b"another list");
        kept(&store, &list).await;
        assert_eq!(store.confirm_status_list(confirmation).await, Ok(ConfirmOutcome::OtherList));
        assert_eq!(store.status_list().await, Ok(Some(list)));
    }
}
