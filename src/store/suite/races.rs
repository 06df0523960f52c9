//! Many callers at once.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{call, challenge, enrolment, proof};
use crate::store::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, Store, StoreFault};

behaviours!(
    d11_one_key_enrols_once,
    d11_one_key_enrols_once_for_one_of_many_accounts,
    b09_one_proof_advances_once,
    d02_one_challenge_is_spent_once,
    d02_one_challenge_enrols_one,
    b10_a_window_in_any_order_is_accepted_once_each,
    named_retries_all_get_the_first_answer,
);

/// Starts them all, and gives what they answer in whatever order.
async fn all<T, F>(calls: impl IntoIterator<Item = F>) -> Vec<T>
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

fn count<T: PartialEq>(outcomes: &[T], wanted: &T) -> usize {
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
