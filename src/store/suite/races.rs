//! Many callers at once.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{TODAY, at, call, challenge, decoding, enrolment, proof, redemption, status_list};
use crate::store::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, Store, StoreFault};
use crate::store::{DecodedOutcome, Decoding, DecodingOutcome, RedeemOutcome, Redemption};

behaviours!(
    d11_one_key_enrols_once,
    d11_one_key_enrols_once_for_one_of_many_accounts,
    b09_one_proof_advances_once,
    d02_one_challenge_is_spent_once,
    d02_one_challenge_enrols_one,
    b10_a_window_in_any_order_is_accepted_once_each,
    named_retries_all_get_the_first_answer,
    d02_one_challenge_is_redeemed_once,
    named_redemptions_all_get_the_first_answer,
    c08_of_many_who_bring_one_token_one_decodes_it,
    c17_many_tokens_at_once_never_pass_the_quota,
    c08_one_of_many_answers_is_kept,
    the_latest_of_many_lists_is_kept,
);

/// Starts them all, and gives what they answer in whatever order.
pub(super) async fn all<T, F>(calls: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreFault>> + Send + 'static,
{
    let answers = calls.into_iter().collect::<JoinSet<_>>().join_all().await;
    answers.into_iter().map(|answer| answer.expect("an answer")).collect()
}

async fn enrol_all(store: &Arc<dyn Store>, enrolments: impl IntoIterator<Item = Enrolment>) -> Vec<EnrolOutcome> {
    all(enrolments.into_iter().map(|enrolment| {
        let store = Arc::clone(store);
        async move { store.enrol(enrolment).await }
    }))
    .await
}

async fn advance_all(store: &Arc<dyn Store>, proofs: impl IntoIterator<Item = Advance>) -> Vec<AdvanceOutcome> {
    all(proofs.into_iter().map(|proof| {
        let store = Arc::clone(store);
        async move { store.advance(proof).await }
    }))
    .await
}

pub(super) fn count<T: PartialEq>(outcomes: &[T], wanted: &T) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}

async fn d11_one_key_enrols_once(store: Arc<dyn Store>) {
    let outcomes = enrol_all(&store, (0..100).map(|nonce| enrolment(1, challenge(nonce)))).await;
    let again = EnrolOutcome::AlreadyEnrolled(Box::new(enrolment(1, challenge(0)).verdict));
    assert_eq!((count(&outcomes, &EnrolOutcome::Enrolled), count(&outcomes, &again)), (1, 99));
}

async fn d11_one_key_enrols_once_for_one_of_many_accounts(store: Arc<dyn Store>) {
    let outcomes = enrol_all(
        &store,
        (0..100).map(|nonce| {
            let mut enrolment = enrolment(nonce, challenge(nonce.into()));
            enrolment.instance.id = super::id(1);
            enrolment
        }),
    );
    let outcomes = outcomes.await;
    assert_eq!((count(&outcomes, &EnrolOutcome::Enrolled), count(&outcomes, &EnrolOutcome::OtherAccount)), (1, 99));
}

async fn b09_one_proof_advances_once(store: Arc<dyn Store>) {
    enrol_all(&store, [enrolment(1, challenge(0))]).await;
    let outcomes = advance_all(&store, vec![proof(1, challenge(1), 1); 200]).await;
    assert_eq!(count(&outcomes, &AdvanceOutcome::Advanced), 1);
    assert_eq!(count(&outcomes, &AdvanceOutcome::ChallengeSpent), 199);
}

async fn d02_one_challenge_is_spent_once(store: Arc<dyn Store>) {
    enrol_all(&store, (0..100).map(|number| enrolment(number, challenge(number.into())))).await;
    let outcomes = advance_all(&store, (0..100).map(|number| proof(number, challenge(1000), 1))).await;
    assert_eq!(count(&outcomes, &AdvanceOutcome::Advanced), 1);
    assert_eq!(count(&outcomes, &AdvanceOutcome::ChallengeSpent), 99);
}

async fn d02_one_challenge_enrols_one(store: Arc<dyn Store>) {
    let outcomes = enrol_all(&store, (0..100).map(|number| enrolment(number, challenge(0)))).await;
    assert_eq!((count(&outcomes, &EnrolOutcome::Enrolled), count(&outcomes, &EnrolOutcome::ChallengeSpent)), (1, 99));
}

async fn b10_a_window_in_any_order_is_accepted_once_each(store: Arc<dyn Store>) {
    enrol_all(&store, [enrolment(1, challenge(0))]).await;
    // 29 and 64 have no common divisor: every count from 1 to 64 comes once, far out of order.
    let shuffled: Vec<u32> = (0..64).map(|at| at * 29 % 64 + 1).collect();
    assert_eq!(shuffled.iter().collect::<BTreeSet<_>>().len(), 64);
    let outcomes = advance_all(&store, shuffled.iter().map(|at| proof(1, challenge((*at).into()), *at))).await;
    assert_eq!(count(&outcomes, &AdvanceOutcome::Advanced), 64);
    let replays = advance_all(&store, shuffled.iter().map(|at| proof(1, challenge(100 + u128::from(*at)), *at))).await;
    assert_eq!(replays.iter().filter(|outcome| matches!(outcome, AdvanceOutcome::SignCount(_))).count(), 64);
}

async fn named_retries_all_get_the_first_answer(store: Arc<dyn Store>) {
    enrol_all(&store, [enrolment(1, challenge(0))]).await;
    let sent = Advance { call: call(1, 1), ..proof(1, challenge(1), 1) };
    let outcomes = advance_all(&store, vec![sent.clone(); 50]).await;
    let repeated = AdvanceOutcome::Repeated(Box::new(sent.verdict));
    assert_eq!((count(&outcomes, &AdvanceOutcome::Advanced), count(&outcomes, &repeated)), (1, 49));
}

async fn redeem_all(store: &Arc<dyn Store>, sent: impl IntoIterator<Item = Redemption>) -> Vec<RedeemOutcome> {
    all(sent.into_iter().map(|redemption| {
        let store = Arc::clone(store);
        async move { store.redeem(redemption).await }
    }))
    .await
}

async fn begin_all(store: &Arc<dyn Store>, sent: impl IntoIterator<Item = Decoding>) -> Vec<DecodingOutcome> {
    all(sent.into_iter().map(|decoding| {
        let store = Arc::clone(store);
        async move { store.begin_decoding(decoding).await }
    }))
    .await
}

async fn d02_one_challenge_is_redeemed_once(store: Arc<dyn Store>) {
    let outcomes = redeem_all(&store, vec![redemption(challenge(1)); 100]).await;
    assert_eq!(count(&outcomes, &RedeemOutcome::Redeemed), 1);
    assert_eq!(count(&outcomes, &RedeemOutcome::ChallengeSpent), 99);
}

async fn named_redemptions_all_get_the_first_answer(store: Arc<dyn Store>) {
    let sent = Redemption { call: call(1, 1), ..redemption(challenge(1)) };
    let outcomes = redeem_all(&store, vec![sent.clone(); 50]).await;
    let repeated = RedeemOutcome::Repeated(Box::new(sent.verdict));
    assert_eq!((count(&outcomes, &RedeemOutcome::Redeemed), count(&outcomes, &repeated)), (1, 49));
}

async fn c08_of_many_who_bring_one_token_one_decodes_it(store: Arc<dyn Store>) {
    let outcomes = begin_all(&store, (0..100).map(|number| decoding(1, number % 2))).await;
    assert_eq!(count(&outcomes, &DecodingOutcome::Begun { used: 1 }), 1);
    assert_eq!(count(&outcomes, &DecodingOutcome::Undecided { since: at(10) }), 49);
    assert_eq!(count(&outcomes, &DecodingOutcome::OtherRequest), 50);
}

async fn c17_many_tokens_at_once_never_pass_the_quota(store: Arc<dyn Store>) {
    let outcomes = begin_all(&store, (0..100).map(|token| decoding(token, 1))).await;
    for used in 1..=10 {
        assert_eq!(count(&outcomes, &DecodingOutcome::Begun { used }), 1, "{used}");
    }
    assert_eq!(count(&outcomes, &DecodingOutcome::QuotaSpent { used: 10 }), 90);
    assert_eq!(store.quota_used("shop".parse().expect("a name"), TODAY).await, Ok(10));
}

async fn c08_one_of_many_answers_is_kept(store: Arc<dyn Store>) {
    assert_eq!(store.begin_decoding(decoding(1, 1)).await, Ok(DecodingOutcome::Begun { used: 1 }));
    let outcomes = all((0..50_u8).map(|number| {
        let store = Arc::clone(&store);
        async move { store.keep_decoded([1; 32], vec![number]).await }
    }));
    let outcomes = outcomes.await;
    assert_eq!((count(&outcomes, &DecodedOutcome::Kept), count(&outcomes, &DecodedOutcome::KeptBefore)), (1, 49));
}

async fn the_latest_of_many_lists_is_kept(store: Arc<dyn Store>) {
    // 9 and 50 have no common divisor: every time from 0 to 49 comes once, far out of order.
    let lists = (0..50_u8).map(|number| u16::from(number) * 9 % 50).map(|at| status_list(at.into(), &at.to_be_bytes()));
    all(lists.map(|list| {
        let store = Arc::clone(&store);
        async move { store.keep_status_list(list, at(60)).await }
    }))
    .await;
    assert_eq!(store.status_list().await, Ok(Some(status_list(49, &[0, 49]))));
}
