//! What an outage must not turn into.

use bonafide::appraisal::{Outage, Presence};
use bonafide::verdict::Decision;
use bonafide::verifier::Purpose;
use serde_json::json;

use crate::bench::{Bench, codes, junk};

#[tokio::test]
async fn c17_an_outage_does_not_lift_what_google_has_said_against_a_device() {
    let bench = Bench::with(|app| {
        app.play_integrity.as_mut().expect("a section").policy.outage = Outage::StepUp;
    })
    .await;
    let client_data = bench.challenge(Purpose::Attest);
    let bad = bench.token("bad", &client_data, |plan| plan.device_labels = Some(json!([])));
    let first = bench.attest(&client_data, &bench.chain(&client_data), &bad, "").await;
    assert_eq!(first.decision, Decision::Deny);
    bench.away(true);
    let next = bench.challenge(Purpose::Assert);
    let verdict = bench.assert(&next, 1, &junk("junk")).await;
    assert_eq!(verdict.decision, Decision::Deny, "{:?}", codes(&verdict));
}

/// No decoder and no key is no outage: it lasts for ever, and any text would pass for a token.
#[tokio::test]
async fn c17_what_nobody_opens_is_refused() {
    let mut bench = Bench::with(|app| {
        app.key_attestation.as_mut().expect("a section").policy.presence = Presence::Optional;
        app.play_integrity.as_mut().expect("a section").policy.outage = Outage::StepUp;
    })
    .await;
    bench.nobody_opens().await;
    let client_data = bench.challenge(Purpose::Attest);
    let verdict = bench.attest(&client_data, &[], &junk("junk"), "").await;
    assert_eq!(verdict.decision, Decision::Deny, "{:?}", codes(&verdict));
}

/// An honest phone that met an outage comes again with the same chain, as it must, and a fresh token.
#[tokio::test]
async fn c17_a_phone_that_met_an_outage_enrols_after_it() {
    let bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let chain = bench.chain(&client_data);
    bench.away(true);
    let token = bench.token("first", &client_data, |_| ());
    let away = bench.attest(&client_data, &chain, &token, "").await;
    assert_eq!(away.decision, Decision::Deny, "{:?}", codes(&away));
    assert!(codes(&away).contains(&"play_integrity_unavailable"));
    bench.away(false);
    let again = bench.attest(&client_data, &chain, &bench.token("second", &client_data, |_| ()), "").await;
    assert_eq!(again.decision, Decision::Allow, "{:?}", codes(&again));
}

/// The retry of a named enrolment tells what is known by now, as the store's own answer to it does.
#[tokio::test]
async fn d07_a_repeated_enrolment_is_not_better_than_the_instance() {
    let bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let (chain, token) = (bench.chain(&client_data), bench.token("good", &client_data, |_| ()));
    assert_eq!(bench.attest(&client_data, &chain, &token, "call").await.decision, Decision::Allow);
    let next = bench.challenge(Purpose::Assert);
    let bad = bench.token("bad", &next, |plan| plan.device_labels = Some(json!([])));
    assert_eq!(bench.assert(&next, 1, &bad).await.decision, Decision::Deny);
    let retry = bench.attest(&client_data, &chain, &token, "call").await;
    assert_eq!(retry.decision, Decision::Deny, "{:?}", codes(&retry));
}
