//! Answers that are about no instance.

use std::sync::Arc;
use std::time::Duration;

use super::{at, call, challenge, enrolment, proof, redemption, verdict};
use crate::store::{
    ANSWER_KEPT_FOR, AdvanceOutcome, CallId, EnrolOutcome, FirstAnswer, RedeemOutcome, Redemption, Store,
};

behaviours!(
    d01_a_redeemed_challenge_is_spent_for_everything,
    d01_a_challenge_that_an_instance_spent_is_not_redeemed,
    a_retried_redemption_gets_the_first_answer,
    the_name_of_a_redemption_stands_for_one_call,
    a_refused_redemption_leaves_its_name_free,
    names_of_redemptions_are_free_again_after_a_minute,
    a_challenge_that_was_forgotten_is_not_redeemed,
);

fn named(name: u8, request: u8, redemption: Redemption) -> Redemption {
    Redemption { call: call(name, request), ..redemption }
}

async fn d01_a_redeemed_challenge_is_spent_for_everything(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(99))).await, Ok(EnrolOutcome::Enrolled));
    assert_eq!(store.redeem(redemption(challenge(1))).await, Ok(RedeemOutcome::Redeemed));
    assert_eq!(store.redeem(redemption(challenge(1))).await, Ok(RedeemOutcome::ChallengeSpent));
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::ChallengeSpent));
    assert_eq!(store.enrol(enrolment(2, challenge(1))).await, Ok(EnrolOutcome::ChallengeSpent));
    assert_eq!(store.redeem(redemption(challenge(2))).await, Ok(RedeemOutcome::Redeemed));
}

async fn d01_a_challenge_that_an_instance_spent_is_not_redeemed(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled));
    assert_eq!(store.advance(proof(1, challenge(2), 1)).await, Ok(AdvanceOutcome::Advanced));
    for number in [1, 2] {
        assert_eq!(store.redeem(redemption(challenge(number))).await, Ok(RedeemOutcome::ChallengeSpent));
    }
}

async fn a_retried_redemption_gets_the_first_answer(store: Arc<dyn Store>) {
    let first = named(1, 1, redemption(challenge(1)));
    assert_eq!(store.redeem(first.clone()).await, Ok(RedeemOutcome::Redeemed));
    let retry = Redemption { verdict: verdict(5), now: at(40), challenge: challenge(2), ..first.clone() };
    assert_eq!(store.redeem(retry).await, Ok(RedeemOutcome::Repeated(Box::new(first.verdict.clone()))));
    let expected = FirstAnswer { request: [1; 32], verdict: first.verdict };
    assert_eq!(store.first_answer(CallId([1; 32]), at(40)).await, Ok(Some(expected)));
    assert_eq!(store.redeem(redemption(challenge(2))).await, Ok(RedeemOutcome::Redeemed), "nothing was spent");
}

async fn the_name_of_a_redemption_stands_for_one_call(store: Arc<dyn Store>) {
    assert_eq!(store.redeem(named(1, 1, redemption(challenge(1)))).await, Ok(RedeemOutcome::Redeemed));
    assert_eq!(store.redeem(named(1, 2, redemption(challenge(2)))).await, Ok(RedeemOutcome::CallNameTaken));
    assert_eq!(store.redeem(named(2, 2, redemption(challenge(2)))).await, Ok(RedeemOutcome::Redeemed));
}

async fn a_refused_redemption_leaves_its_name_free(store: Arc<dyn Store>) {
    assert_eq!(store.redeem(redemption(challenge(1))).await, Ok(RedeemOutcome::Redeemed));
    assert_eq!(store.redeem(named(1, 1, redemption(challenge(1)))).await, Ok(RedeemOutcome::ChallengeSpent));
    assert_eq!(store.first_answer(CallId([1; 32]), at(10)).await, Ok(None));
    assert_eq!(store.redeem(named(1, 2, redemption(challenge(2)))).await, Ok(RedeemOutcome::Redeemed));
}

async fn names_of_redemptions_are_free_again_after_a_minute(store: Arc<dyn Store>) {
    let first = named(1, 1, redemption(challenge(1)));
    assert_eq!(store.redeem(first.clone()).await, Ok(RedeemOutcome::Redeemed));
    let now = at(10).plus(ANSWER_KEPT_FOR).plus(Duration::from_millis(1));
    let late = store.redeem(Redemption { now, ..first }).await;
    assert_eq!(late, Ok(RedeemOutcome::ChallengeSpent), "too late for a retry");
    let second = Redemption { now, ..named(1, 2, redemption(challenge(2))) };
    assert_eq!(store.redeem(second).await, Ok(RedeemOutcome::Redeemed));
}

async fn a_challenge_that_was_forgotten_is_not_redeemed(store: Arc<dyn Store>) {
    assert_eq!(store.redeem(redemption(challenge(1))).await, Ok(RedeemOutcome::Redeemed));
    store.purge(at(300)).await.expect("purges");
    for number in [1, 2] {
        assert_eq!(store.redeem(redemption(challenge(number))).await, Ok(RedeemOutcome::ChallengeExpired));
    }
}
