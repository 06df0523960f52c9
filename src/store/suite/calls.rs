//! Calls that their callers have named.

use std::sync::Arc;
use std::time::Duration;

use super::{at, call, challenge, enrolment, id, instance, proof, verdict};
use crate::store::{ANSWER_KEPT_FOR, Advance, AdvanceOutcome, CallId, EnrolOutcome, Enrolment, FirstAnswer, Store};

behaviours!(
    a_retried_proof_gets_the_first_answer,
    a_retried_enrolment_gets_the_first_answer,
    a_name_stands_for_one_call,
    a_refused_call_leaves_its_name_free,
    a_name_is_free_again_after_a_minute,
    first_answers_are_found_while_they_are_kept,
    an_enrolment_known_otherwise_keeps_no_answer,
);

fn named(name: u8, request: u8, advance: Advance) -> Advance {
    Advance { call: call(name, request), ..advance }
}

async fn enrolled(store: &Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(99))).await, Ok(EnrolOutcome::Enrolled));
}

async fn a_retried_proof_gets_the_first_answer(store: Arc<dyn Store>) {
    enrolled(&store).await;
    let first = named(1, 1, proof(1, challenge(1), 1));
    assert_eq!(store.advance(first.clone()).await, Ok(AdvanceOutcome::Advanced));
    let retry = Advance { verdict: verdict(5), proven_at: at(40), ..first.clone() };
    assert_eq!(store.advance(retry).await, Ok(AdvanceOutcome::Repeated(Box::new(first.verdict))));
    let kept = instance(&*store, id(1)).await.expect("an answer").expect("an instance");
    assert_eq!(kept.proven_at, at(10), "a retry proves nothing new");
}

async fn a_retried_enrolment_gets_the_first_answer(store: Arc<dyn Store>) {
    let first = Enrolment { call: call(1, 1), ..enrolment(1, challenge(1)) };
    assert_eq!(store.enrol(first.clone()).await, Ok(EnrolOutcome::Enrolled));
    let retry = Enrolment { verdict: verdict(5), ..first.clone() };
    assert_eq!(store.enrol(retry).await, Ok(EnrolOutcome::AlreadyEnrolled(Box::new(first.verdict))));
    let other = Enrolment { call: call(1, 2), ..enrolment(2, challenge(2)) };
    assert_eq!(store.enrol(other).await, Ok(EnrolOutcome::CallNameTaken));
    assert_eq!(store.enrol(enrolment(2, challenge(2))).await, Ok(EnrolOutcome::Enrolled), "nothing was spent");
}

async fn a_name_stands_for_one_call(store: Arc<dyn Store>) {
    enrolled(&store).await;
    assert_eq!(store.advance(named(1, 1, proof(1, challenge(1), 1))).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(named(1, 2, proof(1, challenge(2), 2))).await, Ok(AdvanceOutcome::CallNameTaken));
    assert_eq!(store.advance(named(2, 2, proof(1, challenge(2), 2))).await, Ok(AdvanceOutcome::Advanced));
}

async fn a_refused_call_leaves_its_name_free(store: Arc<dyn Store>) {
    enrolled(&store).await;
    let refused = named(1, 1, proof(1, challenge(99), 1));
    assert_eq!(store.advance(refused).await, Ok(AdvanceOutcome::ChallengeSpent));
    let unknown = named(1, 1, proof(9, challenge(1), 1));
    assert_eq!(store.advance(unknown).await, Ok(AdvanceOutcome::UnknownInstance));
    assert_eq!(store.first_answer(CallId([1; 32]), at(10)).await, Ok(None));
    assert_eq!(store.advance(named(1, 2, proof(1, challenge(1), 1))).await, Ok(AdvanceOutcome::Advanced));
}

async fn a_name_is_free_again_after_a_minute(store: Arc<dyn Store>) {
    enrolled(&store).await;
    let first = named(1, 1, proof(1, challenge(1), 1));
    assert_eq!(store.advance(first.clone()).await, Ok(AdvanceOutcome::Advanced));
    let later = at(10).plus(ANSWER_KEPT_FOR).plus(Duration::from_millis(1));
    let replay = Advance { proven_at: later, ..first };
    assert_eq!(store.advance(replay).await, Ok(AdvanceOutcome::ChallengeSpent), "too late for a retry");
    let second = Advance { proven_at: later, ..named(1, 2, proof(1, challenge(2), 2)) };
    assert_eq!(store.advance(second.clone()).await, Ok(AdvanceOutcome::Advanced));
    let expected = FirstAnswer { request: [2; 32], verdict: second.verdict };
    assert_eq!(store.first_answer(CallId([1; 32]), later).await, Ok(Some(expected)));
}

async fn first_answers_are_found_while_they_are_kept(store: Arc<dyn Store>) {
    enrolled(&store).await;
    let first = named(1, 3, proof(1, challenge(1), 1));
    assert_eq!(store.advance(first.clone()).await, Ok(AdvanceOutcome::Advanced));
    let expected = FirstAnswer { request: [3; 32], verdict: first.verdict };
    let last = at(10).plus(ANSWER_KEPT_FOR);
    for now in [at(0), at(10), last] {
        assert_eq!(store.first_answer(CallId([1; 32]), now).await, Ok(Some(expected.clone())), "{now}");
    }
    assert_eq!(store.first_answer(CallId([1; 32]), last.plus(Duration::from_millis(1))).await, Ok(None));
    assert_eq!(store.first_answer(CallId([2; 32]), at(10)).await, Ok(None));
}

async fn an_enrolment_known_otherwise_keeps_no_answer(store: Arc<dyn Store>) {
    enrolled(&store).await;
    let again = Enrolment { call: call(1, 1), ..enrolment(1, challenge(1)) };
    assert!(matches!(store.enrol(again).await, Ok(EnrolOutcome::AlreadyEnrolled(_))));
    assert_eq!(store.first_answer(CallId([1; 32]), at(0)).await, Ok(None));
}
