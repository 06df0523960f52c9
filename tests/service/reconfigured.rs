//! Another configuration: nothing that rests on the earlier one is believed any longer.

use bonafide::appraisal::Stance;
use bonafide::config::Config;
use bonafide::grpc::proto::{AssertRequest, Decision, Purpose, Verdict};
use bonafide::verifier::AppAttestConfig;

use crate::harness::{Harness, attest_request, codes};

async fn refused_after(change: impl FnOnce(&mut Config), code: &str) {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let enrolment = attest_request("shop", &phone, &client_data);
    let verdict = service.attest(enrolment.clone()).await;
    let named = AssertRequest {
        idempotency_key: "call 1".to_owned(),
        ..service.signed("shop", &verdict.instance, &mut phone).await
    };
    assert_eq!(service.assert(named.clone()).await.decision(), Decision::Allow);
    let service = service.restart_with(change).await;
    let denied = |verdict: Verdict, what: &str| {
        assert_eq!(verdict.decision(), Decision::Deny, "{what}");
        assert!(codes(&verdict).contains(&code), "{what}: {verdict:?}");
    };
    denied(service.check("shop", &verdict.instance).await, "a check");
    denied(service.assert(named).await, "a retry");
    let request = service.signed("shop", &verdict.instance, &mut phone).await;
    assert_eq!(service.assert(request).await.decision(), Decision::Deny, "a new proof");
    assert_eq!(service.attest(enrolment).await.decision(), Decision::Deny, "the same evidence");
}

fn app_attest(config: &mut Config) -> &mut AppAttestConfig {
    config.verifier.apps[0].app_attest.as_mut().expect("a section")
}

#[tokio::test]
async fn d07_a_stricter_policy_holds_for_answers_given_before_it() {
    let stricter = |config: &mut Config| app_attest(config).policy.absent_category = Stance::Deny;
    refused_after(stricter, "category_absent").await;
}

#[tokio::test]
async fn g03_a_laboratory_that_is_no_longer_named_vouches_for_nobody() {
    refused_after(|config| app_attest(config).lab_roots.clear(), "lab_withdrawn").await;
}

#[tokio::test]
async fn b05_an_app_id_that_is_no_longer_named_is_refused() {
    let other = |config: &mut Config| {
        app_attest(config).app_ids = vec!["1234567890.com.example.other".parse().expect("an App ID")];
    };
    refused_after(other, "app_withdrawn").await;
}
