//! The record of appraisals, and pages of instances.

use std::sync::Arc;

use super::{at, call, challenge, claims, enrolment, id, proof, redemption, verdict};
use crate::appraisal::{Tier, TrustVector, Worth};
use crate::store::{Advance, AdvanceOutcome, EnrolOutcome, Enrolment, KeptClaims, RedeemOutcome, Redemption, Store};
use crate::verdict::{Subject, Verdict};

behaviours!(
    an_enrolment_is_recorded_once_with_what_came_out,
    a_redemption_is_recorded_once,
    a_refusal_is_not_recorded,
    a_proof_is_recorded_when_claims_or_tier_have_changed,
    a_late_proof_says_nothing_about_the_tier,
    the_last_appraisals_are_kept_and_read_in_pages,
    claims_of_instances_are_read_in_pages,
);

/// When each appraisal was recorded, in seconds, the newest first.
async fn recorded(store: &Arc<dyn Store>) -> Vec<u64> {
    let page = store.appraisals_before(None, 1000).await.expect("a page");
    page.iter().map(|each| each.appraisal.at.since(at(0)).as_secs()).collect()
}

async fn enrolled(store: &Arc<dyn Store>, number: u8) {
    let spend = challenge(1000 + u128::from(number));
    assert_eq!(store.enrol(enrolment(number, spend)).await, Ok(EnrolOutcome::Enrolled));
}

/// A proof with a verdict of this tier, `seconds` after the beginning.
fn stated(count: u32, seconds: u64, hardware: Worth) -> Advance {
    let vector = TrustVector { hardware, ..TrustVector::SILENT };
    let verdict = Verdict { vector, tier: vector.tier(), ..verdict(seconds) };
    Advance { proven_at: at(seconds), verdict, ..proof(1, challenge(count.into()), count) }
}

async fn an_enrolment_is_recorded_once_with_what_came_out(store: Arc<dyn Store>) {
    let mut sent = Enrolment { call: call(1, 1), ..enrolment(1, challenge(1)) };
    sent.verdict.instance = Some(id(1));
    for _ in 0..2 {
        store.enrol(sent.clone()).await.expect("an answer");
    }
    let page = store.appraisals_before(None, 10).await.expect("a page");
    assert_eq!(page.len(), 1, "a repetition appraises nothing");
    let kept = page[0].appraisal.clone();
    assert_eq!((kept.at, kept.app.as_str(), kept.instance), (at(0), "shop", Some(id(1))));
    assert_eq!((kept.tier, kept.decision), (sent.verdict.tier, sent.verdict.decision));
    assert_eq!((kept.claims, kept.policy), (claims("1"), sent.verdict.policy));
    assert_eq!(kept.reasons, ["a_reason"]);
    assert_eq!((kept.share, page[0].subject()), (None, Subject::Instance(id(1))));
}

async fn a_redemption_is_recorded_once(store: Arc<dyn Store>) {
    let mut sent = Redemption { call: call(1, 1), ..redemption(challenge(1)) };
    sent.verdict.session = Some(Box::new([7; 32]));
    assert_eq!(store.redeem(sent.clone()).await, Ok(RedeemOutcome::Redeemed));
    assert!(matches!(store.redeem(sent).await, Ok(RedeemOutcome::Repeated(_))));
    assert_eq!(store.redeem(redemption(challenge(1))).await, Ok(RedeemOutcome::ChallengeSpent));
    assert_eq!(recorded(&store).await, [10]);
    let page = store.appraisals_before(None, 10).await.expect("a page");
    let share = [7; 2];
    assert_eq!((page[0].appraisal.share, page[0].subject()), (Some(share), Subject::sharing(share)));
}

async fn a_refusal_is_not_recorded(store: Arc<dyn Store>) {
    let mut sent = redemption(challenge(1));
    sent.verdict.claims = None;
    assert_eq!(store.redeem(sent).await, Ok(RedeemOutcome::Redeemed));
    assert_eq!(recorded(&store).await, [0; 0]);
}

async fn a_proof_is_recorded_when_claims_or_tier_have_changed(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let same = proof(1, challenge(1), 1);
    assert_eq!(same.verdict.tier, Tier::Contraindicated);
    let steps = [
        same,
        stated(2, 20, Worth::AFFIRMED),
        stated(3, 30, Worth::AFFIRMED),
        Advance { claims: Some(claims("2")), ..stated(4, 40, Worth::AFFIRMED) },
        Advance { claims_at: 4, ..stated(5, 50, Worth::DOUBTFUL) },
        Advance { claims_at: 4, ..stated(6, 60, Worth::DOUBTFUL) },
    ];
    for step in steps {
        assert_eq!(store.advance(step).await, Ok(AdvanceOutcome::Advanced));
    }
    assert_eq!(recorded(&store).await, [50, 40, 20, 0]);
    let refused = Advance { claims_at: 4, ..stated(6, 70, Worth::AFFIRMED) };
    assert!(!matches!(store.advance(refused).await, Ok(AdvanceOutcome::Advanced)));
    assert_eq!(recorded(&store).await, [50, 40, 20, 0]);
}

async fn a_late_proof_says_nothing_about_the_tier(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    assert_eq!(store.advance(stated(5, 10, Worth::AFFIRMED)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(stated(4, 20, Worth::DOUBTFUL)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.advance(stated(6, 30, Worth::AFFIRMED)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(recorded(&store).await, [10, 0]);
}

async fn the_last_appraisals_are_kept_and_read_in_pages(store: Arc<dyn Store>) {
    assert_eq!(store.trim_appraisals(10).await, Ok(0));
    for seconds in 1..=7 {
        let sent = Redemption { now: at(seconds), ..redemption(challenge(seconds.into())) };
        assert_eq!(store.redeem(sent).await, Ok(RedeemOutcome::Redeemed));
    }
    assert_eq!(store.trim_appraisals(7).await, Ok(0));
    assert_eq!(store.trim_appraisals(5).await, Ok(2));
    assert_eq!(recorded(&store).await, [7, 6, 5, 4, 3]);
    let (mut before, mut read) = (None, Vec::new());
    loop {
        let page = store.appraisals_before(before, 2).await.expect("a page");
        read.extend(page.iter().map(|each| each.appraisal.at.since(at(0)).as_secs()));
        match page.last().filter(|_| page.len() == 2) {
            Some(last) => before = Some(last.number),
            None => break,
        }
    }
    assert_eq!(read, [7, 6, 5, 4, 3]);
    assert_eq!(store.trim_appraisals(0).await, Ok(5));
    assert_eq!(recorded(&store).await, [0; 0]);
}

async fn claims_of_instances_are_read_in_pages(store: Arc<dyn Store>) {
    for number in [200, 0, 7, 127, 128] {
        enrolled(&store, number).await;
    }
    let page = async |after, limit| store.claims_after(after, limit).await.expect("a page");
    let ids = |page: Vec<KeptClaims>| page.into_iter().map(|kept| kept.instance).collect::<Vec<_>>();
    let first = page(None, 2).await;
    assert_eq!((first[0].app.as_str(), &first[0].claims), ("shop", &claims("1")));
    assert_eq!(ids(first), [id(0), id(7)]);
    assert_eq!(ids(page(Some(id(7)), 2).await), [id(127), id(128)]);
    assert_eq!(ids(page(Some(id(128)), 2).await), [id(200)]);
    assert_eq!(ids(page(None, 9).await).len(), 5);
}
