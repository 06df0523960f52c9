//! Enrolment.

use std::sync::Arc;

use super::{challenge, claims, enrolment, id, instance, proof};
use crate::ids::AccountTag;
use crate::store::{AdvanceOutcome, EnrolOutcome, Store};

behaviours!(
    an_enrolled_instance_is_found_again,
    a_bare_instance_is_found_again,
    a_lost_answer_is_given_again,
    other_evidence_for_a_key_is_refused,
    another_account_for_a_key_is_refused,
    a_spent_challenge_enrols_nobody,
    a_refused_enrolment_spends_nothing,
    the_secret_is_made_once,
);

async fn an_enrolled_instance_is_found_again(store: Arc<dyn Store>) {
    let enrolment = enrolment(1, challenge(1));
    assert_eq!(instance(&*store, id(1)).await, Ok(None));
    assert_eq!(store.enrol(enrolment.clone()).await, Ok(EnrolOutcome::Enrolled));
    assert_eq!(instance(&*store, id(1)).await, Ok(Some(enrolment.instance)));
    assert_eq!(instance(&*store, id(2)).await, Ok(None));
}

async fn a_bare_instance_is_found_again(store: Arc<dyn Store>) {
    let mut bare = enrolment(1, challenge(1));
    (bare.instance.account, bare.instance.confirmation) = (None, None);
    (bare.instance.serials, bare.instance.receipt) = (Vec::new(), Vec::new());
    assert_eq!(store.enrol(bare.clone()).await, Ok(EnrolOutcome::Enrolled));
    assert_eq!(instance(&*store, id(1)).await, Ok(Some(bare.instance)));
}

async fn a_lost_answer_is_given_again(store: Arc<dyn Store>) {
    let first = enrolment(1, challenge(1));
    assert_eq!(store.enrol(first.clone()).await, Ok(EnrolOutcome::Enrolled));
    for number in [1, 2] {
        let mut again = enrolment(1, challenge(number));
        again.verdict = super::verdict(77);
        let outcome = store.enrol(again).await;
        assert_eq!(outcome, Ok(EnrolOutcome::AlreadyEnrolled(Box::new(first.verdict.clone()))));
    }
    assert_eq!(store.enrol(enrolment(2, challenge(2))).await, Ok(EnrolOutcome::Enrolled), "nothing was spent");
}

async fn other_evidence_for_a_key_is_refused(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled));
    let mut other = enrolment(1, challenge(2));
    other.evidence = [99; 32];
    other.instance.claims = claims("forged");
    assert_eq!(store.enrol(other).await, Ok(EnrolOutcome::OtherEvidence));
    let kept = instance(&*store, id(1)).await.expect("an answer").expect("an instance");
    assert_eq!(kept, enrolment(1, challenge(1)).instance);
}

async fn another_account_for_a_key_is_refused(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled));
    for account in [None, Some(AccountTag([99; 32]))] {
        let mut other = enrolment(1, challenge(2));
        other.instance.account = account;
        assert_eq!(store.enrol(other.clone()).await, Ok(EnrolOutcome::OtherAccount));
        other.evidence = [99; 32];
        assert_eq!(store.enrol(other).await, Ok(EnrolOutcome::OtherAccount));
    }
}

async fn a_spent_challenge_enrols_nobody(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled));
    assert_eq!(store.enrol(enrolment(2, challenge(1))).await, Ok(EnrolOutcome::ChallengeSpent));
    assert_eq!(instance(&*store, id(2)).await, Ok(None));
    assert_eq!(store.advance(proof(1, challenge(2), 1)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.enrol(enrolment(2, challenge(2))).await, Ok(EnrolOutcome::ChallengeSpent));
}

async fn a_refused_enrolment_spends_nothing(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled));
    let mut other = enrolment(1, challenge(2));
    other.evidence = [99; 32];
    assert_eq!(store.enrol(other.clone()).await, Ok(EnrolOutcome::OtherEvidence));
    other.instance.account = None;
    assert_eq!(store.enrol(other).await, Ok(EnrolOutcome::OtherAccount));
    assert_eq!(store.advance(proof(1, challenge(2), 1)).await, Ok(AdvanceOutcome::Advanced));
}

async fn the_secret_is_made_once(store: Arc<dyn Store>) {
    let (first, second) = tokio::join!(store.secret(), store.secret());
    let first = first.expect("a secret");
    assert_eq!(first.expose(), second.expect("a secret").expose());
    assert_eq!(first.expose(), store.secret().await.expect("a secret").expose());
    assert_ne!(first.expose(), super::memory().store().secret().await.expect("a secret").expose());
}
