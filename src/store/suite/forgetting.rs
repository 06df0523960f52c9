//! What a purge forgets, and what it must not let in again.

use std::sync::Arc;
use std::time::Duration;

use super::{TODAY, at, call, challenge, decoding, enrolment, proof, status_list};
use crate::store::{Advance, AdvanceOutcome, CallId, EnrolOutcome, Enrolment, Purged, Spend, Store};
use crate::store::{Decoding, DecodingOutcome, StatusListOutcome};

behaviours!(
    a_purge_forgets_what_has_expired_and_counts_it,
    an_expired_challenge_cannot_be_spent_after_a_purge,
    d05_a_clock_that_goes_back_reopens_nothing,
    d05_a_purge_with_an_older_clock_lowers_nothing,
    d05_a_purge_with_a_wrong_clock_costs_no_later_challenge,
    a_purge_keeps_instances_and_their_counts,
    a_purge_forgets_tokens_and_quotas_and_counts_them,
    a_purge_keeps_the_status_list,
);

fn expiring(number: u128, seconds: u64) -> Spend {
    Spend { expires_at: at(seconds), ..challenge(number) }
}

async fn enrolled(store: &Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, expiring(99, 9999))).await, Ok(EnrolOutcome::Enrolled));
}

async fn a_purge_forgets_what_has_expired_and_counts_it(store: Arc<dyn Store>) {
    enrolled(&store).await;
    for (nonce, seconds) in [(1, 150), (2, 171), (3, 172)] {
        let name = u8::try_from(nonce).ok().and_then(|name| call(name, 1));
        let sent =
            Advance { call: name, proven_at: at(seconds - 60), ..proof(1, expiring(nonce.into(), seconds), nonce) };
        assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::Advanced));
    }
    let almost = at(171).plus(Duration::from_millis(1));
    assert_eq!(store.purge(at(149)).await, Ok(Purged::default()));
    assert_eq!(store.purge(almost).await, Ok(Purged { challenges: 2, answers: 2, ..Purged::default() }));
    assert_eq!(store.purge(almost).await, Ok(Purged::default()));
    assert_eq!(store.first_answer(CallId([2; 32]), at(171)).await, Ok(None));
    assert!(store.first_answer(CallId([3; 32]), almost).await.is_ok_and(|first| first.is_some()));
    assert_eq!(store.purge(at(99_999)).await, Ok(Purged { challenges: 2, answers: 1, ..Purged::default() }));
}

async fn an_expired_challenge_cannot_be_spent_after_a_purge(store: Arc<dyn Store>) {
    enrolled(&store).await;
    assert_eq!(store.advance(proof(1, expiring(2, 100), 1)).await, Ok(AdvanceOutcome::Advanced));
    store.purge(at(100)).await.expect("purges");
    assert_eq!(store.advance(proof(1, expiring(1, 100), 2)).await, Ok(AdvanceOutcome::ChallengeExpired));
    assert_eq!(store.enrol(enrolment(2, expiring(1, 100))).await, Ok(EnrolOutcome::ChallengeExpired));
    let alive = Spend { expires_at: at(100).plus(Duration::from_millis(1)), ..challenge(1) };
    assert_eq!(store.advance(proof(1, alive, 2)).await, Ok(AdvanceOutcome::Advanced));
}

async fn d05_a_clock_that_goes_back_reopens_nothing(store: Arc<dyn Store>) {
    enrolled(&store).await;
    let sent = proof(1, expiring(1, 100), 1);
    assert_eq!(store.advance(sent.clone()).await, Ok(AdvanceOutcome::Advanced));
    store.purge(at(3600)).await.expect("purges");
    let replay = Advance { proven_at: at(10), sign_count: 2, ..sent };
    assert_eq!(store.advance(replay).await, Ok(AdvanceOutcome::ChallengeExpired));
}

async fn d05_a_purge_with_an_older_clock_lowers_nothing(store: Arc<dyn Store>) {
    enrolled(&store).await;
    assert_eq!(store.advance(proof(1, expiring(1, 3600), 1)).await, Ok(AdvanceOutcome::Advanced));
    store.purge(at(3600)).await.expect("purges");
    store.purge(at(20)).await.expect("purges");
    assert_eq!(store.advance(proof(1, expiring(3, 100), 2)).await, Ok(AdvanceOutcome::ChallengeExpired));
    assert_eq!(store.advance(proof(1, expiring(3, 3601), 2)).await, Ok(AdvanceOutcome::Advanced));
}

async fn d05_a_purge_with_a_wrong_clock_costs_no_later_challenge(store: Arc<dyn Store>) {
    enrolled(&store).await;
    assert_eq!(store.advance(proof(1, expiring(1, 100), 1)).await, Ok(AdvanceOutcome::Advanced));
    store.purge(at(9998)).await.expect("purges");
    let replay = proof(1, expiring(1, 100), 2);
    assert_eq!(store.advance(replay).await, Ok(AdvanceOutcome::ChallengeExpired));
    assert_eq!(store.advance(proof(1, expiring(2, 101), 2)).await, Ok(AdvanceOutcome::Advanced));
}

async fn a_purge_keeps_instances_and_their_counts(store: Arc<dyn Store>) {
    enrolled(&store).await;
    assert_eq!(store.advance(proof(1, expiring(1, 100), 5)).await, Ok(AdvanceOutcome::Advanced));
    store.purge(at(9998)).await.expect("purges");
    let again = proof(1, expiring(2, 9999), 5);
    assert!(matches!(store.advance(again).await, Ok(AdvanceOutcome::SignCount(_))));
    let retry = Enrolment { call: call(1, 1), ..enrolment(1, expiring(3, 9999)) };
    assert!(matches!(store.enrol(retry).await, Ok(EnrolOutcome::AlreadyEnrolled(_))));
}

async fn a_purge_forgets_tokens_and_quotas_and_counts_them(store: Arc<dyn Store>) {
    for (token, seconds, day) in [(1, 99, TODAY - 4), (2, 100, TODAY - 3), (3, 101, TODAY), (4, 102, TODAY + 1)] {
        let sent = Decoding { kept_until: at(seconds), day, ..decoding(token, 1) };
        assert_eq!(store.begin_decoding(sent).await, Ok(DecodingOutcome::Begun { used: 1 }));
    }
    assert_eq!(store.purge(at(98)).await, Ok(Purged { quotas: 1, ..Purged::default() }));
    assert_eq!(store.purge(at(100)).await, Ok(Purged { decodings: 2, ..Purged::default() }));
    let again = |token| Decoding { kept_until: at(102), ..decoding(token, 1) };
    assert_eq!(store.begin_decoding(again(2)).await, Ok(DecodingOutcome::Begun { used: 2 }), "forgotten");
    assert!(matches!(store.begin_decoding(again(3)).await, Ok(DecodingOutcome::Undecided { .. })));
    let tomorrow = at(24 * 60 * 60);
    assert_eq!(store.purge(tomorrow).await, Ok(Purged { decodings: 3, quotas: 1, ..Purged::default() }));
    assert_eq!(store.purge(tomorrow).await, Ok(Purged::default()));
}

async fn a_purge_keeps_the_status_list(store: Arc<dyn Store>) {
    let list = status_list(10, b"a list");
    assert_eq!(store.keep_status_list(list.clone(), at(10)).await, Ok(StatusListOutcome::Kept));
    assert_eq!(store.purge(at(99_999_999)).await, Ok(Purged::default()));
    assert_eq!(store.status_list().await, Ok(Some(list)));
}
