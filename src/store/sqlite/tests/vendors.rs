//! Tokens, quotas and the status list in a file.

use std::fs;

use super::Place;
use crate::store::suite::{TODAY, at, call, challenge, decoding, redemption, status_list};
use crate::store::{ConfirmOutcome, Confirmation, DecodedOutcome, DecodingOutcome, RedeemOutcome, Redemption};
use crate::store::{KeptStatusList, STATUS_LIST_LIMIT, StatusListOutcome, Store, StoreFault};

#[tokio::test]
async fn what_came_from_vendors_is_there_after_reopening() {
    let place = Place::new();
    let store = place.open();
    for (token, used) in [(1, 1), (2, 2)] {
        assert_eq!(store.begin_decoding(decoding(token, 1)).await, Ok(DecodingOutcome::Begun { used }));
    }
    assert_eq!(store.keep_decoded([1; 32], b"{}".to_vec()).await, Ok(DecodedOutcome::Kept));
    assert_eq!(store.keep_status_list(status_list(10, b"a list"), at(10)).await, Ok(StatusListOutcome::Kept));
    let confirmation = Confirmation { of: at(10), fetched_at: at(20), fresh_until: at(30) };
    assert_eq!(store.confirm_status_list(confirmation).await, Ok(ConfirmOutcome::Confirmed));
    let sent = Redemption { call: call(1, 1), ..redemption(challenge(1)) };
    assert_eq!(store.redeem(sent.clone()).await, Ok(RedeemOutcome::Redeemed));
    drop(store);

    let store = place.open();
    assert_eq!(store.begin_decoding(decoding(1, 1)).await, Ok(DecodingOutcome::Decoded(b"{}".to_vec())));
    assert_eq!(store.begin_decoding(decoding(1, 2)).await, Ok(DecodingOutcome::OtherRequest));
    assert_eq!(store.begin_decoding(decoding(2, 1)).await, Ok(DecodingOutcome::Undecided { since: at(10) }));
    assert_eq!(store.quota_used("shop".parse().expect("a name"), TODAY).await, Ok(2));
    let list = KeptStatusList { fetched_at: at(20), fresh_until: at(30), ..status_list(10, b"a list") };
    assert_eq!(store.status_list().await, Ok(Some(list)));
    assert_eq!(store.redeem(sent.clone()).await, Ok(RedeemOutcome::Repeated(Box::new(sent.verdict))));
    assert_eq!(store.redeem(redemption(challenge(1))).await, Ok(RedeemOutcome::ChallengeSpent));
}

#[tokio::test]
async fn c08_what_was_begun_before_a_kill_is_not_begun_again() {
    let (place, left) = (Place::new(), Place::new());
    let store = place.open();
    for token in 1..=10 {
        assert_eq!(store.begin_decoding(decoding(token, 1)).await, Ok(DecodingOutcome::Begun { used: token.into() }));
        assert_eq!(store.redeem(redemption(challenge(token.into()))).await, Ok(RedeemOutcome::Redeemed));
        place.copy_to(&left);
        let store = left.open();
        assert_eq!(store.begin_decoding(decoding(token, 1)).await, Ok(DecodingOutcome::Undecided { since: at(10) }));
        assert_eq!(store.quota_used("shop".parse().expect("a name"), TODAY).await, Ok(token.into()));
        let replay = store.redeem(redemption(challenge(token.into()))).await;
        assert_eq!(replay, Ok(RedeemOutcome::ChallengeSpent), "{token}");
    }
}

#[tokio::test]
async fn a_confirmation_writes_nothing_of_the_body() {
    let place = Place::new();
    let store = place.open();
    let list = status_list(0, &vec![b'x'; STATUS_LIST_LIMIT]);
    assert_eq!(store.keep_status_list(list, at(0)).await, Ok(StatusListOutcome::Kept));
    drop(store);
    let store = place.open();
    let confirmation = Confirmation { of: at(0), fetched_at: at(20), fresh_until: at(30) };
    assert_eq!(store.confirm_status_list(confirmation).await, Ok(ConfirmOutcome::Confirmed));
    let log = fs::metadata(place.folder.path().join("store.db-wal")).expect("a log").len();
    assert!(log < 64 * 1024, "{log}");
}

#[tokio::test]
async fn damaged_tokens_and_quotas_are_unreadable_and_touch_no_others() {
    for damage in ["app = 'Not A Name'", "app = CAST(x'FF' AS TEXT)", "day = -1", "request = x'00'", "begun_at = -1"] {
        let place = Place::new();
        let store = place.open();
        assert_eq!(store.begin_decoding(decoding(1, 1)).await, Ok(DecodingOutcome::Begun { used: 1 }));
        place.tamper(&format!("UPDATE decodings SET {damage}"));
        let sent = (store.begin_decoding(decoding(1, 1)), store.begin_decoding(decoding(2, 1)));
        let (damaged, whole) = tokio::join!(sent.0, sent.1);
        assert!(matches!(damaged, Err(StoreFault::Unreadable(_))), "{damage}: {damaged:?}");
        assert_eq!(whole, Ok(DecodingOutcome::Begun { used: 2 }), "{damage}");
        assert!(matches!(store.withdraw_decoding([1; 32]).await, Err(StoreFault::Unreadable(_))), "{damage}");
        place.tamper("UPDATE quotas SET used = 4294967296");
        assert!(matches!(store.begin_decoding(decoding(3, 1)).await, Err(StoreFault::Unreadable(_))));
        let used = store.quota_used("shop".parse().expect("a name"), TODAY).await;
        assert!(matches!(used, Err(StoreFault::Unreadable(_))));
    }
}

#[tokio::test]
async fn a_damaged_status_list_is_unreadable() {
    for damage in ["fetched_at = -1", "fresh_until = -1", "etag = CAST(x'FF' AS TEXT)"] {
        let place = Place::new();
        let store = place.open();
        assert_eq!(store.keep_status_list(status_list(10, b"a list"), at(10)).await, Ok(StatusListOutcome::Kept));
        place.tamper(&format!("UPDATE status_list SET {damage}"));
        let list = store.status_list().await;
        assert!(matches!(list, Err(StoreFault::Unreadable(_))), "{damage}: {list:?}");
    }
}
