//! Proofs by enrolled instances.

use std::sync::Arc;

use super::{at, bound, challenge, claims, enrolment, id, instance, proof, window};
use crate::store::{Advance, AdvanceOutcome, Binds, EnrolOutcome, SignCountMode, SignCountRefusal, Store};

behaviours!(
    a_proof_is_kept,
    a_proof_binds_anew_or_as_before,
    a_late_proof_leaves_the_binding_alone,
    a_proof_weighed_with_another_binding_is_weighed_again,
    older_claims_never_replace_newer_ones,
    a_proof_weighed_with_other_claims_is_weighed_again,
    proofs_never_go_back_in_time,
    an_unknown_instance_proves_nothing,
    d01_a_challenge_is_spent_once,
    d04_a_refused_sign_count_does_not_burn_the_challenge,
    d01_a_spent_challenge_does_not_advance,
    a_spent_challenge_is_told_before_the_sign_count,
    b09_a_replayed_proof_is_refused_in_both_modes,
    b10_late_counts_are_accepted_once,
    b11_counts_do_not_wrap,
    b12_the_same_count_under_another_signature_is_refused,
);

async fn enrolled(store: &Arc<dyn Store>, number: u8) {
    let outcome = store.enrol(enrolment(number, challenge(u128::from(number) << 64))).await;
    assert_eq!(outcome, Ok(EnrolOutcome::Enrolled));
}

fn strict(advance: Advance) -> Advance {
    Advance { mode: SignCountMode::Strict, ..advance }
}

const SEEN: AdvanceOutcome = AdvanceOutcome::SignCount(SignCountRefusal::Seen);

async fn a_proof_is_kept(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let mut newer = proof(1, challenge(1), 1);
    newer.claims = Some(claims("2"));
    assert_eq!(store.advance(newer).await, Ok(AdvanceOutcome::Advanced));
    let mut expected = enrolment(1, challenge(1)).instance;
    (expected.claims, expected.proven_at) = (claims("2"), at(10));
    (expected.sign_count, expected.claims_at) = (1, 1);
    assert_eq!(instance(&*store, id(1)).await, Ok(Some(expected)));
}

async fn kept_bound(store: &Arc<dyn Store>) -> crate::verdict::Bound {
    instance(&**store, id(1)).await.expect("an answer").expect("an instance").bound
}

async fn a_proof_binds_anew_or_as_before(store: Arc<dyn Store>) {
    let mut enrolment = enrolment(1, challenge(9));
    enrolment.instance.bound = bound(1);
    assert_eq!(store.enrol(enrolment).await, Ok(EnrolOutcome::Enrolled));
    assert_eq!(kept_bound(&store).await, bound(1));
    for (count, binds) in [(1, Binds::AsBefore(bound(1))), (2, Binds::Anew(bound(3))), (3, Binds::AsBefore(bound(3)))] {
        let sent = Advance { binds, ..proof(1, challenge(count.into()), count) };
        assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::Advanced));
        assert_eq!(kept_bound(&store).await, binds.bound());
    }
    let sent = Advance { binds: Binds::Anew(bound(0)), ..proof(1, challenge(4), 4) };
    assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(kept_bound(&store).await, bound(0));
}

async fn a_late_proof_leaves_the_binding_alone(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let anew =
        |count: u32, number| Advance { binds: Binds::Anew(bound(number)), ..proof(1, challenge(count.into()), count) };
    assert_eq!(store.advance(anew(5, 2)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(anew(4, 1)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(kept_bound(&store).await, bound(2));
}

async fn a_proof_weighed_with_another_binding_is_weighed_again(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let anew = Advance { binds: Binds::Anew(bound(2)), ..proof(1, challenge(1), 1) };
    assert_eq!(store.advance(anew).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(proof(1, challenge(2), 2)).await, Ok(AdvanceOutcome::Overtaken));
    let again = Advance { binds: Binds::AsBefore(bound(2)), ..proof(1, challenge(2), 2) };
    assert_eq!(store.advance(again).await, Ok(AdvanceOutcome::Advanced), "nothing was spent");
}

/// A proof at 10 seconds that changes the claims which the proof `claims_at` gave.
fn changing(count: u32, version: &str, claims_at: u32) -> Advance {
    Advance { claims: Some(claims(version)), claims_at, ..proof(1, challenge(count.into()), count) }
}

async fn older_claims_never_replace_newer_ones(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(proof(1, challenge(5), 5)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(changing(4, "old", 0)).await, Ok(AdvanceOutcome::Overtaken));
    let silent = Advance { claims: None, ..changing(4, "old", 0) };
    assert_eq!(store.advance(silent).await, Ok(AdvanceOutcome::Advanced), "nothing was spent");
    let kept = instance(&*store, id(1)).await.expect("an answer").expect("an instance");
    assert_eq!((kept.claims, kept.sign_count, kept.claims_at), (claims("1"), 5, 0));
}

async fn a_proof_weighed_with_other_claims_is_weighed_again(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(changing(1, "bad", 0)).await, Ok(AdvanceOutcome::Advanced));
    for weighed in [changing(2, "good", 0), Advance { claims: None, ..changing(2, "good", 0) }] {
        assert_eq!(store.advance(weighed).await, Ok(AdvanceOutcome::Overtaken));
    }
    let kept = instance(&*store, id(1)).await.expect("an answer").expect("an instance");
    assert_eq!((kept.claims, kept.sign_count, kept.claims_at), (claims("bad"), 1, 1));
    assert_eq!(store.advance(changing(2, "good", 1)).await, Ok(AdvanceOutcome::Advanced), "nothing was spent");
    let replay = store.advance(changing(2, "good", 0)).await;
    assert_eq!(replay, Ok(AdvanceOutcome::ChallengeSpent), "a replay is told first");
}

async fn proofs_never_go_back_in_time(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(proof(1, challenge(1), 2)).await, Ok(AdvanceOutcome::Advanced));
    let late = Advance { proven_at: at(5), ..proof(1, challenge(2), 1) };
    assert_eq!(store.advance(late).await, Ok(AdvanceOutcome::Advanced));
    let kept = instance(&*store, id(1)).await.expect("an answer").expect("an instance");
    assert_eq!(kept.proven_at, at(10));
}

async fn an_unknown_instance_proves_nothing(store: Arc<dyn Store>) {
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::UnknownInstance));
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled), "nothing was spent");
}

async fn d01_a_challenge_is_spent_once(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    enrolled(&store, 2).await;
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(proof(1, challenge(1), 2)).await, Ok(AdvanceOutcome::ChallengeSpent));
    assert_eq!(store.advance(proof(2, challenge(1), 1)).await, Ok(AdvanceOutcome::ChallengeSpent));
}

async fn d04_a_refused_sign_count_does_not_burn_the_challenge(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(proof(1, challenge(1), 0)).await, Ok(SEEN));
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::Advanced));
}

async fn d01_a_spent_challenge_does_not_advance(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::Advanced));
    let newer = Advance { claims: Some(claims("2")), proven_at: at(20), ..strict(proof(1, challenge(1), 50)) };
    assert_eq!(store.advance(newer).await, Ok(AdvanceOutcome::ChallengeSpent));
    let kept = instance(&*store, id(1)).await.expect("an answer").expect("an instance");
    assert_eq!((kept.claims, kept.proven_at), (claims("1"), at(10)));
    assert_eq!(store.advance(strict(proof(1, challenge(2), 2))).await, Ok(AdvanceOutcome::Advanced));
}

async fn a_spent_challenge_is_told_before_the_sign_count(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let sent = proof(1, challenge(1), 1);
    assert_eq!(store.advance(sent.clone()).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::ChallengeSpent));
}

async fn b09_a_replayed_proof_is_refused_in_both_modes(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(proof(1, challenge(1), 7)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(proof(1, challenge(2), 7)).await, Ok(SEEN));
    assert_eq!(store.advance(strict(proof(1, challenge(2), 7))).await, Ok(SEEN));
    assert_eq!(store.advance(strict(proof(1, challenge(2), 6))).await, Ok(SEEN));
    assert_eq!(store.advance(strict(proof(1, challenge(2), 8))).await, Ok(AdvanceOutcome::Advanced));
}

async fn b10_late_counts_are_accepted_once(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let before = AdvanceOutcome::SignCount(SignCountRefusal::BeforeWindow);
    let sent = [(100, AdvanceOutcome::Advanced), (37, AdvanceOutcome::Advanced), (37, SEEN), (36, before)];
    for (nonce, (count, expected)) in (1..).zip(sent) {
        assert_eq!(store.advance(proof(1, challenge(nonce), count)).await, Ok(expected), "{count}");
    }
    let wider = Advance { mode: window(1024), ..proof(1, challenge(9), 30) };
    assert_eq!(store.advance(wider).await, Ok(SEEN), "what was forgotten stays accepted");
}

async fn b11_counts_do_not_wrap(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    for (nonce, count) in (1..).zip([0x7FFF_FFFF, 0x8000_0000, u32::MAX]) {
        assert_eq!(store.advance(proof(1, challenge(nonce), count)).await, Ok(AdvanceOutcome::Advanced));
        assert_eq!(store.advance(proof(1, challenge(nonce + 10), count)).await, Ok(SEEN));
    }
    assert!(matches!(store.advance(proof(1, challenge(30), 0)).await, Ok(AdvanceOutcome::SignCount(_))));
    assert!(matches!(store.advance(proof(1, challenge(30), 1)).await, Ok(AdvanceOutcome::SignCount(_))));
}

/// The store never sees a signature, so that a second encoding of one cannot matter.
async fn b12_the_same_count_under_another_signature_is_refused(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::Advanced));
    let malleated = Advance { verdict: super::verdict(99), ..proof(1, challenge(1), 1) };
    assert_eq!(store.advance(malleated).await, Ok(AdvanceOutcome::ChallengeSpent));
}
